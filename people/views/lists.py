from __future__ import annotations

from typing import Any

from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from domains.rules import can_change_addresses
from mailadmin.accounts.access import AdministratorRequired
from mailadmin.audit.models import Entry
from mailadmin.pages.lists import Column, FilterForm, KeysetList
from mailadmin.pages.trail import Crumb
from mailboxes.models import Mailbox
from people.forms import DomainFilters, OffboardingFilters
from people.models import Offboarding, Onboarding, ReservedAddress, Template
from people.rules import can_change_template

ENTRIES_SHOWN = 8


def crumbs(*trail: Crumb) -> list[Crumb]:
    return [Crumb(_("People"), reverse("people:onboarding_list")), *trail]


class PeopleList(KeysetList):
    """One of the sections."""

    template_name = "people/list.html"
    key = "id"
    default_sort = "-id"
    filter_form = DomainFilters
    search_label = gettext_lazy("Address begins with")
    section: str

    def narrow(self, rows: QuerySet[Any], filters: FilterForm) -> QuerySet[Any]:
        if domain := filters.value("domain"):
            rows = rows.filter(domain_name=domain)
        if text := filters.value("q"):
            rows = rows.filter(address__startswith=text.lower())
        return rows

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(Crumb(self.title))


class OnboardingList(PeopleList):
    model = Onboarding
    section = "onboardings"
    title = gettext_lazy("Onboarded")
    rows_template = "people/_onboarding_rows.html"
    empty_icon = "person"
    empty_title = gettext_lazy("Nobody yet")
    empty_text = gettext_lazy("A person is given a mailbox and all that belongs to it at once.")
    columns = (
        Column(gettext_lazy("Person")),
        Column(gettext_lazy("Address")),
        Column(gettext_lazy("Template")),
        Column(gettext_lazy("When"), sort="id"),
    )

    def dress(self, rows: list[Onboarding]) -> None:
        there = set(Mailbox.objects.filter(pk__in=[row.address for row in rows]).values_list("pk", flat=True))
        for row in rows:
            row.is_there = row.address in there  # type: ignore[attr-defined]  # for the template

    def extra(self) -> dict[str, Any]:
        return {"add_links": [{"url": reverse("people:onboarding_add"), "label": _("Onboard a person")}]}


class OffboardingList(PeopleList):
    model = Offboarding
    section = "offboardings"
    title = gettext_lazy("Leaving")
    lead = gettext_lazy("Each begins on the page of the person's mailbox, and can be undone until the mail is removed.")
    rows_template = "people/_offboarding_rows.html"
    filter_form = OffboardingFilters
    empty_icon = "clock"
    empty_title = gettext_lazy("Nobody is leaving")
    columns = (
        Column(gettext_lazy("Person")),
        Column(gettext_lazy("Leaves")),
        Column(gettext_lazy("State")),
        Column(gettext_lazy("Next step")),
    )

    def rows(self) -> QuerySet[Offboarding]:
        return super().rows().annotate(next_at=Min("steps__due_at", filter=Q(steps__done_at=None)))

    def narrow(self, rows: QuerySet[Any], filters: FilterForm) -> QuerySet[Any]:
        rows = super().narrow(rows, filters)
        return rows.filter(state=state) if (state := filters.value("state")) else rows


class TemplateList(PeopleList):
    model = Template
    section = "templates"
    default_sort = "name"
    title = gettext_lazy("Templates")
    lead = gettext_lazy("What fills in whatever is left open when a person comes or leaves.")
    search_label = gettext_lazy("Name begins with")
    rows_template = "people/_template_rows.html"
    empty_icon = "edit"
    empty_title = gettext_lazy("No templates yet")
    empty_text = gettext_lazy("Without one, the address is first.last, and the domain says the rest.")
    columns = (
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Domain")),
        Column(gettext_lazy("Department")),
        Column(gettext_lazy("Changed")),
    )

    def narrow(self, rows: QuerySet[Any], filters: FilterForm) -> QuerySet[Any]:
        if domain := filters.value("domain"):
            rows = rows.filter(domain_id=domain)
        if text := filters.value("q"):
            rows = rows.filter(name__istartswith=text)
        return rows.select_related("domain")

    def dress(self, rows: list[Template]) -> None:
        for row in rows:
            row.may_change = can_change_template(self.actor, row.domain_id)  # type: ignore[attr-defined]

    def extra(self) -> dict[str, Any]:
        return {"add_links": [{"url": reverse("people:template_add"), "label": _("Add a template")}]}


class ReservedList(PeopleList):
    model = ReservedAddress
    key = "address"
    section = "reserved"
    default_sort = "address"
    title = gettext_lazy("Addresses kept free")
    lead = gettext_lazy("They were somebody's who left: mail that is still sent to them must not reach anybody else.")
    rows_template = "people/_reserved_rows.html"
    empty_icon = "archive"
    empty_title = gettext_lazy("None")
    columns = (Column(gettext_lazy("Address"), sort="address"), Column(gettext_lazy("Until")), Column(""))

    def rows(self) -> QuerySet[ReservedAddress]:
        return super().rows().filter(until_at__gt=timezone.now()).select_related("offboarding")

    def narrow(self, rows: QuerySet[Any], filters: FilterForm) -> QuerySet[Any]:
        if domain := filters.value("domain"):
            rows = rows.filter(offboarding__domain_name=domain)
        if text := filters.value("q"):
            rows = rows.filter(address__startswith=text.lower())
        return rows


class OffboardingDetail(AdministratorRequired, View):
    """Its steps, each with its time."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        offboarding = get_object_or_404(Offboarding.objects.visible_to(self.actor), pk=pk)
        context = {
            "offboarding": offboarding,
            "steps": offboarding.steps.all(),
            "reserved": offboarding.reserved.all(),
            "entries": Entry.objects.filter(object_key=offboarding.address).order_by("-id")[:ENTRIES_SHOWN],
            "may_undo": offboarding.is_open and can_change_addresses(self.actor, offboarding.domain_name),
            "title": str(offboarding),
            "lead": offboarding.name,
            "breadcrumbs": crumbs(Crumb(_("Leaving"), reverse("people:offboarding_list")), Crumb(str(offboarding))),
        }
        return render(request, "people/offboarding.html", context)
