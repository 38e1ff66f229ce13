"""Who may do what with administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def can_change_administrators(actor: Actor) -> bool:
    return actor.is_superadmin
