"""The pages about administrators, for superadmins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from domains.models import Domain
from mailadmin.accounts import services
from mailadmin.accounts.access import RecentlyAuthenticated, SuperadminRequired
from mailadmin.accounts.factors import has_second_factor
from mailadmin.accounts.forms.administrators import (
    AdministratorForm,
    AdministratorPasswordForm,
    NewAdministratorForm,
)
from mailadmin.accounts.models import Account
from mailadmin.accounts.rules import can_reset_second_factor
from mailadmin.pages.acts import Act, ConfirmView, ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import Column, CsvExport, FilterForm, KeysetList, StateField
from mailadmin.pages.trail import Crumb

DOMAINS_SHOWN = 3


class AdministratorFilters(FilterForm):
    state = StateField()


class AdministratorList(SuperadminRequired, KeysetList):
    model = Account
    key = "id"
    default_sort = "email"
    columns = (
        Column(gettext_lazy("Address"), sort="email"),
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Role")),
        Column(gettext_lazy("Domains")),
        Column(gettext_lazy("State")),
    )
    rows_template = "accounts/_administrator_rows.html"
    filter_form = AdministratorFilters
    title = gettext_lazy("Administrators")
    lead = gettext_lazy("Who may administer this server, or some of its domains.")
    search_label = gettext_lazy("Address or name")
    empty_icon = "people"

    def rows(self) -> QuerySet[Account]:
        return Account.objects.administrators().prefetch_related("domains")

    def narrow(self, rows: QuerySet[Account], filters: FilterForm) -> QuerySet[Account]:
        text, state = filters.value("q"), filters.value("state")
        if text:
            rows = rows.filter(Q(email__icontains=text) | Q(name__icontains=text))
        return rows.filter(is_active=state == "on") if state else rows

    def dress(self, rows: list[Any]) -> None:
        for account in rows:
            account.domains_text = _shown(account.domains.all())

    def extra(self) -> dict[str, Any]:
        return {
            "add_links": [{"url": reverse("accounts:administrator_add"), "label": _("Add an administrator")}],
            "export_url": reverse("accounts:administrator_export"),
        }


def _shown(domains: Iterable[Domain]) -> str:
    """The first of them, and how many more."""
    names = sorted(str(domain) for domain in domains)
    shown, rest = ", ".join(names[:DOMAINS_SHOWN]), len(names) - DOMAINS_SHOWN
    if rest <= 0:
        return shown
    return ngettext("%(shown)s and %(rest)d more", "%(shown)s and %(rest)d more", rest) % {"shown": shown, "rest": rest}


class AdministratorExport(CsvExport, AdministratorList):
    export_name = "administrators"
    cells = (
        ("email", lambda account: account.email),
        ("name", lambda account: account.name),
        ("role", lambda account: account.role),
        ("domains", lambda account: " ".join(domain.name for domain in account.domains.all())),
        ("active", lambda account: account.is_active),
        ("created_at", lambda account: account.created_at.isoformat()),
    )


class AboutAdministrators(RecentlyAuthenticated, SuperadminRequired, Act):
    """With the password given lately: at an open browser nobody makes another superadmin."""

    def back_url(self) -> str:
        return reverse("accounts:administrator_list")

    def breadcrumbs(self) -> list[Crumb]:
        return [Crumb(_("Administrators"), self.back_url()), Crumb(self.title)]


class AboutOne(AboutAdministrators):
    def get_object(self) -> Account:
        return get_object_or_404(Account.objects.administrators(), pk=self.kwargs["pk"])

    def back_url(self) -> str:
        return reverse("accounts:administrator", args=[self.object.pk])

    def breadcrumbs(self) -> list[Crumb]:
        return [
            Crumb(_("Administrators"), reverse("accounts:administrator_list")),
            Crumb(str(self.object), self.back_url()),
            Crumb(self.title),
        ]


@method_decorator(sensitive_post_parameters(), name="dispatch")
class AdministratorAdd(AboutAdministrators, ServiceFormView):
    form_class = NewAdministratorForm
    title = gettext_lazy("Add an administrator")
    button = gettext_lazy("Add")

    def save(self, form: ServiceForm) -> Account:
        fields = {name: value for name, value in form.changes.items() if name != "again"}
        return services.create_administrator(**fields, actor=self.actor)

    def done(self, result: Account) -> str:
        return _("%(address)s is an administrator now.") % {"address": result.address}


class AdministratorEdit(AboutOne, ServiceFormView):
    template_name = "accounts/administrator.html"
    form_class = AdministratorForm

    @property
    def title(self) -> str:
        return str(self.object)

    def breadcrumbs(self) -> list[Crumb]:
        return [*super().breadcrumbs()[:-2], Crumb(self.title)]

    def back_url(self) -> str:
        return reverse("accounts:administrator_list")

    def may_reset_factor(self) -> bool:
        return can_reset_second_factor(self.actor, self.object) and has_second_factor(self.object)

    def save(self, form: ServiceForm) -> Account:
        return services.edit_administrator(
            account=self.object, changes=form.changes, expected_revision=form.expected_revision, actor=self.actor
        )

    def done(self, result: Account) -> str:
        return _("%(address)s is saved.") % {"address": result.address}


@method_decorator(sensitive_post_parameters(), name="dispatch")
class AdministratorPassword(AboutOne, ServiceFormView):
    form_class = AdministratorPasswordForm
    title = gettext_lazy("Set a password")
    button = gettext_lazy("Set the password")
    lead = gettext_lazy("Whoever is signed in with the old one is signed out.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._own() or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._own() or super().post(request, *args, **kwargs)

    def _own(self) -> HttpResponse | None:
        """For one's own there is the page that asks for the present one."""
        is_own = self.kwargs["pk"] == self.account.pk
        return HttpResponseRedirect(reverse("accounts:password")) if is_own else None

    def save(self, form: ServiceForm) -> Account:
        return services.set_administrator_password(
            account=self.object,
            password=form.cleaned_data["password"],
            must_change=form.cleaned_data["must_change"],
            actor=self.actor,
        )

    def done(self, result: Account) -> str:
        return _("The password of %(address)s is set.") % {"address": result.address}


class Question(AboutOne, ConfirmView):
    question: ClassVar[Any]

    @property
    def title(self) -> str:
        return self.question % {"address": self.object}


class AdministratorOn(Question):
    question = gettext_lazy("Switch on %(address)s?")
    button = gettext_lazy("Switch on")

    def consequences(self) -> list[Any]:
        return [_("%(address)s can sign in again.") % {"address": self.object}]

    def act(self) -> None:
        services.set_administrator_active(account=self.object, active=True, actor=self.actor)

    def done(self) -> str:
        return _("%(address)s is switched on.") % {"address": self.object}


class AdministratorOff(Question):
    question = gettext_lazy("Switch off %(address)s?")
    button = gettext_lazy("Switch off")

    def consequences(self) -> list[Any]:
        return [_("%(address)s is signed out and cannot sign in until switched on.") % {"address": self.object}]

    def act(self) -> None:
        services.set_administrator_active(account=self.object, active=False, actor=self.actor)

    def done(self) -> str:
        return _("%(address)s is switched off.") % {"address": self.object}


class AdministratorDelete(Question):
    question = gettext_lazy("Delete %(address)s?")
    button = gettext_lazy("Delete")
    danger = True

    def consequences(self) -> list[Any]:
        return [
            _("%(address)s is signed out and cannot sign in any more.") % {"address": self.object},
            _("What was done under this name stays in the audit. Mailboxes and domains stay as they are."),
        ]

    def act(self) -> None:
        services.delete_administrator(account=self.object, actor=self.actor)

    def done(self) -> str:
        return _("%(address)s is deleted.") % {"address": self.object}

    def done_url(self) -> str:
        return reverse("accounts:administrator_list")
