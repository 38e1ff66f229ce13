from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from aliases.models import Alias
from aliases.services import create_alias, delete_alias, edit_alias
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_address, normalise_domain
from mailadmin.commands import ObjectCommand, add_active, given, is_live


class Command(ObjectCommand[Alias]):
    help = "Aliases: list, show, add, edit, delete. @example.org is the catch-all of example.org."
    key_name = "address"
    key_help = "the alias, as in team@example.org"
    examples = (
        ("One inside, one outside", "alias add team@example.org --goto a@example.org --goto b@elsewhere.test"),
        ("Whatever else is sent to the domain", "alias add @example.org --goto a@example.org"),
    )

    def rows(self, options: dict[str, Any]) -> QuerySet[Alias]:
        rows = Alias.objects.listed().order_by("address")
        return rows.filter(domain_id=normalise_domain(options["domain"])) if "domain" in options else rows

    def normalise_key(self, key: str) -> str:
        return normalise_address(key, catch_all=True)

    def list_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", metavar="DOMAIN", help="of this domain only")

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        parser.add_argument(
            "--goto", action="append", required=adding, metavar="ADDRESS", help="where it leads; repeat for more"
        )
        parser.add_argument("--description", metavar="TEXT", help="for administrators")
        add_active(parser)

    def describe(self, row: Alias) -> dict[str, Any]:
        return {
            "address": row.address,
            "goto": row.targets,
            "active": row.active,
            "description": row.description,
            "created_at": row.created_at,
            "modified_at": row.modified_at,
            "live": is_live(row.address, row.domain_id),
        }

    def add(self, key: str, options: dict[str, Any], actor: Actor) -> Alias:
        return create_alias(address=key, **_fields(options), actor=actor)

    def edit(self, row: Alias, options: dict[str, Any], actor: Actor) -> Alias:
        return edit_alias(alias=row, changes=_fields(options), actor=actor)

    def delete(self, row: Alias, actor: Actor) -> None:
        delete_alias(alias=row, actor=actor)


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    fields = given(options, "description", "active")
    return fields | {"targets": options["goto"]} if "goto" in options else fields
