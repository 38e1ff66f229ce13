from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from domains import services
from domains.forms import AliasDomainCreateForm, AliasDomainFilters, AliasDomainForm
from domains.models import AliasDomain
from domains.rules import can_change_addresses
from mailadmin.pages import live
from mailadmin.pages.acts import Act, ConfirmView, ServiceFormView
from mailadmin.pages.finding import typed_domain
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.keyset import starts_with
from mailadmin.pages.lists import Column, CsvExport, FilterForm, KeysetList
from mailadmin.pages.switches import SwitchOff, SwitchOn
from mailadmin.pages.trail import Crumb


def crumbs(here: str) -> list[Crumb]:
    return [Crumb(_("Alias domains"), reverse("domains:alias_list")), Crumb(here)]


class AliasDomainList(KeysetList):
    model = AliasDomain
    key = "name"
    title = gettext_lazy("Alias domains")
    lead = gettext_lazy("Every address of the target domain is an address of the alias domain as well.")
    search_label = gettext_lazy("Alias domain begins with")
    rows_template = "domains/_alias_rows.html"
    filter_form = AliasDomainFilters
    empty_icon = "alias-domain"
    empty_title = gettext_lazy("No alias domains yet")
    empty_text = gettext_lazy("An alias domain is a second name for all addresses of a domain.")
    columns = (
        Column(gettext_lazy("Alias domain"), sort="name"),
        Column(gettext_lazy("Target domain")),
        Column(gettext_lazy("State")),
        Column(""),
    )

    def narrow(self, rows: QuerySet[AliasDomain], filters: FilterForm) -> QuerySet[AliasDomain]:
        if text := filters.value("q"):
            rows = rows.filter(starts_with("name", typed_domain(text)))
        if target := filters.value("target"):
            rows = rows.filter(target_id=target)
        if state := filters.value("state"):
            rows = rows.filter(active=state == "on")
        return rows

    def dress(self, rows: list[AliasDomain]) -> None:
        live.dress(rows)

    def extra(self) -> dict[str, Any]:
        return {
            "export_url": reverse("domains:alias_export"),
            "add_links": [{"url": reverse("domains:alias_create"), "label": _("Add an alias domain")}],
        }


class AliasDomainExport(CsvExport, AliasDomainList):
    export_name = "alias-domains"
    cells = (
        ("alias_domain", lambda row: row.pk),
        ("target_domain", lambda row: row.target_id),
        ("description", lambda row: row.description),
        ("active", lambda row: row.active),
        ("created", lambda row: row.created_at),
        ("changed", lambda row: row.modified_at),
    )


class AliasDomainCreate(ServiceFormView):
    form_class = AliasDomainCreateForm
    title = gettext_lazy("Add an alias domain")
    button = gettext_lazy("Add the alias domain")

    def get_initial(self) -> dict[str, Any]:
        return {"target": self.request.GET.get("target", "")}

    def save(self, form: ServiceForm) -> AliasDomain:
        return services.create_alias_domain(**form.changes, actor=self.actor)

    def done(self, result: AliasDomain) -> str:
        return _("The alias domain %(name)s is there.") % {"name": result}

    def live_keys(self, result: AliasDomain) -> list[str]:
        return [result.pk]

    def back_url(self) -> str:
        return reverse("domains:alias_list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(_("Add"))


class OneAliasDomain(Act):
    def get_object(self) -> AliasDomain:
        visible = AliasDomain.objects.visible_to(self.actor).select_related("target")
        return get_object_or_404(visible, pk=self.kwargs["name"])

    def may(self) -> bool:
        return can_change_addresses(self.actor, self.object.target_id)

    def back_url(self) -> str:
        return reverse("domains:alias_list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(str(self.object))


class AliasDomainEdit(OneAliasDomain, ServiceFormView):
    form_class = AliasDomainForm

    @property
    def title(self) -> str:
        return _("Change %(name)s") % {"name": self.object}

    def save(self, form: ServiceForm) -> AliasDomain:
        return services.edit_alias_domain(
            alias_domain=self.object,
            changes=form.changes,
            expected_revision=form.expected_revision,
            actor=self.actor,
        )

    def done(self, result: AliasDomain) -> str:
        return _("The alias domain %(name)s is saved.") % {"name": result}

    def live_keys(self, result: AliasDomain) -> list[str]:
        return [result.pk]


class AliasDomainOn(OneAliasDomain, SwitchOn):
    def consequences(self) -> list[str]:
        return [_("Mail to its addresses goes to the same addresses of %(name)s.") % {"name": self.object.target}]

    def act(self) -> None:
        services.set_alias_domain_active(alias_domain=self.object, active=True, actor=self.actor)

    def done(self) -> str:
        return _("The alias domain %(name)s is on.") % {"name": self.object}


class AliasDomainOff(OneAliasDomain, SwitchOff):
    def consequences(self) -> list[str]:
        return [_("Mail to its addresses is refused until it is switched on again.")]

    def act(self) -> None:
        services.set_alias_domain_active(alias_domain=self.object, active=False, actor=self.actor)

    def done(self) -> str:
        return _("The alias domain %(name)s is off.") % {"name": self.object}


class AliasDomainDelete(OneAliasDomain, ConfirmView):
    button = gettext_lazy("Delete the alias domain")
    danger = True

    @property
    def title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def consequences(self) -> list[str]:
        return [
            _("Mail to its addresses is refused from then on."),
            _("Nothing of %(name)s changes. What points at an address here then points at the same address there.")
            % {"name": self.object.target},
        ]

    def act(self) -> None:
        self.name = str(self.object)
        services.delete_alias_domain(alias_domain=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The alias domain %(name)s is deleted.") % {"name": self.name}
