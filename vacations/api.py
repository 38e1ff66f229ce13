"""REST: /api/v1/mailboxes/{address}/vacation/."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed

from mailadmin.addresses import normalise_address
from mailadmin.api.fields import Fields, Flag, Moment, Text, Whole
from mailadmin.api.resources import ROW_METHODS, Resource
from mailadmin.api.scopes import VERB_OF_METHOD, WRITE
from mailadmin.revisions import revision
from mailboxes.models import Mailbox
from vacations.models import NO_BEGINNING, State, Vacation
from vacations.services import BODY_AT_MOST, DAYS_AT_MOST, SUBJECT_AT_MOST, end_vacation, set_vacation, vacation_of


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two weeks",
            request_only=True,
            value={
                "active": True,
                "subject": "On holiday",
                "body": "I am back in two weeks, and answer then.",
                "from_at": "2037-08-01T06:00:00Z",
                "until_at": "2037-08-15T06:00:00Z",
            },
        )
    ]
)
class VacationFields(Fields):
    address = Text(required=False, help_text="The mailbox.")
    active = Flag(required=False)
    subject = Text(
        required=False, allow_blank=True, max_length=SUBJECT_AT_MOST, help_text="Empty: that of the letter, as a reply."
    )
    body = Text(required=False, allow_blank=True, max_length=BODY_AT_MOST)
    from_at = Moment(required=False, allow_null=True, help_text="Null: at once.")
    until_at = Moment(required=False, allow_null=True, help_text="Null: until it is switched off.")
    interval_days = Whole(
        required=False,
        min_value=0,
        max_value=DAYS_AT_MOST,
        help_text="So long the same sender is not answered again; 0: never again.",
    )
    known_domains_only = Flag(required=False, help_text="Only senders in the domains of this server are answered.")
    state = serializers.ChoiceField(choices=State.choices, read_only=True, help_text="At this moment.")
    live = serializers.BooleanField(read_only=True, help_text="Every mail host has the present state.")

    def to_representation(self, mailbox: Any) -> dict[str, Any]:
        present = vacation_of(mailbox)
        beside = {"address": mailbox.pk, "state": present.state, "live": getattr(mailbox, "live", None)}
        return super().to_representation({**_wishes(present), **beside})


class VacationResource(Resource[Mailbox]):
    """A mailbox has one, that is off to begin with: it is never made, and DELETE switches it off."""

    scope = "vacations"
    model = Mailbox
    serializer_class = VacationFields
    key_field = "address"
    is_single = True  # of its mailbox: there is no list

    def verb_of(self, method: str) -> str:
        return WRITE if method in ("PUT", "DELETE") else VERB_OF_METHOD.get(method, "")

    def normalise_key(self, key: str) -> str:
        return normalise_address(key)

    def live_keys(self, row: Mailbox) -> list[str]:
        return [row.pk, row.domain_id]

    def tag(self, row: Mailbox) -> str:
        return revision(vacation_of(row))

    def find(self, *, lock: bool = False) -> Mailbox:
        row = super().find(lock=lock)
        if row is None:
            raise Http404
        return row

    def add(self, fields: dict[str, Any]) -> Mailbox:
        raise MethodNotAllowed("POST")

    def edit(self, row: Mailbox, fields: dict[str, Any]) -> Mailbox:
        present = vacation_of(row)
        wishes = {**_wishes(present), **fields}
        begun = present.active and present.from_at <= timezone.now()
        if wishes["from_at"] is None and begun:  # it has begun at once already: the same again changes nothing
            wishes["from_at"] = present.from_at
        set_vacation(mailbox=row, **wishes, actor=self.actor)
        return row

    def remove(self, row: Mailbox) -> None:
        end_vacation(mailbox=row, actor=self.actor)

    def url_of(self, row: Mailbox) -> str:
        return reverse("api:vacation", args=[row.pk])


def _wishes(present: Vacation) -> dict[str, Any]:
    """Under the names of `set_vacation`."""
    names = ("active", "subject", "body", "interval_days", "known_domains_only")
    return {
        **{name: getattr(present, name) for name in names},
        "from_at": None if present.from_at <= NO_BEGINNING else present.from_at,
        "until_at": None if present.is_open_ended else present.until_at,
    }


PATHS = [
    path("mailboxes/<address:key>/vacation/", VacationResource.as_view(http_method_names=ROW_METHODS), name="vacation")
]
