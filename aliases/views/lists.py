from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aliases.forms import AliasFilters
from aliases.models import Alias
from aliases.rules import ROLE_LOCAL_PARTS
from mailadmin.pages import live
from mailadmin.pages.finding import matching_aliases
from mailadmin.pages.keyset import only
from mailadmin.pages.lists import Column, CsvExport, FilterForm, KeysetList
from mailboxes.views.lists import domain_section


class AliasList(KeysetList):
    model = Alias
    key = "address"
    domain_column = "domain_id"
    domain_leads = True
    leading = ("self_only",)
    title = gettext_lazy("Aliases")
    search_label = gettext_lazy("Address begins with")
    template_name = "mailboxes/list.html"
    rows_template = "aliases/_rows.html"
    filter_form = AliasFilters
    empty_icon = "alias"
    empty_title = gettext_lazy("No aliases yet")
    empty_text = gettext_lazy("An alias hands its mail on to one or several addresses, here or elsewhere.")
    columns = (
        Column(gettext_lazy("Address"), sort="address"),
        Column(gettext_lazy("Goes to")),
        Column(gettext_lazy("State")),
        Column(""),
    )

    def rows(self) -> QuerySet[Alias]:
        return Alias.objects.visible_to(self.actor).filter(only("self_only", False)).without_mailboxes()

    def narrow(self, rows: QuerySet[Alias], filters: FilterForm) -> QuerySet[Alias]:
        if domain := filters.value("domain"):
            rows = rows.filter(only("domain_id", domain))
        if state := filters.value("state"):
            rows = rows.filter(active=state == "on")
        if text := filters.value("q"):
            rows = matching_aliases(rows, text)
        return rows

    def dress(self, rows: list[Alias]) -> None:
        live.dress(rows)
        for alias in rows:
            alias.reserved = self._reserved(alias)  # type: ignore[attr-defined]  # for the template

    def _reserved(self, alias: Alias) -> bool:
        """Without a query for each row: who sees an alias administers its domain, so only role addresses are kept
        from them."""
        reserved = not (self.actor.is_superadmin or settings.ROLE_ALIASES_FOR_DOMAIN_ADMINS)
        return reserved and alias.local_part in ROLE_LOCAL_PARTS

    def extra(self) -> dict[str, Any]:
        domain = self.filters.value("domain")
        return {
            "export_url": reverse("aliases:export"),
            "add_links": [
                {
                    "url": reverse("aliases:create") + (f"?domain={domain}" if domain else ""),
                    "label": _("Add an alias"),
                }
            ],
            "bulk": [
                {"url": reverse("aliases:bulk_on"), "label": _("Switch on"), "icon": "power"},
                {"url": reverse("aliases:bulk_off"), "label": _("Switch off"), "icon": "power"},
                {"url": reverse("aliases:bulk_delete"), "label": _("Delete"), "icon": "trash", "danger": True},
            ],
            **domain_section(self, "aliases"),
        }


class AliasExport(CsvExport, AliasList):
    export_name = "aliases"
    cells = (
        ("address", lambda row: row.pk),
        ("targets", lambda row: row.goto),
        ("description", lambda row: row.description),
        ("active", lambda row: row.active),
        ("created", lambda row: row.created_at),
        ("changed", lambda row: row.modified_at),
    )
