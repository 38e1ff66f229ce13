from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mailadmin.addresses import normalise_address
from mailadmin.api.fields import Fields, Moment, Text, Whole
from mailadmin.api.requests import domain_parameter
from mailadmin.api.resources import Resource
from mailadmin.api.scopes import WRITE
from mailadmin.errors import at_field, refuse
from mailadmin.pages.finding import typed_address
from mailadmin.pages.keyset import Order
from mailboxes.models import Mailbox
from people.models import Offboarding, State
from people.reading import DAYS_AT_MOST, LEAVING
from people.services.offboarding import start_offboarding, undo_offboarding

from .made import optional, template_named


class StepFields(Fields):
    kind = serializers.CharField(read_only=True)
    due_at = serializers.DateTimeField(read_only=True)
    done_at = serializers.DateTimeField(read_only=True, allow_null=True)
    done_by = serializers.CharField(read_only=True)
    error = serializers.CharField(read_only=True, help_text="Why it failed the last time; it is tried again.")


def days_field(text: str) -> Whole:
    return Whole(required=False, write_only=True, min_value=0, max_value=DAYS_AT_MOST, help_text=text)


class OffboardingFields(Fields):
    id = serializers.IntegerField(read_only=True)
    address = Text(help_text="The mailbox.")
    name = serializers.CharField(read_only=True)
    at = Moment(required=False, help_text="When the person leaves; without it, now.")
    template = Text(required=False, write_only=True, max_length=64, help_text="Instead of the one that fits.")
    successor = optional("Who gets the mail from then on.")
    reply_subject = optional("Of the automatic reply.", max_length=200)
    reply_body = optional("Its text; without one there is no reply.", max_length=8000)
    forward_days = days_field("How long the successor gets the mail.")
    archive_days = days_field("After how many days the mailbox is deleted into the archive.")
    purge_days = days_field("After how many more days its mail is removed for good.")
    reserve_days = days_field("How long its addresses are then given to nobody else.")
    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    steps = StepFields(many=True, read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    created_by = serializers.CharField(read_only=True)
    undone_at = serializers.DateTimeField(read_only=True, allow_null=True)
    undone_by = serializers.CharField(read_only=True)
    live = serializers.BooleanField(read_only=True, help_text="Every mail host has the present state.")


class OffboardingResource(Resource[Offboarding]):
    scope = "offboardings"
    model = Offboarding
    serializer_class = OffboardingFields
    key_field = "id"
    orders = {"id": Order("id", "id", descending=True)}
    filters = ("domain", "address", "state")
    filter_schemas = {"state": {"type": "string", "enum": State.values}}

    def rows(self) -> QuerySet[Offboarding]:
        return super().rows().prefetch_related("steps")

    def narrow(self, rows: QuerySet[Offboarding]) -> QuerySet[Offboarding]:
        if domain := domain_parameter(self.request):
            rows = rows.filter(domain_name=domain)
        asked = self.request.query_params.dict()
        if "state" in asked and asked["state"] not in State.values:
            refuse("state", _("One of: %(names)s."), "state_unknown", names=", ".join(State.values))
        equal = {"address": typed_address(asked.get("address", "")), "state": asked.get("state")}
        return rows.filter(**{name: value for name, value in equal.items() if value})

    def add(self, fields: dict[str, Any]) -> Offboarding:
        wishes = {name: fields[name] for name in LEAVING if name in fields}
        return start_offboarding(
            mailbox=self._mailbox(fields["address"]),
            at=fields.get("at"),
            template=template_named(fields.get("template", ""), self.actor),
            successor=fields.get("successor", ""),
            wishes=wishes,
            actor=self.actor,
        )

    def _mailbox(self, address: str) -> Mailbox:
        key = at_field("address", normalise_address, address)
        mailbox = Mailbox.objects.visible_to(self.actor).filter(pk=key).first()
        if mailbox is None:
            refuse("address", _("There is no such mailbox, or it is not yours to see."), "mailbox_unknown")
        return mailbox

    def existing_url(self, code: str) -> str | None:
        if code != "offboarding_exists":
            return None
        address = normalise_address(cast(dict[str, Any], self.request.data)["address"])
        found = self.rows().filter(state__in=[State.PLANNED, State.RUNNING], address=address).first()
        return self.url_of(found) if found else None

    def live_keys(self, row: Offboarding) -> list[str]:
        return [row.address]

    def url_of(self, row: Offboarding) -> str:
        return reverse("api:offboardings", args=[row.pk])


class OffboardingUndo(OffboardingResource):
    """As it was before, as long as the mail is there. Revoked app passwords stay so."""

    http_method_names = ["post", "options"]

    def verb_of(self, method: str) -> str:
        return WRITE

    @extend_schema(request=None, responses={200: OffboardingFields, 202: OffboardingFields})
    def post(self, request: Request, key: int) -> Response:  # type: ignore[override]  # of one row
        self.checked(Fields)

        def undo() -> Response:
            return self._told(undo_offboarding(offboarding=self._locked(), actor=self.actor))

        return self.write(undo)
