from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from domains.models import Domain
from domains.quotas import megabytes
from domains.services import create_domain, delete_domain, edit_domain
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_domain
from mailadmin.commands import ObjectCommand, add_active, given, is_live

LIMIT = "0 is no limit, -1 not allowed"


class Command(ObjectCommand[Domain]):
    help = "Domains: list, show, add, edit, delete."
    key_name = "name"
    key_help = "the domain, as in example.org"
    examples = (
        ("A domain for at most 50 mailboxes", "domain add example.org --max-mailboxes 50"),
        ("What would its deletion take along?", "domain delete example.org --dry-run"),
        ("All domains, for a script", "domain list --json"),
    )

    def rows(self, options: dict[str, Any]) -> QuerySet[Domain]:
        return Domain.objects.order_by("name")

    def normalise_key(self, key: str) -> str:
        return normalise_domain(key)

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        parser.add_argument("--description", metavar="TEXT", help="for administrators")
        parser.add_argument("--max-mailboxes", type=int, metavar="N", help=LIMIT)
        parser.add_argument("--max-aliases", type=int, metavar="N", help=LIMIT)
        parser.add_argument("--max-quota-bytes", type=int, metavar="N", help=f"of one mailbox; {LIMIT}")
        parser.add_argument("--quota-bytes", type=int, metavar="N", help=f"of all mailboxes together; {LIMIT}")
        parser.add_argument("--transport", help="virtual (delivered here), smtp:[host], lmtp:unix:path, ...")
        parser.add_argument("--backup-mx", action=argparse.BooleanOptionalAction, help="take its mail and pass it on")
        parser.add_argument("--password-expiry-days", type=int, metavar="N", help="0 is never")
        add_active(parser)
        if adding:
            parser.add_argument("--role-aliases-to", metavar="ADDRESS", help="make the RFC 2142 aliases, to this")

    def describe(self, row: Domain) -> dict[str, Any]:
        return {
            "name": row.name,
            "description": row.description,
            "active": row.active,
            "backup_mx": row.backup_mx,
            "transport": row.transport,
            "max_mailboxes": row.max_mailboxes,
            "max_aliases": row.max_aliases,
            "max_quota_bytes": row.max_quota_bytes,
            "quota_bytes": row.quota_bytes,
            "created_at": row.created_at,
            "modified_at": row.modified_at,
            "live": is_live(row.name),
        }

    def add(self, key: str, options: dict[str, Any], actor: Actor) -> Domain:
        return create_domain(name=key, **_fields(options), **given(options, "role_aliases_to"), actor=actor)

    def edit(self, row: Domain, options: dict[str, Any], actor: Actor) -> Domain:
        return edit_domain(domain=row, changes=_fields(options), actor=actor)

    def delete(self, row: Domain, actor: Actor) -> None:
        delete_domain(domain=row, actor=actor)


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    fields = given(
        options,
        "description",
        "max_mailboxes",
        "max_aliases",
        "transport",
        "backup_mx",
        "password_expiry_days",
        "active",
    )
    for name in ("max_quota", "quota"):
        if f"{name}_bytes" in options:
            fields[f"{name}_mb"] = megabytes(options[f"{name}_bytes"])
    return fields
