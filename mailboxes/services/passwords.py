"""A mailbox's password: how it is put in place, when it expires, and whether the person has to choose another one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from domains.models import Domain
from domains.rules import require
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.schemes import hash_password
from mailadmin.accounts.sessions import end_sessions
from mailadmin.audit import services as audit
from mailadmin.letters.models import Kind
from mailadmin.letters.services import notify
from mailadmin.mailhost.queue import queue_sign_in
from mailadmin.transactions import atomic
from mailboxes.models import NEVER, Mailbox
from mailboxes.rules import can_change_mailbox
from mailboxes.services.create import expiry_from_now, stored_password

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@dataclass(frozen=True)
class FormerSignIn:
    """The hash before sign-in was locked, the one that locks it, and where a link for a forgotten password went."""

    password: str
    locked: str
    recovery: str


def set_mailbox_password(
    *,
    mailbox: Mailbox,
    password: str | None = None,
    password_hash: str | None = None,
    must_change: bool = False,
    actor: Actor,
) -> Mailbox:
    """A new password, in clear or as a hash with its {SCHEME}. The person's sessions end with it. `must_change`: the
    portal lets the person do nothing until it is another one."""
    require(can_change_mailbox(actor, mailbox))
    stored = stored_password(password, password_hash, about=(mailbox.address, mailbox.name))
    return _write_and_tell(mailbox, stored, must_change, actor)


@atomic
def _write_and_tell(mailbox: Mailbox, stored: str, must_change: bool, actor: Actor) -> Mailbox:
    """By a letter to the recovery address as well: what an administrator does to an account is not done in secret."""
    mailbox = write_password(mailbox=mailbox, stored=stored, must_change=must_change, actor=actor)
    for account in Account.objects.select_related("mailbox").filter(mailbox=mailbox):
        notify(account, Kind.PASSWORD_SET, by=actor.label)
    return mailbox


@atomic
def write_password(
    *, mailbox: Mailbox, stored: str, must_change: bool = False, keep_key: str | None = None, actor: Actor
) -> Mailbox:
    """Put a hash in place; whoever calls has asked whether the actor may. Of the sessions that of `keep_key` stays."""
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    account = Account.objects.filter(mailbox_id=mailbox.pk).first()
    before = _snapshot(mailbox, account)
    mailbox.password = stored
    mailbox.password_expires_at = expiry_from_now(mailbox.domain)
    mailbox.modified_at = timezone.now()
    mailbox.clean_fields(exclude={"domain"})
    mailbox.save(update_fields=["password", "password_expires_at", "modified_at"])
    account = _write_must_change(mailbox, account, must_change)
    if account is not None:
        end_sessions(account, keep_key)
    _record("mailbox.password", mailbox, account, before, actor)
    queue_sign_in(mailbox.address)
    return mailbox


@atomic
def lock_sign_in(*, mailbox: Mailbox, actor: Actor) -> FormerSignIn:
    """Nobody signs in any more, though mail arrives: the password is one that nobody knows, sessions end, and no link
    for a forgotten one is sent. Returns what `unlock_sign_in` puts back."""
    require(can_change_mailbox(actor, mailbox))
    former = Mailbox.objects.select_for_update().get(pk=mailbox.pk).password
    locked = write_password(mailbox=mailbox, stored=hash_password(secrets.token_urlsafe(32)), actor=actor).password
    account = Account.objects.filter(mailbox=mailbox).first()
    recovery = account.confirmed_recovery_address if account else ""
    Account.objects.filter(mailbox=mailbox).update(confirmed_recovery_address="")
    return FormerSignIn(former, locked, recovery)


@atomic
def unlock_sign_in(*, mailbox: Mailbox, former: FormerSignIn, actor: Actor) -> None:
    """As it was, unless somebody has set another password meanwhile, which is good then."""
    require(can_change_mailbox(actor, mailbox))
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    if mailbox.password == former.locked:
        write_password(mailbox=mailbox, stored=former.password, actor=actor)
    Account.objects.filter(mailbox=mailbox, confirmed_recovery_address="").update(
        confirmed_recovery_address=former.recovery
    )


@atomic
def set_must_change(*, mailbox: Mailbox, must_change: bool, actor: Actor) -> Mailbox:
    """Whether the person has to choose another password at the next sign-in; the present one stays."""
    require(can_change_mailbox(actor, mailbox))
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    account = Account.objects.filter(mailbox_id=mailbox.pk).first()
    before = _snapshot(mailbox, account)
    account = _write_must_change(mailbox, account, must_change)
    _record("mailbox.must_change", mailbox, account, before, actor)
    return mailbox


def restart_expiry(domain: Domain, days_before: int | None) -> None:
    """The domain's passwords expire, or after another time: each gets that time from now on, so that nobody is locked
    out at once. One that had expired stays so."""
    now = timezone.now()
    mailboxes = Mailbox.objects.filter(domain=domain)
    if (days_before or 0) > 0:
        mailboxes = mailboxes.filter(Q(password_expires_at=NEVER) | Q(password_expires_at__gt=now))
    mailboxes.update(password_expires_at=expiry_from_now(domain))


def _write_must_change(mailbox: Mailbox, account: Account | None, must_change: bool) -> Account | None:
    """The account is made by the first sign-in, or here if there is something to say before it."""
    if account is None and must_change:
        return Account.objects.create(mailbox=mailbox, role=Role.MAILBOX_USER, password_change_required=True)
    if account is not None and account.password_change_required != must_change:
        account.password_change_required = must_change
        account.save(update_fields=["password_change_required"])
    return account


def _snapshot(mailbox: Mailbox, account: Account | None) -> dict[str, object]:
    must_change = account is not None and account.password_change_required
    return {**audit.snapshot(mailbox), "password_change_required": must_change}


def _record(action: str, mailbox: Mailbox, account: Account | None, before: dict[str, object], actor: Actor) -> None:
    after = _snapshot(mailbox, account)
    if before != after:
        audit.record(action, actor=actor, target=mailbox, before=before, after=after, domain_name=mailbox.domain_id)
