"""REST: /api/v1/webhooks/, and what was delivered."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from mailadmin.api.fields import Fields, Flag, Text
from mailadmin.api.permissions import EveryDomain, HasScope
from mailadmin.api.requests import flag
from mailadmin.api.resources import ReadResource, Resource, resource_paths
from mailadmin.api.scopes import WRITE
from mailadmin.api.views import ApiView
from mailadmin.errors import refuse
from mailadmin.pages.keyset import Order

from . import services
from .models import Delivery, Endpoint, OffReason
from .validators import URL_LENGTH_AT_MOST, validate_name

NAMES_AT_MOST = 1000
STATES = {
    "delivered": Q(delivered_at__isnull=False),
    "open": Q(closed_at=None),
    "given_up": Q(closed_at__isnull=False, delivered_at=None),
}


def names_field(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=Text(), max_length=NAMES_AT_MOST, required=False, help_text=help_text)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The personnel office's system",
            request_only=True,
            value={
                "name": "hr",
                "url": "https://hr.example.net/mail-events",
                "event_types": ["mailbox.create", "mailbox.delete"],
                "domains": ["example.org"],
            },
        )
    ]
)
class EndpointFields(Fields):
    name = Text(max_length=64, help_text="Small letters, digits and hyphens.")
    url = Text(max_length=URL_LENGTH_AT_MOST, help_text="It begins with `https://`.")
    description = Text(required=False, allow_blank=True)
    event_types = names_field("As in `mailbox.create`. Empty: all of them.")
    domains = names_field("Empty: all of them.")
    active = Flag(required=False)
    failing_since = serializers.DateTimeField(read_only=True, allow_null=True, help_text="It has taken no event since.")
    off_reason = serializers.ChoiceField(
        choices=["", *OffReason.values], read_only=True, help_text="Why the worker has switched it off."
    )
    created_at = serializers.DateTimeField(read_only=True)
    secret = serializers.CharField(
        source="told_secret",
        read_only=True,
        help_text="By which events are signed: told by the request that makes it, and never again.",
    )


class ForEveryDomain(ApiView):
    scope = "webhooks"
    permission_classes = [HasScope, EveryDomain]


class EndpointResource(ForEveryDomain, Resource[Endpoint]):
    model = Endpoint
    serializer_class = EndpointFields
    key_field = "name"
    lookup = "name"
    renames = True
    orders = {"name": Order("name", "id")}
    secret = ""  # of the one that this request has made

    def normalise_key(self, key: str) -> str:
        validate_name(key)
        return key

    def live_keys(self, row: Endpoint) -> list[str]:
        """The mail host has nothing to do with it."""
        return []

    def dress(self, rows: list[Endpoint]) -> None:
        if self.secret and not flag(self.request, "dry_run"):  # what is taken back has none
            rows[0].told_secret = self.secret  # type: ignore[attr-defined]

    def add(self, fields: dict[str, Any]) -> Endpoint:
        endpoint, self.secret = services.create_endpoint(**fields, actor=self.actor)
        return endpoint

    def edit(self, row: Endpoint, fields: dict[str, Any]) -> Endpoint:
        return services.edit_endpoint(endpoint=row, changes=fields, actor=self.actor)

    def remove(self, row: Endpoint) -> None:
        services.delete_endpoint(endpoint=row, actor=self.actor)

    def url_of(self, row: Endpoint) -> str:
        return reverse("api:webhooks", args=[row.name])

    def existing_url(self, code: str) -> str | None:
        return reverse("api:webhooks", args=[self.given_key()])


class Rotate(EndpointResource):
    http_method_names = ["post", "options"]

    def verb_of(self, method: str) -> str:
        return WRITE

    @extend_schema(request=None, summary="Make a new secret")
    def post(self, request: Request, key: str) -> Response:  # type: ignore[override]  # it is about one
        """For 24 hours events are signed by the former one as well."""
        self.checked(Fields)
        return self.write(self._rotate)

    def _rotate(self) -> Response:
        endpoint, self.secret = services.rotate_secret(endpoint=self._locked(), actor=self.actor)
        return self._made(endpoint)


class DeliveryFields(serializers.Serializer[Delivery]):
    id = serializers.IntegerField(read_only=True)
    message_id = serializers.CharField(read_only=True, help_text="The header `webhook-id`.")
    event_type = serializers.CharField(read_only=True)
    object = serializers.CharField(read_only=True, source="subject", help_text="What the event tells of.")
    state = serializers.ChoiceField(choices=["waiting", "failed", "delivered", "given_up"], read_only=True)
    attempts = serializers.IntegerField(read_only=True)
    status = serializers.IntegerField(read_only=True, allow_null=True, help_text="HTTP's, of the last try.")
    duration_ms = serializers.IntegerField(read_only=True, allow_null=True)
    error = serializers.CharField(read_only=True)
    answer = serializers.CharField(read_only=True, help_text="Its beginning.")
    queued_at = serializers.DateTimeField(read_only=True)
    tried_at = serializers.DateTimeField(read_only=True, allow_null=True)
    due_at = serializers.DateTimeField(read_only=True, help_text="When it is tried next, unless it is closed.")
    delivered_at = serializers.DateTimeField(read_only=True, allow_null=True)


class DeliveryResource(ForEveryDomain, ReadResource[Delivery]):
    """The newest first."""

    model = Delivery
    serializer_class = DeliveryFields
    orders = {"id": Order("id", "id", descending=True)}
    filters = ("state",)
    filter_schemas = {"state": {"type": "string", "enum": list(STATES)}}

    def get(self, request: Request, name: str, key: Any = "") -> Response:  # type: ignore[override]  # below another one
        return super().get(request, key)

    def endpoint(self) -> Endpoint:
        found = Endpoint.objects.visible_to(self.actor).filter(name=self.kwargs["name"]).first()
        if found is None:
            raise Http404
        return found

    def rows(self) -> QuerySet[Delivery]:
        return self.endpoint().deliveries.select_related("endpoint").defer("payload")

    def narrow(self, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
        state = self.request.query_params.get("state")
        if state is None:
            return rows
        if state not in STATES:
            refuse("state", _("One of: %(names)s."), "state_unknown", names=", ".join(STATES))
        return rows.filter(STATES[state])

    def live_keys(self, row: Delivery) -> list[str]:
        return []

    def dress(self, rows: list[Delivery]) -> None:
        """All is in the row."""

    def told(self, delivery: Delivery) -> Response:
        return Response(self.describe(delivery), status=status.HTTP_202_ACCEPTED)


class Ping(DeliveryResource):
    http_method_names = ["post", "options"]

    def verb_of(self, method: str) -> str:
        return WRITE

    @extend_schema(request=None, summary="Send the event `ping`")
    def post(self, request: Request, name: str) -> Response:
        """What it is answered stands in the delivery, soon."""
        self.checked(Fields)
        return self.write(lambda: self.told(services.ping_endpoint(endpoint=self.endpoint(), actor=self.actor)))


class Redeliver(DeliveryResource):
    http_method_names = ["post", "options"]

    def verb_of(self, method: str) -> str:
        return WRITE

    @extend_schema(request=None, summary="Send the event once more")
    def post(self, request: Request, name: str, key: int) -> Response:
        """Under the same id."""
        self.checked(Fields)
        return self.write(self._redeliver)

    def _redeliver(self) -> Response:
        found = self.find()
        if found is None:
            raise Http404
        return self.told(services.redeliver(delivery=found, actor=self.actor))


BELOW = "webhooks/<str:name>"
READ_METHODS = ["get", "head", "options"]
_read = DeliveryResource.as_view(http_method_names=READ_METHODS)
PATHS = [
    *resource_paths("webhooks", EndpointResource),
    path("webhooks/<str:key>/rotate/", Rotate.as_view(), name="webhook_rotate"),
    path(f"{BELOW}/test/", Ping.as_view(), name="webhook_test"),
    path(f"{BELOW}/deliveries/", _read, name="webhook_deliveries_list"),
    path(f"{BELOW}/deliveries/<int:key>/", _read, name="webhook_deliveries"),
    path(f"{BELOW}/deliveries/<int:key>/redeliver/", Redeliver.as_view(), name="webhook_redeliver"),
]
