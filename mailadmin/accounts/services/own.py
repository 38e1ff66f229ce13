"""What everybody may do with the own account."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from domains.rules import require
from mailadmin.accounts import schemes
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.lockout import Attempt
from mailadmin.accounts.models import Account
from mailadmin.accounts.passwords import validate_new_password
from mailadmin.accounts.rules import is_own_account
from mailadmin.accounts.sessions import end_sessions
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.letters.models import Kind
from mailadmin.letters.services import notify
from mailadmin.transactions import atomic
from mailboxes.services.passwords import write_password


def confirm_password(*, account: Account, password: str, client_address: str, field: str = "password") -> None:
    """Refused with an error at `field` if it is not the present one.

    A wrong password counts as a failed sign-in: an open browser is no way to guess it.
    """
    attempt = Attempt(account.address, client_address)
    if not _is_present_password(account, password):
        refuse(field, _("This is not your password."), "password_wrong")
    attempt.withdraw()


def change_own_password(
    *, account: Account, current: str, new: str, keep_key: str | None = None, actor: Actor
) -> Account:
    """Refused with errors at `current` or `new`. The account's sessions end, but for that of `keep_key`."""
    require(is_own_account(actor, account))
    confirm_password(account=account, password=current, client_address=actor.client_address, field="current")
    if new == current:
        refuse("new", _("This is the present password."), "password_same")
    stored = judged_and_hashed(account, new)
    return write_own_password(account=account, stored=stored, keep_key=keep_key, actor=actor)


def judged_and_hashed(account: Account, new: str) -> str:
    """What is stored for a new password of one's own; an error at `new`. It takes long, so before any lock."""
    at_field("new", validate_new_password, new, about=_about(account))
    return schemes.hash_password(new) if account.mailbox else make_password(new)


@atomic
def write_own_password(*, account: Account, stored: str, keep_key: str | None = None, actor: Actor) -> Account:
    """Put a hash in place, and tell the owner. Whoever calls knows that it is the owner who chose the password, so
    that there is no need to change it any more."""
    if account.mailbox is None:
        account = Account.objects.select_for_update().get(pk=account.pk)
        with audit.recording("administrator.password", actor=actor, target=account):
            account.password, account.password_change_required = stored, False
            account.save(update_fields=["password", "password_change_required"])
        end_sessions(account, keep_key)
    else:
        account.mailbox = write_password(mailbox=account.mailbox, stored=stored, keep_key=keep_key, actor=actor)
        account.password_change_required = False
    notify(account, Kind.PASSWORD_CHANGED, client_address=actor.client_address)
    return account


def _is_present_password(account: Account, password: str) -> bool:
    if account.mailbox is not None:
        return schemes.verify(password, account.mailbox.password)
    return account.check_password(password)


def _about(account: Account) -> tuple[str, ...]:
    return (account.address, account.name, account.mailbox.name if account.mailbox else "")
