from __future__ import annotations

from typing import TYPE_CHECKING

from domains.rules import can_change_addresses

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor
    from mailboxes.models import Mailbox


def can_change_mailbox(actor: Actor, mailbox: Mailbox) -> bool:
    return can_change_addresses(actor, mailbox.domain_id)
