"""REST: /api/v1/aliases/."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from aliases.models import Alias
from aliases.services import create_alias, delete_alias, edit_alias
from aliases.targets import references_to
from mailadmin.addresses import normalise_address
from mailadmin.api.fields import Fields, Flag, Moment, Text
from mailadmin.errors import at_field
from mailadmin.pages.finding import matching_aliases
from mailadmin.pages.keyset import only
from mailboxes.api import AddressResource, targets_field


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A distribution list",
            request_only=True,
            value={
                "address": "team@example.org",
                "goto": ["joe@example.org", "ann@elsewhere.test"],
                "description": "All of us",
            },
        )
    ]
)
class AliasFields(Fields):
    address = Text(help_text="With nothing before the @ the catch-all of its domain, as in `@example.org`.")
    goto = targets_field(allow_empty=False, source="targets", help_text="Where its mail goes on to.")
    active = Flag(required=False)
    description = Text(required=False, allow_blank=True)
    created_at = Moment(read_only=True)
    modified_at = Moment(read_only=True)
    live = serializers.BooleanField(read_only=True, help_text="Every mail host has the present state.")


class AliasResource(AddressResource[Alias]):
    scope = "aliases"
    model = Alias
    serializer_class = AliasFields
    filters = (*AddressResource.filters, "target")
    filter_schemas = {"target": {"type": "string", "maxLength": 255, "description": "Only those that lead there."}}
    leading = ("self_only",)
    field_names = {"targets": "goto"}

    def normalise_key(self, key: str) -> str:
        return normalise_address(key, catch_all=True)

    def rows(self) -> QuerySet[Alias]:
        """A mailbox's forwarding is the mailbox's."""
        return super().rows().filter(only("self_only", False)).without_mailboxes()  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Alias]) -> QuerySet[Alias]:
        rows = super().narrow(rows)
        if target := self.request.query_params.get("target"):
            address = at_field("target", normalise_address, target)
            rows = rows.filter(address__in=[alias.pk for alias in references_to([address])])
        return rows

    def search(self, rows: QuerySet[Alias], text: str) -> QuerySet[Alias]:
        return matching_aliases(rows, text)

    def add(self, fields: dict[str, Any]) -> Alias:
        return create_alias(**fields, actor=self.actor)

    def edit(self, row: Alias, fields: dict[str, Any]) -> Alias:
        return edit_alias(alias=row, changes=fields, actor=self.actor)

    def remove(self, row: Alias) -> None:
        delete_alias(alias=row, actor=self.actor)

    def url_of(self, row: Alias) -> str:
        return reverse("api:aliases", args=[row.pk])
