from __future__ import annotations

from typing import TYPE_CHECKING

from mailboxes.rules import can_use_mailbox

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor
    from mailboxes.models import Mailbox


def can_set_vacation(actor: Actor, mailbox: Mailbox) -> bool:
    """The person whose mailbox it is, and who administers it: somebody has to do it for who left in a hurry."""
    return can_use_mailbox(actor, mailbox)
