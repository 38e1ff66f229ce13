"""REST: /api/v1/mailboxes/{address}/app-passwords/."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.urls import path, reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request

from app_passwords.models import AppPassword, Protocol
from app_passwords.services import NAME_LENGTH_AT_MOST, create_app_password, revoke_app_password, with_use
from mailadmin.addresses import normalise_address
from mailadmin.api.fields import Fields, Moment, Text
from mailadmin.api.resources import LIST_METHODS, Resource
from mailadmin.pages.keyset import Order
from mailboxes.models import Mailbox


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A phone's",
            request_only=True,
            value={"name": "Phone", "protocols": ["imap", "smtp"], "expires_at": "2037-01-01T00:00:00Z"},
        )
    ]
)
class AppPasswordFields(Fields):
    id = serializers.IntegerField(read_only=True)
    name = Text(max_length=NAME_LENGTH_AT_MOST, help_text="Of the device or program that will use it.")
    protocols = serializers.ListField(
        child=serializers.ChoiceField(choices=Protocol.choices), allow_empty=False, max_length=len(Protocol)
    )
    expires_at = Moment(required=False, allow_null=True, help_text="Null: when it is revoked.")
    secret = serializers.CharField(
        read_only=True, required=False, help_text="In the answer to the request that made it, and never again."
    )
    created_at = Moment(read_only=True)
    last_used_at = Moment(
        read_only=True, allow_null=True, source="use.used_at", default=None, help_text="To the minute."
    )


class AppPasswordResource(Resource[AppPassword]):
    """One is made and revoked, and not changed."""

    scope = "app_passwords"
    model = AppPassword
    serializer_class = AppPasswordFields
    key_field = "id"
    orders = {"id": Order("id", "id")}

    def dispatch(self, request: Any, *args: Any, address: str, **kwargs: Any) -> Any:
        self.address = address
        return super().dispatch(request, *args, **kwargs)

    def _find_mailbox(self) -> Mailbox:
        try:
            key = normalise_address(self.address)
        except ValidationError:
            raise Http404 from None
        return Mailbox.objects.visible_to(self.actor).get(pk=key)

    def rows(self) -> QuerySet[AppPassword]:
        return AppPassword.objects.of(self.mailbox)

    def live_keys(self, row: AppPassword) -> list[str]:
        return [self.mailbox.pk]

    def dress(self, rows: list[AppPassword]) -> None:
        with_use(rows)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.mailbox = self._find_mailbox()

    def add(self, fields: dict[str, Any]) -> AppPassword:
        row, self.secret = create_app_password(mailbox=self.mailbox, **fields, actor=self.actor)
        return row

    def describe(self, row: AppPassword) -> dict[str, Any]:
        secret = {"secret": self.secret} if hasattr(self, "secret") else {}
        return {**super().describe(row), **secret}

    def edit(self, row: AppPassword, fields: dict[str, Any]) -> AppPassword:
        raise MethodNotAllowed(self.request.method or "")

    def remove(self, row: AppPassword) -> None:
        revoke_app_password(app_password=row, mailbox=self.mailbox, actor=self.actor)

    def url_of(self, row: AppPassword) -> str:
        return reverse("api:app-passwords", args=[self.mailbox.pk, row.pk])


LIST = AppPasswordResource.as_view(http_method_names=LIST_METHODS)
ONE = AppPasswordResource.as_view(http_method_names=["get", "head", "options", "delete"])
PATHS = [
    path("mailboxes/<address:address>/app-passwords/", LIST, name="app-passwords_list"),
    path("mailboxes/<address:address>/app-passwords/<int:key>/", ONE, name="app-passwords"),
]
