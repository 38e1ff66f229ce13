"""Who may do what with tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def can_change_tokens(actor: Actor) -> bool:
    """A person, or a command: no token makes another, which would outlive it."""
    return actor.is_superadmin and actor.token is None
