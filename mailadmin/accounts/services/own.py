"""What everybody may do with the own account."""

from __future__ import annotations

from django.utils.translation import gettext as _

from mailadmin.accounts import schemes
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.lockout import Attempt
from mailadmin.accounts.models import Account
from mailadmin.accounts.passwords import validate_new_password
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.transactions import atomic
from mailboxes.services.edit import write_password


def change_own_password(*, account: Account, current: str, new: str, actor: Actor) -> Account:
    """Refused with errors at `current` or `new`. The account's sessions end, for its hash is another one.

    A wrong present password counts as a failed sign-in: an open browser is no way to guess it.
    """
    attempt = Attempt(account.address, actor.client_address)
    if not _is_present_password(account, current):
        refuse("current", _("This is not your password."), "password_wrong")
    attempt.succeed()
    if new == current:
        refuse("new", _("This is the present password."), "password_same")
    at_field("new", validate_new_password, new, about=_about(account))
    if account.mailbox is None:
        return _set_administrator_password(account, new, actor)
    stored = schemes.hash_password(new)
    account.mailbox = write_password(mailbox=account.mailbox, stored=stored, actor=actor)
    return account


def set_language(*, account: Account, language: str) -> None:
    Account.objects.filter(pk=account.pk).update(language=language)


def _is_present_password(account: Account, password: str) -> bool:
    if account.mailbox is not None:
        return schemes.verify(password, account.mailbox.password)
    return account.check_password(password)


def _about(account: Account) -> tuple[str, ...]:
    return (account.address, account.name, account.mailbox.name if account.mailbox else "")


@atomic
def _set_administrator_password(account: Account, new: str, actor: Actor) -> Account:
    account = Account.objects.select_for_update().get(pk=account.pk)
    with audit.recording("administrator.password", actor=actor, target=account):
        account.set_password(new)
        account.save(update_fields=["password"])
    return account
