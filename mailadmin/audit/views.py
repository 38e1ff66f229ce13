from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from mailadmin.accounts.access import AdministratorRequired
from mailadmin.accounts.models import Role
from mailadmin.audit.forms import AuditFilters, action_label
from mailadmin.audit.models import Entry
from mailadmin.audit.words import field_label
from mailadmin.pages.finding import typed_address
from mailadmin.pages.lists import Column, CsvExport, FilterForm, KeysetList
from mailadmin.pages.trail import Crumb


class AuditList(KeysetList):
    model = Entry
    key = "id"
    default_sort = "-id"
    domain_column = "domain_name"
    title = gettext_lazy("Audit")
    lead = gettext_lazy("Every change, who made it, and what it changed. Nothing here can be edited or removed.")
    search_label = gettext_lazy("Object, the whole address or domain")
    rows_template = "audit/_rows.html"
    filter_form = AuditFilters
    empty_icon = "audit"
    empty_title = gettext_lazy("Nothing was changed yet")
    columns = (
        Column(gettext_lazy("Action")),
        Column(gettext_lazy("Object")),
        Column(gettext_lazy("Who")),
        Column(gettext_lazy("Time"), sort="id"),
    )

    def narrow(self, rows: QuerySet[Entry], filters: FilterForm) -> QuerySet[Entry]:
        equal = {
            "object_key": typed_address(filters.value("q")),
            "actor": filters.value("actor").strip().lower(),
            "action": filters.value("action"),
            "domain_name": filters.value("domain"),
        }
        rows = rows.filter(**{field: value for field, value in equal.items() if value})
        if since := filters.value("since"):
            rows = rows.filter(at__gte=_midnight(since))
        if until := filters.value("until"):
            rows = rows.filter(at__lt=_midnight(until + timedelta(days=1)))
        return rows

    def extra(self) -> dict[str, Any]:
        return {"export_url": reverse("audit:export")}


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class AuditExport(CsvExport, AuditList):
    export_name = "audit"
    cells = (
        ("time", lambda row: row.at),
        ("actor", lambda row: row.actor),
        ("face", lambda row: row.face),
        ("client_address", lambda row: row.client_address),
        ("action", lambda row: row.action),
        ("object_type", lambda row: row.object_type),
        ("object", lambda row: row.object_key),
        ("domain", lambda row: row.domain_name),
        ("before", lambda row: json.dumps(row.before, ensure_ascii=False)),
        ("after", lambda row: json.dumps(row.after, ensure_ascii=False)),
    )


class AuditDetail(AdministratorRequired, View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        entry = get_object_or_404(Entry.objects.visible_to(self.actor), pk=pk)
        context = {
            "entry": entry,
            "fields": fields_of(entry),
            "title": action_label(entry.action),
            "breadcrumbs": [Crumb(_("Audit"), reverse("audit:list")), Crumb(f"#{entry.pk}")],
        }
        return render(request, "audit/detail.html", context)


def fields_of(entry: Entry) -> list[dict[str, Any]]:
    """Field by field what it was and what it is; a side that is not there is None."""
    return [
        {
            "name": name,
            "label": field_label(name),
            "before": _shown(name, entry.before.get(name)),
            "after": _shown(name, entry.after.get(name)),
        }
        for name in sorted(entry.before.keys() | entry.after.keys())
    ]


def _shown(name: str, value: Any) -> str | None:
    if name == "role" and value is not None:
        return str(dict(Role.choices).get(value, value))
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return json.dumps(value, ensure_ascii=False)
