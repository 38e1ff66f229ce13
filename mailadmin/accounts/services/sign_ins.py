"""The sign-in, and what follows from knowing the password: a weaker hash can be replaced."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import identify_hasher
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mailadmin.accounts import schemes
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.factors import has_second_factor
from mailadmin.accounts.identifiers import normalise_identifier
from mailadmin.accounts.lockout import Attempt, forgives
from mailadmin.accounts.models import Account
from mailadmin.audit import services as audit
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox


def sign_in(*, request: HttpRequest, identifier: str, password: str) -> Account:
    """Checks only; the session is the caller's. ValidationError with code `locked` or `sign_in_failed`."""
    attempt = Attempt(normalise_identifier(identifier), request.META.get("REMOTE_ADDR", ""))
    account = authenticate(request, identifier=identifier, password=password)
    if account is None:
        raise ValidationError(_("Address and password do not match."), code="sign_in_failed")
    if has_second_factor(account) or not forgives(account):
        attempt.withdraw()  # it is a sign-in once the factor is given, and no failure until then
    else:
        attempt.succeed()
    return account


def rehash_administrator(*, account: Account, password: str) -> Account | None:
    """A hash of an older cost is made anew. None if the password was changed meanwhile."""
    hasher = identify_hasher(account.password)
    if hasher.algorithm == "argon2" and not hasher.must_update(account.password):
        return account
    old = account.password
    account.set_password(password)
    if Account.objects.filter(pk=account.pk, password=old).update(password=account.password):
        return account
    account.refresh_from_db(fields=["password"])
    return account if account.check_password(password) else None


@atomic
def rehash_mailbox(*, mailbox: Mailbox, password: str, client_address: str) -> Mailbox | None:
    """After the password was verified: a weaker hash is replaced by one of the site's scheme.

    None if the row was given another password meanwhile."""
    if schemes.is_preferred(mailbox.password):
        return mailbox
    try:
        new = schemes.hash_password(password)
    except ValidationError:  # longer than the site's scheme can hold: the old hash stays
        return mailbox
    before = audit.snapshot(mailbox)
    old, mailbox.password = mailbox.password, new
    if not Mailbox.objects.filter(pk=mailbox.pk, password=old).update(password=new):
        mailbox.refresh_from_db(fields=["password"])
        return mailbox if schemes.verify(password, mailbox.password) else None
    audit.record(
        "mailbox.rehash",
        actor=Actor(label=mailbox.address, face="sign-in", client_address=client_address),
        target=mailbox,
        before=before,
        after=audit.snapshot(mailbox),
        domain_name=mailbox.domain_id,
    )
    return mailbox
