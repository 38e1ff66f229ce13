"""REST: /api/v1/domains/ and /api/v1/alias-domains/."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from domains.models import AliasDomain, Domain
from domains.quotas import megabytes
from domains.services import (
    create_alias_domain,
    create_domain,
    delete_alias_domain,
    delete_domain,
    edit_alias_domain,
    edit_domain,
)
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_domain
from mailadmin.api.fields import Fields, Flag, Moment, Text, Whole
from mailadmin.api.requests import domain_parameter, flag
from mailadmin.api.resources import Resource
from mailadmin.errors import at_field, refuse
from mailadmin.pages.finding import matching_domains, typed_domain
from mailadmin.pages.keyset import Order, starts_with

LIMIT = "0 is no limit, -1 allows none."


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A domain with limits",
            request_only=True,
            value={
                "name": "example.org",
                "description": "Head office",
                "max_mailboxes": 200,
                "max_quota_bytes": 5_120_000_000,
                "quota_bytes": 0,
            },
        )
    ]
)
class DomainFields(Fields):
    name = Text(help_text="The domain, its A-labels in lower case in answers.")
    description = Text(required=False, allow_blank=True)
    active = Flag(required=False)
    backup_mx = Flag(required=False, help_text="Mail is kept here only until the domain's own server takes it.")
    transport = Text(required=False, help_text="`virtual`, or as in transport(5).")
    max_mailboxes = Whole(required=False, help_text=LIMIT)
    max_aliases = Whole(required=False, help_text=LIMIT)
    max_quota_bytes = Whole(required=False, help_text=f"The largest mailbox. {LIMIT}")
    quota_bytes = Whole(required=False, help_text=f"All mailboxes together. {LIMIT}")
    password_expiry_days = Whole(required=False, help_text="0 is never.")
    created_at = Moment(read_only=True)
    modified_at = Moment(read_only=True)
    live = serializers.BooleanField(read_only=True, help_text="Every mail host has the present state.")


class DomainResource(Resource[Domain]):
    scope = "domains"
    model = Domain
    serializer_class = DomainFields
    key_field = "name"
    orders = {"name": Order("name", "name")}
    filters = ("q", "active")
    field_names = {"max_quota_mb": "max_quota_bytes", "quota_mb": "quota_bytes"}

    def normalise_key(self, key: str) -> str:
        return normalise_domain(key)

    def narrow(self, rows: QuerySet[Domain]) -> QuerySet[Domain]:
        if (active := flag(self.request, "active")) is not None:
            rows = rows.filter(active=active)
        return matching_domains(rows, text) if (text := self.request.query_params.get("q")) else rows

    def add(self, fields: dict[str, Any]) -> Domain:
        return create_domain(**_stored(fields), actor=self.actor)

    def edit(self, row: Domain, fields: dict[str, Any]) -> Domain:
        return edit_domain(domain=row, changes=_stored(fields), actor=self.actor)

    def remove(self, row: Domain) -> None:
        delete_domain(domain=row, actor=self.actor)

    def url_of(self, row: Domain) -> str:
        return reverse("api:domains", args=[row.pk])

    def existing_url(self, code: str) -> str | None:
        return reverse("api:domains", args=[self.given_key()])


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    """Under the services' names, quotas in their unit."""
    stored = dict(fields)
    for name in ("max_quota", "quota"):
        if f"{name}_bytes" in stored:
            stored[f"{name}_mb"] = megabytes(stored.pop(f"{name}_bytes"))
    return stored


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A former name", request_only=True, value={"name": "old.example", "target": "example.org", "active": True}
        )
    ]
)
class AliasDomainFields(Fields):
    name = Text(help_text="Each address of `target` is one of this domain too.")
    target = Text(source="target_id", help_text="A domain that is here.")
    description = Text(required=False, allow_blank=True)
    active = Flag(required=False)
    created_at = Moment(read_only=True)
    modified_at = Moment(read_only=True)
    live = serializers.BooleanField(read_only=True, help_text="Every mail host has the present state.")


class AliasDomainResource(Resource[AliasDomain]):
    scope = "alias_domains"
    model = AliasDomain
    serializer_class = AliasDomainFields
    key_field = "name"
    orders = {"name": Order("name", "name")}
    filters = ("q", "target", "active")

    def normalise_key(self, key: str) -> str:
        return normalise_domain(key)

    def narrow(self, rows: QuerySet[AliasDomain]) -> QuerySet[AliasDomain]:
        if target := domain_parameter(self.request, "target"):
            rows = rows.filter(target_id=target)
        if (active := flag(self.request, "active")) is not None:
            rows = rows.filter(active=active)
        text = self.request.query_params.get("q")
        return rows.filter(starts_with("name", typed_domain(text))) if text else rows

    def add(self, fields: dict[str, Any]) -> AliasDomain:
        return create_alias_domain(**self._found(fields), actor=self.actor)

    def edit(self, row: AliasDomain, fields: dict[str, Any]) -> AliasDomain:
        return edit_alias_domain(alias_domain=row, changes=self._found(fields), actor=self.actor)

    def remove(self, row: AliasDomain) -> None:
        delete_alias_domain(alias_domain=row, actor=self.actor)

    def url_of(self, row: AliasDomain) -> str:
        return reverse("api:alias-domains", args=[row.pk])

    def existing_url(self, code: str) -> str | None:
        return reverse("api:alias-domains", args=[self.given_key()])

    def _found(self, fields: dict[str, Any]) -> dict[str, Any]:
        found = dict(fields)
        if "target_id" in found:
            found["target"] = visible_domain(found.pop("target_id"), field="target", actor=self.actor)
        return found


def visible_domain(text: str, *, field: str, actor: Actor) -> Domain:
    """The domain of this name, if it is here and the actor may see it; else the field is refused."""
    name = at_field(field, normalise_domain, text)
    domain = Domain.objects.visible_to(actor).filter(pk=name).first()
    if domain is None:
        refuse(field, _("There is no domain %(name)s."), "domain_unknown", name=text)
    return domain
