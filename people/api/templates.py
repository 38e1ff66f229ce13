from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers

from domains.models import Domain
from mailadmin.addresses import normalise_domain
from mailadmin.api.fields import Fields, Text
from mailadmin.api.resources import Resource
from mailadmin.errors import refuse
from mailadmin.pages.keyset import Order
from people.models import Template
from people.reading import OCTETS_AT_MOST
from people.services.templates import create_template, delete_template, edit_template

from .made import optional


class TemplateFields(Fields):
    name = Text(max_length=64)
    domain = Text(required=False, allow_null=True, source="domain_id", help_text="null: for all domains.")
    department = optional("Empty: for those that have no template of their own.", max_length=120)
    source = Text(max_length=OCTETS_AT_MOST, trim_whitespace=False, help_text="YAML; see docs/onboarding.md.")  # type: ignore[assignment]  # a field of that name
    modified_at = serializers.DateTimeField(read_only=True)


class TemplateResource(Resource[Template]):
    scope = "templates"
    model = Template
    serializer_class = TemplateFields
    lookup = "name"
    key_field = "name"
    renames = True
    orders = {"name": Order("name", "id")}

    def dress(self, rows: list[Template]) -> None:
        """No mail host has anything of it."""

    def live_keys(self, row: Template) -> list[str]:
        return []

    def add(self, fields: dict[str, Any]) -> Template:
        return create_template(**self._stored(fields), actor=self.actor)

    def edit(self, row: Template, fields: dict[str, Any]) -> Template:
        return edit_template(template=row, changes=self._stored(fields), actor=self.actor)

    def remove(self, row: Template) -> None:
        delete_template(template=row, actor=self.actor)

    def _stored(self, fields: dict[str, Any]) -> dict[str, Any]:
        if "domain_id" not in fields:
            return fields
        name = fields["domain_id"]
        domain = Domain.objects.visible_to(self.actor).filter(pk=name and normalise_domain(name)).first()
        if name and domain is None:
            refuse("domain", _("There is no domain %(name)s."), "domain_unknown", name=name)
        return {**{key: value for key, value in fields.items() if key != "domain_id"}, "domain": domain}

    def existing_url(self, code: str) -> str | None:
        return reverse("api:templates", args=[self.given_key()])

    def url_of(self, row: Template) -> str:
        return reverse("api:templates", args=[row.name])
