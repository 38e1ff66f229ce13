"""One sign-in for everybody: an administrator by email, else a mailbox user by the mailbox's address."""

from __future__ import annotations

from functools import cache

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import check_password
from django.db.models import Q
from django.http import HttpRequest

from mailadmin.accounts import schemes
from mailadmin.accounts.identifiers import normalise_identifier
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.services import rehash_administrator, rehash_mailbox
from mailboxes.models import Mailbox


class AccountBackend(BaseBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        identifier: str | None = None,
        password: str | None = None,
        **kwargs: object,
    ) -> Account | None:
        """Both passwords are tried, or a dummy instead: the time does not tell what exists."""
        if not identifier or not password or not schemes.is_storable(password):
            return None
        address = normalise_identifier(identifier)
        client_address = request.META.get("REMOTE_ADDR", "") if request else ""
        return _administrator(address, password) or _mailbox_user(address, password, client_address)

    def get_user(self, user_id: int) -> Account | None:
        """One query. None ends the session: the account, its mailbox or its domain is off or gone."""
        return (
            Account.objects.select_related("mailbox__domain")
            .filter(Q(email__isnull=False) | Q(mailbox__active=True, mailbox__domain__active=True), is_active=True)
            .filter(pk=user_id)
            .first()
        )


def _administrator(address: str, password: str) -> Account | None:
    account = Account.objects.filter(email=address).first()
    if account is None:
        schemes.verify(password, _dummy_hash())
        return None
    if not check_password(password, account.password) or not account.is_active:
        return None
    return rehash_administrator(account=account, password=password)


def _mailbox_user(address: str, password: str, client_address: str) -> Account | None:
    mailbox = Mailbox.objects.select_related("domain").filter(address=address).first()
    stored = mailbox.password if mailbox else _dummy_hash()
    matches = schemes.verify(password, stored)
    if not matches and not schemes.is_preferred(stored):
        schemes.verify(password, _dummy_hash())  # an old hash answers sooner
    if mailbox is None or not matches or not (mailbox.active and mailbox.domain.active):
        return None
    mailbox = rehash_mailbox(mailbox=mailbox, password=password, client_address=client_address)
    return _account_of(mailbox) if mailbox else None


def _account_of(mailbox: Mailbox) -> Account | None:
    account, _created = Account.objects.get_or_create(mailbox=mailbox, defaults={"role": Role.MAILBOX_USER})
    account.mailbox = mailbox
    return account if account.is_active else None


@cache
def _dummy_hash() -> str:
    return schemes.hash_password("no account has this password")
