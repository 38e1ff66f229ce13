"""Who may do what with webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def can_manage_webhooks(actor: Actor) -> bool:
    """What is registered is told of every domain."""
    return actor.is_superadmin
