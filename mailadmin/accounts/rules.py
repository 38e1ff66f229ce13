"""Who may do what with administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailboxes.rules import can_change_mailbox

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor
    from mailadmin.accounts.models import Account


def is_own_account(actor: Actor, account: Account) -> bool:
    """What people do to the own account, nobody does to another's."""
    return actor.account is not None and actor.account.pk == account.pk


def can_change_administrators(actor: Actor) -> bool:
    return actor.is_superadmin


def can_reset_second_factor(actor: Actor, account: Account) -> bool:
    """A person above: a superadmin's goes from the command line alone, and nobody resets the own one."""
    if actor.account is None:
        return actor.is_superadmin
    if account.mailbox is not None:
        return actor.account.is_administrator and can_change_mailbox(actor, account.mailbox)
    return actor.is_superadmin and not account.is_superadmin
