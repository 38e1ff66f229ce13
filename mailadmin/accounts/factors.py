"""What an account has beside its password, and whether its role asks for that."""

from __future__ import annotations

from django.conf import settings

from mailadmin.accounts.models import Account, Passkey
from mailboxes.models import Mailbox


def totp_secret_of(account: Account) -> str:
    """Base32, empty if there is none. A mailbox user's is the mailbox's own: Postfixadmin reads and writes it too."""
    return (account.mailbox.totp_secret or "") if account.mailbox else account.totp_secret


def has_second_factor(account: Account) -> bool:
    return bool(totp_secret_of(account)) or account.passkeys.exists()


def mailbox_has_second_factor(mailbox: Mailbox) -> bool:
    """Also of a mailbox whose user has never signed in here, but has set one up in Postfixadmin."""
    return bool(mailbox.totp_secret) or Passkey.objects.filter(account__mailbox=mailbox).exists()


def is_required_of(account: Account) -> bool:
    return account.role in settings.SECOND_FACTOR_REQUIRED


def needs_second_factor(account: Account) -> bool:
    """Whether this person may do nothing but set one up."""
    return is_required_of(account) and not has_second_factor(account)
