from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from domains.models import Domain
from mailadmin.addresses import normalise_address, normalise_domain, split_address
from mailadmin.api.fields import Fields, Flag, Text, Whole
from mailadmin.api.requests import domain_parameter
from mailadmin.api.resources import Resource
from mailadmin.errors import at_field, refuse
from mailadmin.pages.finding import typed_address
from mailadmin.pages.keyset import Order
from mailboxes.models import Mailbox
from people.models import Onboarding
from people.reading import COMING, ITEMS_AT_MOST
from people.services.onboarding import known_person, onboard

from .made import optional, template_named


def addresses_field(text: str, **options: Any) -> serializers.ListField:
    return serializers.ListField(child=Text(), required=False, max_length=ITEMS_AT_MOST, help_text=text, **options)


class PersonFields(Fields):
    name = optional("What the mailbox is called; without it the names, given name first.")
    given_name = optional(max_length=120)
    family_name = optional(max_length=120)
    external_id = optional("The personnel system's own key, one person's everywhere.")
    employee_number = optional("One person's within the domain.", max_length=64)
    department = optional("It also chooses the template.", max_length=120)
    title = optional(max_length=120)
    manager = optional("Whatever the personnel system calls them by.")
    cost_center = optional(max_length=120)
    organization = optional(max_length=120)
    division = optional(max_length=120)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The template does the rest",
            request_only=True,
            value={
                "domain": "example.org",
                "person": {"external_id": "4711", "given_name": "Joe", "family_name": "Doe", "department": "Sales"},
                "recovery_address": "joe@elsewhere.test",
            },
        )
    ]
)
class OnboardingFields(Fields):
    id = serializers.IntegerField(read_only=True)
    domain = Text(required=False, source="domain_name", help_text="Where the template's rules make the address.")
    address = Text(required=False, help_text="Instead of `domain`, to say it yourself.")
    person = PersonFields(write_only=True)
    template = Text(required=False, source="template_name", max_length=64, help_text="Instead of the one that fits.")
    # In the row these are below `made`; so a request's arrive together as well.
    aliases = addresses_field("New ones that lead to the mailbox.", source="made.aliases")
    groups = addresses_field("Aliases that are there, and get the mailbox as a target.", source="made.groups")
    forwarding = addresses_field("Where its mail goes on to.", source="made.forwarding")
    keep_copy = Flag(required=False, write_only=True, help_text="Whether mail that is forwarded stays here too.")
    quota_bytes = Whole(required=False, write_only=True, min_value=0, help_text="0 is no limit.")
    language = optional("Of the portal, and of the mails to the person.", write_only=True, max_length=35)
    recovery_address = optional("Where links to choose a password go.", write_only=True)
    invitation = Flag(required=False, write_only=True, help_text="A link to choose a password; by default without one.")
    password = Text(required=False, write_only=True, max_length=1024)
    password_hash = Text(required=False, write_only=True, help_text="With its {SCHEME}, as `doveadm pw` prints it.")
    must_change = Flag(required=False, write_only=True, help_text="The person has to choose another one at once.")
    invitation_sent_to = serializers.CharField(read_only=True, source="made.invitation")
    links = serializers.SerializerMethodField(help_text="Each address, and where it is in this API.")
    created_at = serializers.DateTimeField(read_only=True)
    created_by = serializers.CharField(read_only=True)
    live = serializers.BooleanField(read_only=True, help_text="Every mail host has the present state.")

    def get_links(self, row: Onboarding) -> dict[str, str]:
        aliases = {each: reverse("api:aliases", args=[each]) for each in (*row.made["aliases"], *row.made["groups"])}
        return {row.address: reverse("api:mailboxes", args=[row.address]), **aliases}


class OnboardingResource(Resource[Onboarding]):
    scope = "onboardings"
    model = Onboarding
    serializer_class = OnboardingFields
    key_field = "id"
    orders = {"id": Order("id", "id", descending=True)}
    filters = ("domain", "external_id", "address")
    field_names = {str(name): f"person.{name}" for name in PersonFields().fields} | {"local_part": "address"}

    def narrow(self, rows: QuerySet[Onboarding]) -> QuerySet[Onboarding]:
        if domain := domain_parameter(self.request):
            rows = rows.filter(domain_name=domain)
        asked = self.request.query_params.dict()
        equal = {"address": typed_address(asked.get("address", "")), "external_id": asked.get("external_id")}
        return rows.filter(**{name: value for name, value in equal.items() if value})

    def add(self, fields: dict[str, Any]) -> Onboarding:
        domain = self._domain(fields.pop("domain_name", ""), address := fields.pop("address", ""))
        person, template = fields.pop("person"), template_named(fields.pop("template_name", ""), self.actor)
        if not address:
            self._refuse_unknown(person)
        given = {name: fields[name] for name in ("recovery_address", "password", "password_hash") if name in fields}
        said = {**fields, **fields.get("made", {})}
        wishes = {name: said[name] for name in COMING if name in said}
        return onboard(
            domain=domain, person=person, address=address, template=template, wishes=wishes, **given, actor=self.actor
        )

    def _domain(self, name: str, address: str) -> Domain:
        """Whether it is there is for the service to say, once it has asked who may."""
        if address:
            of_address = split_address(at_field("address", normalise_address, address))[1]
            return Domain(name=at_field("domain", normalise_domain, name) if name else of_address)
        if not name:
            refuse("domain", _("Give the domain, or the address."), "required")
        return Domain(name=at_field("domain", normalise_domain, name))

    def _refuse_unknown(self, person: dict[str, Any]) -> None:
        """Sent again after a time-out, it would make the same person another address."""
        known = person.get("external_id") or person.get("employee_number")
        if not known and "Idempotency-Key" not in self.request.headers:
            text = _("Give an external id, an employee number, an address, or an Idempotency-Key.")
            refuse("external_id", text, "person_anonymous")

    def existing_url(self, code: str) -> str | None:
        data = cast(dict[str, Any], self.request.data)  # of what was refused for something in it
        address = normalise_address(data["address"]) if "address" in data else ""
        if code == "person_exists":
            name = split_address(address)[1] or normalise_domain(data["domain"])
            person = known_person(name, data["person"])
            address = person.mailbox_id if person else ""
        there = Mailbox.objects.visible_to(self.actor).filter(pk=address).exists()
        return reverse("api:mailboxes", args=[address]) if there else None

    def live_keys(self, row: Onboarding) -> list[str]:
        return [row.address, *row.made["aliases"], *row.made["groups"]]

    def url_of(self, row: Onboarding) -> str:
        return reverse("api:onboardings", args=[row.pk])
