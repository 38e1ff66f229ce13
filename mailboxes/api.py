"""REST: /api/v1/mailboxes/, and what mailboxes and aliases have in common there."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

from django.db.models import Exists, Model, OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from aliases.models import Alias
from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.accounts.services import create_mailbox_by_link, send_mailbox_set_up
from mailadmin.addresses import TARGETS_AT_MOST, normalise_address, split_address, split_targets
from mailadmin.api.fields import Fields, Flag, Moment, Text, Whole, one_of
from mailadmin.api.requests import domain_parameter, flag
from mailadmin.api.resources import Resource
from mailadmin.errors import at_field
from mailadmin.pages.finding import matching_mailboxes
from mailadmin.pages.keyset import Order, only
from mailadmin.revisions import revision
from mailboxes.models import Mailbox, MailboxUsage
from mailboxes.quotas import QUOTA_BYTES_AT_MOST
from mailboxes.services import change_mailbox, create_mailbox, delete_mailbox

Row = TypeVar("Row", bound=Model)
# Where the thing is that has the address already.
TAKEN_BY = {"address_is_mailbox": "api:mailboxes", "address_is_alias": "api:aliases"}
CREATED_WITH = ("name", "active", "quota_bytes", "must_change", "password", "password_hash")


def targets_field(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=Text(), max_length=TARGETS_AT_MOST, **options)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A mailbox that forwards",
            request_only=True,
            value={
                "address": "joe@example.org",
                "name": "Joe Doe",
                "quota_bytes": 2_048_000_000,
                "password_hash": "{SHA512-CRYPT}$6$eArDTtWq$" + "x" * 86,
                "forwarding": ["joe@elsewhere.test"],
                "keep_copy": True,
            },
        )
    ]
)
class MailboxFields(Fields):
    address = Text(help_text="The local part in lower case, the domain as A-labels, in answers.")
    name = Text(required=False, allow_blank=True)
    active = Flag(required=False)
    smtp_active = Flag(required=False, help_text="Whether it may send.")
    quota_bytes = Whole(
        required=False, min_value=0, max_value=QUOTA_BYTES_AT_MOST, help_text="0 is no limit. Without it: the largest."
    )
    used_bytes = serializers.IntegerField(read_only=True)
    forwarding = targets_field(required=False, help_text="Where its mail goes on to; empty for nowhere.")
    keep_copy = Flag(required=False, help_text="Whether mail that is forwarded stays here too.")
    must_change = Flag(required=False, help_text="The person has to choose another password at the next sign-in.")
    password = Text(required=False, write_only=True, max_length=1024)
    password_hash = Text(required=False, write_only=True, help_text="With its {SCHEME}, as `doveadm pw` prints it.")
    set_up_link = Text(
        required=False,
        write_only=True,
        help_text="Instead of a password: a link to choose one goes there. PUT sends it with a new mailbox only.",
    )
    keep_alias = Flag(required=False, write_only=True, help_text="With another `address`: leave an alias behind.")
    password_expires_at = Moment(read_only=True, allow_null=True, source="password_ends_at")
    created_at = Moment(read_only=True)
    modified_at = Moment(read_only=True)
    live = serializers.BooleanField(read_only=True, help_text="Every mail host has the present state.")

    def to_representation(self, mailbox: Any) -> dict[str, Any]:
        targets = split_targets(mailbox.goto)
        mailbox.forwarding = [target for target in targets if target != mailbox.pk]
        mailbox.keep_copy = mailbox.pk in targets
        return super().to_representation(mailbox)

    def validate(self, fields: dict[str, Any]) -> dict[str, Any]:
        return one_of(fields, "password", "password_hash", "set_up_link")


class AddressResource(Resource[Row]):
    """Rows that are an address of a domain. A list of one domain is read in the order of that domain's index."""

    key_field = "address"
    filters: ClassVar[tuple[str, ...]] = ("q", "domain", "active")
    sorts: ClassVar[dict[str, str]] = {"address": "address"}  # what `order` can be, and the column
    leading: ClassVar[tuple[str, ...]] = ()  # columns that all the rows have in common, in front of its indexes

    def order_choices(self) -> dict[str, Order]:
        domain = ("domain_id",) if self.request.query_params.get("domain") else ()
        return {name: Order(field, "address", first=(*domain, *self.leading)) for name, field in self.sorts.items()}

    def narrow(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        if domain := domain_parameter(self.request):
            rows = rows.filter(only("domain_id", domain))
        if (active := flag(self.request, "active")) is not None:
            rows = rows.filter(active=active)
        return self.search(rows, text) if (text := self.request.query_params.get("q")) else rows

    @abstractmethod
    def search(self, rows: QuerySet[Row], text: str) -> QuerySet[Row]:
        """Those that begin with the text."""

    def live_keys(self, row: Any) -> list[str]:
        return [row.pk, row.domain_id]

    def existing_url(self, code: str) -> str | None:
        return reverse(TAKEN_BY[code], args=[self.given_key()]) if code in TAKEN_BY else None


class MailboxResource(AddressResource[Mailbox]):
    scope = "mailboxes"
    model = Mailbox
    serializer_class = MailboxFields
    sorts = {"address": "address", "name": "name_key"}
    renames = True
    field_names = {"local_part": "address", "targets": "forwarding", "to": "set_up_link"}

    def normalise_key(self, key: str) -> str:
        return normalise_address(key)

    def rows(self) -> QuerySet[Mailbox]:
        return with_all(super().rows())

    def search(self, rows: QuerySet[Mailbox], text: str) -> QuerySet[Mailbox]:
        return rows.filter(address__in=matching_mailboxes(rows, text))

    def tag(self, row: Any) -> str:
        """Its forwarding is in another row."""
        return hashlib.sha256(f"{revision(row)} {row.goto}".encode()).hexdigest()[:16]

    def add(self, fields: dict[str, Any]) -> Mailbox:
        changes = _stored(fields)
        local_part, domain_name = split_address(at_field("local_part", normalise_address, changes.pop("address")))
        given = {name: changes.pop(name) for name in CREATED_WITH if name in changes}
        # Not asked for before the service has asked who may: nobody learns here which domains there are.
        given |= {"domain": Domain(name=domain_name), "local_part": local_part}
        if to := changes.pop("set_up_link", None):
            mailbox = create_mailbox_by_link(to=to, **given, actor=self.actor)
        else:
            mailbox = create_mailbox(**given, actor=self.actor)
        changes.pop("keep_alias", None)
        return change_mailbox(mailbox=mailbox, changes=changes, actor=self.actor) if changes else mailbox

    def edit(self, row: Mailbox, fields: dict[str, Any]) -> Mailbox:
        changes = _stored(fields)
        to = changes.pop("set_up_link", None)
        row = change_mailbox(mailbox=row, changes=changes, actor=self.actor)
        if to and self.request.method == "PATCH":  # a PUT that is sent again takes nobody's password away
            send_mailbox_set_up(mailbox=row, to=to, actor=self.actor)
        return row

    def remove(self, row: Mailbox) -> None:
        delete_mailbox(mailbox=row, actor=self.actor)

    def url_of(self, row: Mailbox) -> str:
        return reverse("api:mailboxes", args=[row.pk])


def with_all(rows: QuerySet[Mailbox]) -> QuerySet[Mailbox]:
    """With what is in other tables, found by their keys in the same query. No join of the domains: MariaDB would begin
    with them, and sort all their mailboxes."""
    of_it = {"pk": OuterRef("pk")}
    told_to_change = Account.objects.filter(mailbox=OuterRef("pk"), password_change_required=True)
    return rows.prefetch_related("domain").annotate(
        goto=Coalesce(Subquery(Alias.objects.filter(**of_it).values("goto")), "address", output_field=TextField()),
        used_bytes=Coalesce(Subquery(MailboxUsage.objects.filter(**of_it).values("bytes")), Value(0)),
        must_change=Exists(told_to_change),
    )


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    """Under the services' names."""
    return {"targets" if name == "forwarding" else name: value for name, value in fields.items()}
