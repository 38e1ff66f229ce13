from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from aliases.models import Alias
from aliases.services import references_to
from domains.models import Domain
from domains.views.trail import usage_of
from mailadmin.accounts.access import AdministratorRequired
from mailadmin.accounts.factors import mailbox_has_second_factor
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import PendingWork
from mailadmin.pages import live
from mailadmin.pages.acts import shown
from mailadmin.pages.finding import matching_mailboxes
from mailadmin.pages.keyset import only
from mailadmin.pages.lists import Column, CsvExport, FilterForm, KeysetList, page_or_part
from mailadmin.pages.trail import Crumb
from mailboxes.forms import ArchiveFilters, MailboxFilters
from mailboxes.models import ArchivedMailbox, Mailbox, MailboxUsage
from mailboxes.rules import can_change_mailbox
from people.models import Offboarding
from vacations.services import vacation_of

ENTRIES_SHOWN = 8


def crumbs(mailbox: Mailbox | None = None, here: str = "") -> list[Crumb]:
    trail = [Crumb(_("Mailboxes"), reverse("mailboxes:list"))]
    if mailbox is not None:
        trail += [
            Crumb(str(mailbox.domain), reverse("domains:detail", args=[mailbox.domain_id])),
            Crumb(str(mailbox), reverse("mailboxes:detail", args=[mailbox.pk]) if here else ""),
        ]
    return [*trail, Crumb(here)] if here else trail


class MailboxList(KeysetList):
    model = Mailbox
    key = "address"
    domain_column = "domain_id"
    domain_leads = True
    title = gettext_lazy("Mailboxes")
    search_label = gettext_lazy("Address or name begins with")
    template_name = "mailboxes/list.html"
    rows_template = "mailboxes/_rows.html"
    filter_form = MailboxFilters
    empty_icon = "mailbox"
    empty_title = gettext_lazy("No mailboxes yet")
    empty_text = gettext_lazy("A mailbox has an address, a password and a quota.")

    def get_columns(self) -> list[Column]:
        # By quota only within a domain: there the index gives the order.
        by_quota = "quota_bytes" if self.filters.value("domain") else ""
        by_name = "" if self.filters.value("domain") else "name_key"
        return [
            Column(_("Address"), sort="address"),
            Column(_("Name"), sort=by_name),
            Column(_("Space in use"), sort=by_quota),
            Column(_("State")),
            Column(""),
        ]

    def rows(self) -> QuerySet[Mailbox]:
        return super().rows().defer("password", "token", "totp_secret")

    def narrow(self, rows: QuerySet[Mailbox], filters: FilterForm) -> QuerySet[Mailbox]:
        if domain := filters.value("domain"):
            rows = rows.filter(only("domain_id", domain))
        if state := filters.value("state"):
            rows = rows.filter(active=state == "on")
        if text := filters.value("q"):
            rows = self.find(rows, text)
        return rows

    def find(self, rows: QuerySet[Mailbox], text: str) -> QuerySet[Mailbox]:
        return rows.filter(address__in=matching_mailboxes(rows, text))

    def dress(self, rows: list[Mailbox]) -> None:
        live.dress(rows)
        keys = [mailbox.pk for mailbox in rows]
        used = dict(MailboxUsage.objects.filter(pk__in=keys).values_list("pk", "bytes"))
        forwardings = {alias.pk: alias for alias in Alias.objects.filter(pk__in=keys, self_only=False)}
        for mailbox in rows:
            mailbox.used_bytes = used.get(mailbox.pk, 0)  # type: ignore[attr-defined]  # for the template
            mailbox.forwarding = forwardings.get(mailbox.pk)  # type: ignore[attr-defined]

    def extra(self) -> dict[str, Any]:
        return {
            "export_url": reverse("mailboxes:export"),
            "add_links": [{"url": self._add_url(), "label": _("Add a mailbox")}],
            "bulk": [
                {"url": reverse("mailboxes:bulk_on"), "label": _("Switch on"), "icon": "power"},
                {"url": reverse("mailboxes:bulk_off"), "label": _("Switch off"), "icon": "power"},
                {"url": reverse("mailboxes:bulk_delete"), "label": _("Delete"), "icon": "trash", "danger": True},
            ],
            **domain_section(self, "mailboxes"),
        }

    def _add_url(self) -> str:
        domain = self.filters.value("domain")
        return reverse("mailboxes:create") + (f"?domain={domain}" if domain else "")


def domain_section(view: KeysetList, section: str) -> dict[str, Any]:
    """A list that is narrowed to one domain is one of that domain's sections."""
    name = view.filters.value("domain")
    if not name:
        return {}
    domain = Domain.objects.visible_to(view.actor).select_related("usage").filter(pk=name).first()
    if domain is None:
        return {}
    trail = [Crumb(_("Domains"), reverse("domains:list")), Crumb(str(domain), reverse("domains:detail", args=[name]))]
    return {
        "domain": domain,
        "counts": usage_of(domain),
        "section": section,
        "title": str(domain),
        "breadcrumbs": [*trail, Crumb(view.title)],
    }


class MailboxExport(CsvExport, MailboxList):
    export_name = "mailboxes"
    cells = (
        ("address", lambda row: row.pk),
        ("name", lambda row: row.name),
        ("active", lambda row: row.active),
        ("quota_bytes", lambda row: row.quota_bytes),
        ("used_bytes", lambda row: row.used_bytes),
        ("forwarding", lambda row: row.forwarding.goto if row.forwarding else ""),
        ("created", lambda row: row.created_at),
        ("changed", lambda row: row.modified_at),
    )

    def find(self, rows: QuerySet[Mailbox], text: str) -> QuerySet[Mailbox]:
        """All of them, however long it takes."""
        return rows.filter(address__in=matching_mailboxes(rows, text, at_most=None))


class MailboxDetail(AdministratorRequired, View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, address: str) -> HttpResponse:
        visible = Mailbox.objects.visible_to(self.actor).select_related("domain", "account", "person")
        mailbox = get_object_or_404(visible, pk=address)
        live.dress([mailbox])
        forwarding = Alias.objects.filter(pk=address).first()
        context = {
            "mailbox": mailbox,
            "usage": MailboxUsage.objects.filter(pk=address).first(),
            "targets": [target for target in forwarding.targets if target != address] if forwarding else [],
            "keeps_copy": forwarding is None or address in forwarding.targets,
            "vacation": vacation_of(mailbox),
            "leaving": Offboarding.objects.open().filter(address=address).first(),
            "has_second_factor": mailbox_has_second_factor(mailbox),
            "work": PendingWork.objects.open().filter(key=address).exclude(error="")[:3],
            "entries": Entry.objects.filter(object_key=address).order_by("-id")[:ENTRIES_SHOWN],
            "may_change": can_change_mailbox(self.actor, mailbox),
            "title": str(mailbox),
            "lead": mailbox.name,
            "breadcrumbs": crumbs(mailbox),
        }
        return render(request, "mailboxes/detail.html", context)


class MailboxReferences(AdministratorRequired, View):
    """What points at a mailbox. All targets have to be read for it, so the mailbox's page asks for it by itself."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, address: str) -> HttpResponse:
        mailbox = get_object_or_404(Mailbox.objects.visible_to(self.actor).select_related("domain"), pk=address)
        context = {
            "mailbox": mailbox,
            "asked": True,
            **shown(references_to([address]), self.actor),
            "title": _("What points at %(address)s") % {"address": mailbox},
            "breadcrumbs": crumbs(mailbox, _("What points at it")),
        }
        return page_or_part(request, "mailboxes/references.html", "mailboxes/_references.html", context)


class ArchiveList(KeysetList):
    model = ArchivedMailbox
    key = "id"
    default_sort = "-id"
    title = gettext_lazy("Deleted mailboxes")
    lead = gettext_lazy("A deleted mailbox is kept with its mail for some time, and can be brought back until then.")
    search_label = gettext_lazy("Address begins with")
    rows_template = "mailboxes/_archive_rows.html"
    filter_form = ArchiveFilters
    empty_icon = "archive"
    empty_title = gettext_lazy("Nothing in the archive")
    empty_text = gettext_lazy("Mailboxes that are deleted show up here.")
    columns = (
        Column(gettext_lazy("Address")),
        Column(gettext_lazy("Deleted"), sort="id"),
        Column(gettext_lazy("Kept until")),
        Column(""),
    )

    def rows(self) -> QuerySet[ArchivedMailbox]:
        return super().rows().restorable().defer("mailbox_row", "alias_row")  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[ArchivedMailbox], filters: FilterForm) -> QuerySet[ArchivedMailbox]:
        if domain := filters.value("domain"):
            rows = rows.filter(domain_name=domain)
        if text := filters.value("q"):
            rows = rows.filter(address__startswith=text.lower())
        return rows
