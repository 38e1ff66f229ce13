"""Who may write templates: superadmins all, an administrator those of the own domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def can_change_template(actor: Actor, domain_name: str | None) -> bool:
    return actor.administers(domain_name) if domain_name else actor.is_superadmin
