"""Files that come in and go out: sent, looked through line by line, done, and reported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from bulk import services
from bulk.exporting import cells_of, columns_of, rows_of
from bulk.forms import ImportForm, LineFilters
from bulk.kinds import KINDS
from bulk.models import Action, Import, Kind, Mode
from bulk.reports import HEAD, report, results
from mailadmin.accounts.access import AdministratorRequired, RecentlyAuthenticated
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.exports import csv_response
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.keyset import PAGE_ROWS
from mailadmin.pages.lists import Column, FilterForm, KeysetList
from mailadmin.pages.trail import Crumb


def crumbs(here: str) -> list[Crumb]:
    return [Crumb(_("Imports and exports"), reverse("bulk:list")), Crumb(here)]


def kinds_for(superadmin: bool) -> list[tuple[str, Any]]:
    return [(kind, label) for kind, label in Kind.choices if superadmin or kind != Kind.DOMAINS]


class ImportList(KeysetList):
    template_name = "bulk/list.html"
    model = Import
    key = "id"
    default_sort = "-id"
    title = gettext_lazy("Imports and exports")
    lead = gettext_lazy("Many mailboxes, aliases or domains at once, from a spreadsheet and into one.")
    search_label = gettext_lazy("Name of the file")
    rows_template = "bulk/_rows.html"
    empty_icon = "archive"
    empty_title = gettext_lazy("Nothing was imported lately")
    empty_text = gettext_lazy("A file is looked through first: nothing is done before you say so.")
    columns = (
        Column(gettext_lazy("File")),
        Column(gettext_lazy("Lines"), css="num"),
        Column(gettext_lazy("Since"), sort="id"),
        Column(gettext_lazy("State")),
    )

    def narrow(self, rows: QuerySet[Import], filters: FilterForm) -> QuerySet[Import]:
        """They are kept for a month: there are not too many to look through."""
        return rows.filter(file_name__icontains=filters.value("q")) if filters.value("q") else rows

    def extra(self) -> dict[str, Any]:
        return {
            "add_links": [{"url": reverse("bulk:add"), "label": _("Import a file")}],
            "kinds": kinds_for(self.actor.is_superadmin),
        }


class ImportAdd(ServiceFormView):
    takes_files = True
    template_name = "bulk/add.html"
    form_class = ImportForm
    title = gettext_lazy("Import a file")
    lead = gettext_lazy("First it is only looked through: nothing is done before you say so.")
    button = gettext_lazy("Look through the file")

    def save(self, form: ServiceForm) -> Import:
        file = form.cleaned_data["file"]
        return services.start_import(**{**form.changes, "file": file}, file_name=file.name, actor=self.actor)

    def done(self, result: Import) -> str:
        return _("The file is here, and is being looked through.")

    def done_url(self, result: Import) -> str:
        return reverse("bulk:detail", args=[result.pk])

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        """Without the word about the mail host, which has nothing to do yet."""
        try:
            result = self.save(form)
        except ValidationError as error:
            return self.refused(form, error)
        messages.info(self.request, self.done(result))
        return HttpResponseRedirect(self.done_url(result))

    def back_url(self) -> str:
        return reverse("bulk:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(_("Import a file"))

    def page(self, **more: Any) -> dict[str, Any]:
        told = [(label, list(KINDS[kind].columns)) for kind, label in kinds_for(self.actor.is_superadmin)]
        return super().page(columns_of_kinds=told, **more)


class OneImport(AdministratorRequired):
    """The import that the URL names, seen or 404."""

    request: HttpRequest
    kwargs: dict[str, Any]

    def find(self) -> Import:
        return get_object_or_404(Import.objects.visible_to(self.actor), pk=self.kwargs["pk"])


class ImportDetail(OneImport, View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row, filters = self.find(), LineFilters(request.GET)
        action, after = filters.cleaned_data.get("action") or "", filters.cleaned_data.get("after") or 0
        shown, following = results(row, action, after=after, limit=PAGE_ROWS)
        context = {
            "object": row,
            "import": row,
            "lines": shown,
            "action": action,
            "after": after,
            "following": following,
            "tabs": [("", filters.fields["action"].choices[0][1], row.lines), *_tabs(row)],  # type: ignore[attr-defined]
            "title": str(row),
            "breadcrumbs": crumbs(str(row)),
        }
        return render(request, "bulk/detail.html", context)


def _tabs(row: Import) -> list[tuple[str, Any, int]]:
    return [(action, label, row.counts[action]) for action, label in Action.choices if row.counts[action]]


class ImportProgress(OneImport, View):
    """The part of the page that says how far it is; once it is further, the page itself."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.find()
        response = render(request, "bulk/_progress.html", {"import": row})
        if not row.is_at_work:
            response["HX-Refresh"] = "true"
        return response


class ImportAct(OneImport, View, ABC):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.find()
        try:
            self.act(row)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(reverse("bulk:detail", args=[row.pk]))

    @abstractmethod
    def act(self, row: Import) -> None:
        """Call the service."""


class ImportApply(RecentlyAuthenticated, ImportAct):
    """Passwords of others may be in it."""

    def act(self, row: Import) -> None:
        mode = self.request.POST.get("mode", "")
        services.apply_import(row=row, mode=mode if mode in Mode.values else Mode.ALL, actor=self.actor)


class ImportCancel(ImportAct):
    def act(self, row: Import) -> None:
        services.cancel_import(row=row, actor=self.actor)


class ImportReport(OneImport, View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.find()
        return csv_response(f"import-{row.pk}.csv", HEAD, report(row))


class Export(AdministratorRequired, View):
    """A file that can be imported again."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in Kind.values:
            raise Http404
        columns = columns_of(kind)
        rows: QuerySet[Any] = rows_of(kind, "", self.actor)
        return csv_response(f"{kind}.csv", columns, cells_of(rows, columns))
