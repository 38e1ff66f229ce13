from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from domains.models import AliasDomain, Domain
from domains.services import create_alias_domain, delete_alias_domain, edit_alias_domain
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_domain
from mailadmin.commands import ObjectCommand, add_active, given, is_live
from mailadmin.errors import refuse


class Command(ObjectCommand[AliasDomain]):
    help = "Alias domains, whose addresses are those of another domain: list, show, add, edit, delete."
    key_name = "name"
    key_help = "the alias domain, as in old.org"
    examples = (
        ("Everybody at example.org is reached at old.org as well", "alias_domain add old.org --target example.org"),
        ("Not for the moment", "alias_domain edit old.org --no-active"),
    )

    def rows(self, options: dict[str, Any]) -> QuerySet[AliasDomain]:
        return AliasDomain.objects.order_by("name")

    def normalise_key(self, key: str) -> str:
        return normalise_domain(key)

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        parser.add_argument("--target", required=adding, metavar="DOMAIN", help="whose addresses it has too")
        parser.add_argument("--description", metavar="TEXT", help="for administrators")
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
            refuse("target", _("There is no domain %(name)s."), "domain_unknown", name=name)
        fields["target"] = target
    return fields
