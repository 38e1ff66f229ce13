"""REST: /api/v1/audit/, which nothing writes but the changes themselves."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers

from mailadmin.api.fields import Fields, Moment
from mailadmin.api.requests import domain_parameter
from mailadmin.api.resources import ReadResource
from mailadmin.audit.models import Entry
from mailadmin.errors import refuse
from mailadmin.pages.finding import typed_address
from mailadmin.pages.keyset import Order


class EntryFields(Fields):
    id = serializers.IntegerField()
    at = Moment(read_only=True)
    actor = serializers.CharField(help_text="Who: an address, `token NAME`, or who called a command.")
    face = serializers.CharField(help_text="`page`, `api`, `command`, `worker` or `sign-in`.")
    client_address = serializers.CharField()
    action = serializers.CharField(help_text="As in `mailbox.create`.")
    object_type = serializers.CharField()
    object = serializers.CharField(source="object_key")
    domain = serializers.CharField(source="domain_name", help_text="Empty for what belongs to no domain.")
    before = serializers.JSONField(help_text="The fields that changed, as they were. Secrets are masked.")
    after = serializers.JSONField(help_text="The same fields, as they are since.")


class AuditResource(ReadResource[Entry]):
    scope = "audit"
    model = Entry
    serializer_class = EntryFields
    orders = {"id": Order("id", "id", descending=True)}
    filters = ("actor", "action", "object", "domain", "since", "until")
    filter_schemas = {
        "object": {"type": "string", "maxLength": 255, "description": "The whole address or domain."},
        "since": {"type": "string", "format": "date-time"},
        "until": {"type": "string", "format": "date-time", "description": "Without this moment itself."},
    }

    def narrow(self, rows: QuerySet[Entry]) -> QuerySet[Entry]:
        asked = self.request.query_params
        equal = {
            "object_key": typed_address(asked.get("object", "")),
            "actor": asked.get("actor", ""),
            "action": asked.get("action", ""),
            "domain_name": domain_parameter(self.request),
        }
        rows = rows.filter(**{field: value for field, value in equal.items() if value})
        if since := self._moment("since"):
            rows = rows.filter(at__gte=since)
        if until := self._moment("until"):
            rows = rows.filter(at__lt=until)
        return rows

    def dress(self, rows: list[Entry]) -> None:
        """What was, is as it was."""

    def _moment(self, name: str) -> datetime | None:
        text = self.request.query_params.get(name)
        if text is None:
            return None
        try:
            moment: datetime = Moment().run_validation(text)
        except serializers.ValidationError:
            refuse(name, _("A time has an offset, as in 2026-11-21T09:00:00Z."), "offset")
        return moment
