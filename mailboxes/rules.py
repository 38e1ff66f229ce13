from __future__ import annotations

from typing import TYPE_CHECKING

from domains.rules import can_change_addresses

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor
    from mailboxes.models import Mailbox


def can_change_mailbox(actor: Actor, mailbox: Mailbox) -> bool:
    return can_change_addresses(actor, mailbox.domain_id)


def can_use_mailbox(actor: Actor, mailbox: Mailbox) -> bool:
    """Whose mailbox it is, and who administers it: both set its vacation reply and its forwarding."""
    return is_own_mailbox(actor, mailbox) or can_change_mailbox(actor, mailbox)


def is_own_mailbox(actor: Actor, mailbox: Mailbox) -> bool:
    return actor.account is not None and actor.account.mailbox_id == mailbox.pk


def can_add_app_password(actor: Actor, mailbox: Mailbox) -> bool:
    """Whose mailbox it is. No administrator, who would know a password of somebody else's; but a script that sets up
    people's phones, whose token says so by its scope `app_passwords:create`."""
    if actor.token is not None:
        return actor.token.allows("app_passwords:create") and can_change_mailbox(actor, mailbox)
    return is_own_mailbox(actor, mailbox)
