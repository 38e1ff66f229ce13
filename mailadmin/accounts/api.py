"""REST: /api/v1/administrators/, by tokens that are good for all domains."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from domains.api import visible_domain
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.services import (
    change_administrator,
    create_administrator,
    delete_administrator,
    send_administrator_set_up,
)
from mailadmin.addresses import normalise_address
from mailadmin.api.fields import Fields, Flag, Moment, Text, one_of
from mailadmin.api.permissions import EveryDomain, HasScope
from mailadmin.api.requests import domain_parameter, flag
from mailadmin.api.resources import Resource
from mailadmin.pages.finding import typed_address
from mailadmin.pages.keyset import Order, starts_with

DOMAINS_AT_MOST = 1000
SERVICE_NAMES = {
    "address": "email",
    "domain_names": "domains",
    "is_active": "active",
    "password_change_required": "must_change",
}
ROLES = [Role.SUPERADMIN.value, Role.DOMAIN_ADMIN.value]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "An administrator who chooses the password",
            request_only=True,
            value={
                "address": "alice@example.net",
                "name": "Alice",
                "role": "domain_admin",
                "domains": ["example.org"],
                "set_up_link": "alice@example.net",
            },
        )
    ]
)
class AdministratorFields(Fields):
    address = Text(help_text="What the administrator signs in with.")
    name = Text(required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=ROLES, required=False, help_text="A superadmin may do all, everywhere.")
    domains = serializers.ListField(
        child=Text(), required=False, max_length=DOMAINS_AT_MOST, source="domain_names", help_text="Administers these."
    )
    active = Flag(required=False, source="is_active")
    must_change = Flag(
        required=False, source="password_change_required", help_text="Another password at the next sign-in."
    )
    password = Text(required=False, write_only=True, max_length=1024)
    set_up_link = Text(
        required=False,
        write_only=True,
        help_text="No password, or none any more: a link to choose one goes there. PUT sends it with a new one only.",
    )
    created_at = Moment(read_only=True)

    def validate(self, fields: dict[str, Any]) -> dict[str, Any]:
        return one_of(fields, "password", "set_up_link")


class AdministratorResource(Resource[Account]):
    permission_classes = [HasScope, EveryDomain]
    scope = "administrators"
    model = Account
    serializer_class = AdministratorFields
    lookup = "email"
    key_field = "address"
    renames = True
    orders = {"address": Order("email", "id")}
    filters = ("q", "domain", "active")
    field_names = {"email": "address", "to": "set_up_link"}

    def normalise_key(self, key: str) -> str:
        return normalise_address(key)

    def rows(self) -> QuerySet[Account]:
        return Account.objects.administrators().prefetch_related("domains")

    def narrow(self, rows: QuerySet[Account]) -> QuerySet[Account]:
        if domain := domain_parameter(self.request):
            rows = rows.filter(domains=domain)
        if (active := flag(self.request, "active")) is not None:
            rows = rows.filter(is_active=active)
        text = self.request.query_params.get("q")
        return rows.filter(starts_with("email", typed_address(text))) if text else rows

    def dress(self, rows: list[Account]) -> None:
        """No mail host knows them."""
        for row in rows:
            row.domain_names = sorted(domain.pk for domain in row.domains.all())  # type: ignore[attr-defined]

    def live_keys(self, row: Account) -> list[str]:
        return []

    def add(self, fields: dict[str, Any]) -> Account:
        given = self._stored(fields)
        to = given.pop("set_up_link", None)
        row = create_administrator(**{"password": None, **given}, actor=self.actor)
        return send_administrator_set_up(account=row, to=to, actor=self.actor) if to else row

    def edit(self, row: Account, fields: dict[str, Any]) -> Account:
        changes = self._stored(fields)
        to = changes.pop("set_up_link", None)
        row = change_administrator(account=row, changes=changes, actor=self.actor)
        if to and self.request.method == "PATCH":  # a PUT that is sent again takes nobody's password away
            row = send_administrator_set_up(account=row, to=to, actor=self.actor)
        return row

    def remove(self, row: Account) -> None:
        delete_administrator(account=row, actor=self.actor)

    def url_of(self, row: Account) -> str:
        return reverse("api:administrators", args=[row.email])

    def existing_url(self, code: str) -> str | None:
        return reverse("api:administrators", args=[self.given_key()])

    def _stored(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Under the services' names."""
        stored = {SERVICE_NAMES.get(name, name): value for name, value in fields.items()}
        if "domains" in stored:
            several = stored["domains"]
            stored["domains"] = [visible_domain(name, field="domains", actor=self.actor) for name in several]
        return stored
