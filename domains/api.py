"""REST: /api/v1/domains/."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers

from domains.models import Domain
from domains.quotas import megabytes
from domains.services import create_domain, delete_domain, edit_domain
from mailadmin.addresses import normalise_domain
from mailadmin.api.fields import Fields, Flag, Text, Whole
from mailadmin.api.requests import flag
from mailadmin.api.resources import Resource
from mailadmin.pages.finding import matching_domains
from mailadmin.pages.keyset import Order

LIMIT = "0 is no limit, -1 allows none."


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
    created_at = serializers.DateTimeField(read_only=True)
    modified_at = serializers.DateTimeField(read_only=True)
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


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    """Under the services' names, quotas in their unit."""
    stored = dict(fields)
    for name in ("max_quota", "quota"):
        if f"{name}_bytes" in stored:
            stored[f"{name}_mb"] = megabytes(stored.pop(f"{name}_bytes"))
    return stored
