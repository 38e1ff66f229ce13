from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from domains.forms import DomainFilters
from domains.models import AliasDomain, Domain
from domains.rules import can_add_domain, can_change_addresses, can_change_domain
from mailadmin.accounts.access import AdministratorRequired
from mailadmin.audit.models import Entry
from mailadmin.pages import live
from mailadmin.pages.acts import REFERENCES_SHOWN
from mailadmin.pages.finding import typed_domain
from mailadmin.pages.keyset import starts_with
from mailadmin.pages.lists import Column, CsvExport, FilterForm, KeysetList

from .trail import crumbs, usage_of

ENTRIES_SHOWN = 8


class DomainList(KeysetList):
    model = Domain
    key = "name"
    title = gettext_lazy("Domains")
    search_label = gettext_lazy("Domain begins with")
    rows_template = "domains/_rows.html"
    filter_form = DomainFilters
    empty_icon = "domain"
    empty_title = gettext_lazy("No domains yet")
    empty_text = gettext_lazy("Mailboxes and aliases live in a domain. Add the first one.")
    columns = (
        Column(gettext_lazy("Domain"), sort="name"),
        Column(gettext_lazy("Mailboxes")),
        Column(gettext_lazy("Aliases")),
        Column(gettext_lazy("Quota given")),
        Column(gettext_lazy("State")),
        Column(""),
    )

    def rows(self) -> QuerySet[Domain]:
        return super().rows().select_related("usage")

    def narrow(self, rows: QuerySet[Domain], filters: FilterForm) -> QuerySet[Domain]:
        if text := filters.value("q"):
            rows = rows.filter(starts_with("name", typed_domain(text)))
        if state := filters.value("state"):
            rows = rows.filter(active=state == "on")
        return rows

    def dress(self, rows: list[Domain]) -> None:
        live.dress(rows)
        names = [domain.pk for domain in rows]
        targets = dict(AliasDomain.objects.filter(pk__in=names).values_list("pk", "target_id"))
        for domain in rows:
            domain.counts = usage_of(domain)  # type: ignore[attr-defined]  # for the template
            domain.alias_of = targets.get(domain.pk, "")  # type: ignore[attr-defined]

    def extra(self) -> dict[str, Any]:
        if not can_add_domain(self.actor):
            return {"export_url": reverse("domains:export")}
        return {
            "export_url": reverse("domains:export"),
            "add_links": [{"url": reverse("domains:create"), "label": _("Add a domain")}],
            "may_change": True,
            "bulk": [
                {"url": reverse("domains:bulk_on"), "label": _("Switch on"), "icon": "power"},
                {"url": reverse("domains:bulk_off"), "label": _("Switch off"), "icon": "power"},
                {"url": reverse("domains:bulk_delete"), "label": _("Delete"), "icon": "trash", "danger": True},
            ],
        }


class DomainExport(CsvExport, DomainList):
    export_name = "domains"
    cells = (
        ("domain", lambda row: row.pk),
        ("description", lambda row: row.description),
        ("active", lambda row: row.active),
        ("mailboxes", lambda row: row.counts.mailboxes),
        ("max_mailboxes", lambda row: row.max_mailboxes),
        ("aliases", lambda row: row.counts.aliases),
        ("max_aliases", lambda row: row.max_aliases),
        ("quota_given_bytes", lambda row: row.counts.quota_bytes),
        ("quota_mb", lambda row: row.quota_mb),
        ("max_quota_mb", lambda row: row.max_quota_mb),
        ("transport", lambda row: row.transport),
        ("backup_mx", lambda row: row.backup_mx),
        ("created", lambda row: row.created_at),
        ("changed", lambda row: row.modified_at),
    )


class DomainDetail(AdministratorRequired, View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        visible = Domain.objects.visible_to(self.actor).select_related("usage")
        domain = get_object_or_404(visible, pk=name)
        live.dress([domain])
        context = {
            "domain": domain,
            "counts": usage_of(domain),
            "target": AliasDomain.objects.filter(pk=domain.pk).select_related("target").first(),
            "alias_domains": AliasDomain.objects.filter(target=domain).order_by("name")[:REFERENCES_SHOWN],
            "administrators": domain.administrators.order_by("email") if self.actor.is_superadmin else (),
            "entries": Entry.objects.filter(domain_name=domain.pk).order_by("-id")[:ENTRIES_SHOWN],
            "may_change": can_change_domain(self.actor, domain.pk),
            "may_add": can_change_addresses(self.actor, domain.pk),
            "section": "overview",
            "title": str(domain),
            "breadcrumbs": crumbs(domain),
        }
        return render(request, "domains/detail.html", context)
