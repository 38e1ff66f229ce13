from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from domains.rules import can_change_addresses
from mailadmin.addresses import split_address

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

# RFC 2142: the addresses that other sites write to about abuse, the zone, the mail and the web.
ROLE_LOCAL_PARTS = ("abuse", "hostmaster", "postmaster", "webmaster")


def can_change_alias(actor: Actor, address: str) -> bool:
    """Role aliases only by superadmins, unless the site says otherwise: certificates are issued to who reads them."""
    local_part, domain_name = split_address(address)
    if local_part in ROLE_LOCAL_PARTS and not actor.is_superadmin and not settings.ROLE_ALIASES_FOR_DOMAIN_ADMINS:
        return False
    return can_change_addresses(actor, domain_name)
