"""REST: /api/v1/webhooks/, and what was delivered."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from mailadmin.api.fields import Fields, Flag, Text
from mailadmin.api.paging import PARAMETERS, page_of
from mailadmin.api.requests import refuse_unknown_parameters
from mailadmin.api.resources import Resource, resource_paths
from mailadmin.api.scopes import WRITE
from mailadmin.api.views import ApiView
from mailadmin.errors import refuse
from mailadmin.pages.keyset import Order

from . import services
from .models import Delivery, Endpoint
from .validators import URL_LENGTH_AT_MOST, validate_name

NAMES_AT_MOST = 1000
STATES = ("delivered", "open", "given_up")


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
    event_types = names_field("Empty: all of them.")
    domains = names_field("Empty: all of them.")
    active = Flag(required=False)
    failing_since = serializers.DateTimeField(read_only=True, allow_null=True)
    off_reason = serializers.CharField(read_only=True, help_text="`gone` or `failing`: why it was switched off.")
    created_at = serializers.DateTimeField(read_only=True)


class NewEndpointFields(EndpointFields):
    """The answer to what makes a secret."""

    secret = serializers.CharField(read_only=True, help_text="By which events are signed. It is not told again.")


class EndpointResource(Resource[Endpoint]):
    scope = "webhooks"
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

    def narrow(self, rows: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
        return rows

    def live_keys(self, row: Endpoint) -> list[str]:
        """The mail host has nothing to do with it."""
        return []

    def add(self, fields: dict[str, Any]) -> Endpoint:
        endpoint, self.secret = services.create_endpoint(**fields, actor=self.actor)
        return endpoint

    def edit(self, row: Endpoint, fields: dict[str, Any]) -> Endpoint:
        return services.edit_endpoint(endpoint=row, changes=fields, actor=self.actor)

    def remove(self, row: Endpoint) -> None:
        services.delete_endpoint(endpoint=row, actor=self.actor)

    def describe(self, row: Endpoint) -> dict[str, Any]:
        return {**super().describe(row), **({"secret": self.secret} if self.secret else {})}

    def url_of(self, row: Endpoint) -> str:
        return reverse("api:webhooks", args=[row.name])

    def existing_url(self, code: str) -> str | None:
        name = self.request.data.get("name", self.key) if isinstance(self.request.data, dict) else self.key
        return reverse("api:webhooks", args=[name])


class DeliveryFields(serializers.Serializer[Delivery]):
    id = serializers.IntegerField(read_only=True)
    message_id = serializers.CharField(read_only=True, help_text="The header `webhook-id`.")
    event_type = serializers.CharField(read_only=True)
    key = serializers.CharField(read_only=True, source="subject", help_text="What the event tells of.")
    state = serializers.ChoiceField(["waiting", "failed", "delivered", "given_up"], read_only=True)
    attempts = serializers.IntegerField(read_only=True)
    status = serializers.IntegerField(read_only=True, allow_null=True, help_text="Of the last try, as the next ones.")
    duration_ms = serializers.IntegerField(read_only=True, allow_null=True)
    error = serializers.CharField(read_only=True)
    answer = serializers.CharField(read_only=True, help_text="Its beginning.")
    queued_at = serializers.DateTimeField(read_only=True)
    tried_at = serializers.DateTimeField(read_only=True, allow_null=True)
    due_at = serializers.DateTimeField(read_only=True)
    delivered_at = serializers.DateTimeField(read_only=True, allow_null=True)


class AboutEndpoint(ApiView):
    """Below /webhooks/NAME/."""

    scope = "webhooks"

    def endpoint(self) -> Endpoint:
        found = Endpoint.objects.visible_to(self.actor).filter(name=self.kwargs["key"]).first()
        if found is None:
            raise Http404
        return found

    def delivery(self) -> Delivery:
        rows = self.endpoint().deliveries.select_related("endpoint")
        found = rows.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found


class Act(AboutEndpoint):
    def verb_of(self, method: str) -> str:
        return WRITE


class Rotate(Act):
    @extend_schema(request=None, responses={200: NewEndpointFields})
    def post(self, request: Request, key: str) -> Response:
        """Make a new secret. For 24 hours events are signed by the former one as well."""
        return self.write(self._rotate)

    def _rotate(self) -> Response:
        endpoint, secret = services.rotate_secret(endpoint=self.endpoint(), actor=self.actor)
        return Response({**EndpointFields(endpoint).data, "secret": secret})


class Ping(Act):
    @extend_schema(request=None, responses={202: DeliveryFields})
    def post(self, request: Request, key: str) -> Response:
        """Send the event `ping`. What it is answered stands in the delivery, soon."""
        return self.write(lambda: _queued(services.ping_endpoint(endpoint=self.endpoint(), actor=self.actor)))


class Redeliver(Act):
    @extend_schema(request=None, responses={202: DeliveryFields})
    def post(self, request: Request, key: str, pk: int) -> Response:
        """Send the event once more, under the same id."""
        return self.write(lambda: _queued(services.redeliver(delivery=self.delivery(), actor=self.actor)))


class DeliveryList(AboutEndpoint):
    @extend_schema(responses={200: DeliveryFields(many=True)})
    def get(self, request: Request, key: str) -> Response:
        """The newest first."""
        refuse_unknown_parameters(request, (*PARAMETERS, "state"))
        rows, next_url = page_of(request, self._wanted(), {"id": Order("id", "id", descending=True)})
        return Response({"results": [_described(row) for row in rows], "next": next_url})

    def _wanted(self) -> QuerySet[Delivery]:
        rows = self.endpoint().deliveries.defer("payload")
        state = self.request.query_params.get("state")
        if state is None:
            return rows
        if state not in STATES:
            refuse("state", _("One of: %(names)s."), "choice_unknown", names=", ".join(STATES))
        if state == "delivered":
            return rows.filter(delivered_at__isnull=False)
        return rows.filter(delivered_at=None, closed_at__isnull=state == "open")


class DeliveryOne(AboutEndpoint):
    @extend_schema(responses={200: DeliveryFields})
    def get(self, request: Request, key: str, pk: int) -> Response:
        refuse_unknown_parameters(request, ())
        return Response(_described(self.delivery()))


def _queued(delivery: Delivery) -> Response:
    return Response(_described(delivery), status=status.HTTP_202_ACCEPTED)


def _described(delivery: Delivery) -> dict[str, Any]:
    return dict(DeliveryFields(delivery).data)


ONE = "webhooks/<str:key>"
PATHS = [
    *resource_paths("webhooks", EndpointResource),
    path(f"{ONE}/rotate/", Rotate.as_view(), name="webhook_rotate"),
    path(f"{ONE}/test/", Ping.as_view(), name="webhook_test"),
    path(f"{ONE}/deliveries/", DeliveryList.as_view(), name="webhook_deliveries"),
    path(f"{ONE}/deliveries/<int:pk>/", DeliveryOne.as_view(), name="webhook_delivery"),
    path(f"{ONE}/deliveries/<int:pk>/redeliver/", Redeliver.as_view(), name="webhook_redeliver"),
]
