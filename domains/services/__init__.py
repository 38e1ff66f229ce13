"""The one way in which domains and alias domains are written."""

from domains.services.alias_domains import (
    create_alias_domain,
    delete_alias_domain,
    edit_alias_domain,
    set_alias_domain_active,
)
from domains.services.domains import create_domain, delete_domain, edit_domain, set_domain_active

__all__ = [
    "create_alias_domain",
    "create_domain",
    "delete_alias_domain",
    "delete_domain",
    "edit_alias_domain",
    "edit_domain",
    "set_alias_domain_active",
    "set_domain_active",
]
