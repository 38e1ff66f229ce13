from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet

from domains.models import AliasDomain, Domain
from domains.services import create_alias_domain, delete_alias_domain, edit_alias_domain
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_domain
from mailadmin.commands import ObjectCommand, add_active, given, is_live


class Command(ObjectCommand[AliasDomain]):
    help = "Alias domains, whose addresses are those of another domain: list, show, add, edit, delete."
    key_name = "name"
    key_help = "the alias domain, as in old.org"

    def rows(self, options: dict[str, Any]) -> QuerySet[AliasDomain]:
        return AliasDomain.objects.order_by("name")

    def normalise_key(self, key: str) -> str:
        return normalise_domain(key)

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        parser.add_argument("--target", required=adding, metavar="DOMAIN")
        parser.add_argument("--description")
        add_active(parser)

    def describe(self, row: AliasDomain) -> dict[str, Any]:
        return {
            "name": row.name,
            "target": row.target_id,
            "active": row.active,
            "description": row.description,
            "created_at": row.created_at,
            "modified_at": row.modified_at,
            "live": is_live(row.name),
        }

    def add(self, key: str, options: dict[str, Any], actor: Actor) -> AliasDomain:
        return create_alias_domain(name=key, **_fields(options), actor=actor)

    def edit(self, row: AliasDomain, options: dict[str, Any], actor: Actor) -> AliasDomain:
        return edit_alias_domain(alias_domain=row, changes=_fields(options), actor=actor)

    def delete(self, row: AliasDomain, actor: Actor) -> None:
        delete_alias_domain(alias_domain=row, actor=actor)


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    fields = given(options, "description", "active")
    if "target" in options:
        name = normalise_domain(options["target"])
        target = Domain.objects.filter(pk=name).first()
        if target is None:
            raise CommandError(f"There is no domain {name}.")
        fields["target"] = target
    return fields
