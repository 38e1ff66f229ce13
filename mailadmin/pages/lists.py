"""A list of rows: filtered, sorted, paged by key, exported. The rooms say which rows and which columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views import View

from domains.models import Domain
from mailadmin.accounts.access import AdministratorRequired
from mailadmin.addresses import normalise_domain, show_domain

from .exports import csv_response
from .keyset import Order, in_batches, only, page_of
from .trail import Crumb

CURSORS = ("after", "before", "last")
PARTS_AT_MOST = 10


@dataclass(frozen=True)
class Column:
    """`sort` names the field that a click on the heading orders by; a field without an index has none."""

    label: Any
    sort: str = ""
    css: str = ""


@dataclass(frozen=True)
class Heading:
    label: Any
    css: str
    url: str = ""
    aria_sort: str = ""  # ascending, descending, or empty


class FilterForm(forms.Form):
    """What narrows a list, from the address of the page. A value that is wrong narrows nothing."""

    q = forms.CharField(required=False, max_length=254, strip=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_valid()

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name) or ""

    @property
    def in_use(self) -> bool:
        return any(self.cleaned_data.values())

    @property
    def others(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "q"]


class StateField(forms.ChoiceField):
    """All, or the active ones, or those that are off."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", _("All")), ("on", _("Active")), ("off", _("Off"))]
        super().__init__(label=_("State"), required=False, choices=choices, **kwargs)


class DomainField(forms.CharField):
    """A domain as people write it; cleaned it is the stored name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Domain"))
        super().__init__(required=False, max_length=254, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return show_domain(value) if value else value

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return normalise_domain(text) if text else ""


class KeysetList(AdministratorRequired, View):
    """GET shows a page of the list; to htmx its changing part alone."""

    http_method_names = ["get", "head", "options"]
    template_name = "pages/list.html"
    partial_name = "pages/_list_part.html"
    model: ClassVar[type[Model]]
    key: ClassVar[str]  # the name of the primary key
    domain_column: ClassVar[str] = ""  # where the rows have their domain, if an index begins with it
    sorts_by_domain: ClassVar[Sequence[str]] = ()  # what else than the key such an index sorts by
    leading: ClassVar[tuple[str, ...]] = ()  # columns that `rows` narrows by `only`, in front of its indexes
    domain_leads: ClassVar[bool] = False  # whether it does so in the direction of that column
    columns: ClassVar[Sequence[Column]]
    rows_template: ClassVar[str]
    filter_form: ClassVar[type[FilterForm]] = FilterForm
    default_sort: ClassVar[str] = ""  # the key
    title: ClassVar[Any] = ""
    lead: ClassVar[Any] = ""
    search_label: ClassVar[Any] = _("Find")
    empty_icon: ClassVar[str] = "search"
    empty_title: ClassVar[Any] = _("Nothing here yet")
    empty_text: ClassVar[Any] = ""
    # Bulk acts: (URL, label, icon, whether it destroys), for those who may.
    bulk: ClassVar[Sequence[tuple[str, Any, str, bool]]] = ()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return page_or_part(request, self.template_name, self.partial_name, self.context())

    # -- What the rooms say
    def rows(self) -> QuerySet[Any]:
        """All rows that this actor may see."""
        return self.model._default_manager.visible_to(self.actor)  # type: ignore[attr-defined]  # every model of a list has it

    def narrow(self, rows: QuerySet[Any], filters: FilterForm) -> QuerySet[Any]:
        return rows

    def dress(self, rows: list[Any]) -> None:
        """Give the rows of the page what their cells need, each thing by one query for all of them."""

    def extra(self) -> dict[str, Any]:
        return {}

    def breadcrumbs(self) -> list[Crumb]:
        return []

    # -- The page
    @cached_property
    def filters(self) -> FilterForm:
        return self.filter_form(self.request.GET)

    @cached_property
    def order(self) -> Order:
        wanted = self.request.GET.get("sort", "")
        allowed = {column.sort for column in self.get_columns() if column.sort}
        if wanted.removeprefix("-") not in allowed:
            wanted = self.default_sort or self.key
        domain = (self.domain_column,) if self.domain_leads and self.filters.value("domain") else ()
        first = (*domain, *self.leading)
        return Order(wanted.removeprefix("-"), self.key, descending=wanted.startswith("-"), first=first)

    def get_columns(self) -> Sequence[Column]:
        return self.columns

    def queryset(self) -> QuerySet[Any]:
        return self.narrow(self.rows(), self.filters)

    def parts(self) -> tuple[list[QuerySet[Any]], Order]:
        """One query, or for an administrator of a few domains one for each: an index gives each its order."""
        rows = self.queryset()
        names = self._own_domains()
        if not names:
            return [rows], self.order
        if not self.domain_leads:
            return [rows.filter(**{self.domain_column: name}) for name in names], self.order
        order = replace(self.order, first=(self.domain_column, *self.leading))
        return [rows.filter(only(self.domain_column, name)) for name in names], order

    def _own_domains(self) -> list[str]:
        """The domains that are each asked for a page; none where one query for all is as good."""
        if not self.domain_column or self.actor.is_superadmin or self.filters.cleaned_data.get("domain"):
            return []
        if self.order.field not in (self.key, *self.sorts_by_domain):
            return []
        names = list(Domain.objects.visible_to(self.actor).values_list("pk", flat=True)[: PARTS_AT_MOST + 1])
        return names if len(names) <= PARTS_AT_MOST else []

    def context(self) -> dict[str, Any]:
        asked = self.request.GET
        parts, order = self.parts()
        page = page_of(
            parts,
            order,
            after=asked.get("after", ""),
            before=asked.get("before", ""),
            last="last" in asked,
        )
        self.dress(page.rows)
        return {
            "view": self,
            "title": self.title,
            "lead": self.lead,
            "breadcrumbs": self.breadcrumbs(),
            "page": page,
            "headings": self.headings(),
            "filters": self.filters,
            "links": self.links(page.previous, page.next),
            "here": self.request.get_full_path(),
            **self.extra(),
        }

    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.get_columns()]

    def _heading(self, column: Column) -> Heading:
        if not column.sort:
            return Heading(column.label, column.css)
        current = self.order.field == column.sort
        turn = current and not self.order.descending
        return Heading(
            column.label,
            column.css,
            url=self.link(sort=f"-{column.sort}" if turn else column.sort),
            aria_sort=("descending" if self.order.descending else "ascending") if current else "",
        )

    def link(self, **changes: str) -> str:
        """This list with other parameters, on its first page unless a cursor is given."""
        asked = self.request.GET.copy()
        for name in CURSORS:
            asked.pop(name, None)
        for name, value in changes.items():
            asked[name] = value
        for name in [name for name, value in asked.items() if not value]:
            del asked[name]
        return f"?{asked.urlencode()}" if asked else self.request.path

    def links(self, previous: str, following: str) -> dict[str, str]:
        return {
            "first": self.link() if previous else "",
            "previous": self.link(before=previous) if previous else "",
            "next": self.link(after=following) if following else "",
            "last": self.link(last="1") if following else "",
            "cleared": self.request.path,
            "query": self.link().partition("?")[2],
        }


class CsvExport(KeysetList):
    """The whole filtered list. To be put before a list's class: `class MailboxExport(CsvExport, MailboxList)`."""

    export_name: ClassVar[str]
    cells: ClassVar[Sequence[tuple[str, Callable[[Any], Any]]]]  # heading in the file, value of a row

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        filename = f"{self.export_name}-{timezone.localdate():%Y-%m-%d}.csv"
        return csv_response(filename, [head for head, _cell in self.cells], self.lines())

    def lines(self) -> Iterator[Iterable[Any]]:
        for batch in in_batches(self.queryset(), self.order):
            self.dress(batch)
            for row in batch:
                yield [value(row) for _head, value in self.cells]


def page_or_part(request: HttpRequest, page: str, part: str, context: dict[str, Any]) -> HttpResponse:
    """The whole page; to htmx the part of it that it exchanges. No cache may take one for the other."""
    response = render(request, part if wants_part(request) else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def wants_part(request: HttpRequest) -> bool:
    htmx: Any = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request
