"""Who may do what with domains and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def can_add_domain(actor: Actor) -> bool:
    return actor.is_superadmin


def can_change_domain(actor: Actor, domain_name: str) -> bool:
    """Limits, transport, on and off, deletion: what a domain administrator is held to, not what they set."""
    return actor.is_superadmin


def can_change_addresses(actor: Actor, domain_name: str) -> bool:
    """Mailboxes, aliases and alias domains in this domain."""
    return actor.administers(domain_name)


def require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied
