from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View

from mailadmin.accounts.access import AdministratorRequired, SuperadminRequired
from mailadmin.addresses import split_address
from mailadmin.mailhost import services, tracing
from mailadmin.mailhost.forms import TraceForm, WorkFilters
from mailadmin.mailhost.models import MailHost, PendingWork
from mailadmin.mailhost.trace import trace
from mailadmin.pages import live
from mailadmin.pages.acts import ConfirmView
from mailadmin.pages.finding import typed_address
from mailadmin.pages.lists import Column, FilterForm, KeysetList
from mailadmin.pages.trail import Crumb, way_back

REPORT_SHOWN = 50
# A badge asks less and less often, and at last no more: a page that is left open must not go on for ever.
ASKED_AT_MOST = 20


class MailHostIndex(SuperadminRequired, KeysetList):
    """The mail hosts, what each has still to do, and what it could not do."""

    model = PendingWork
    key = "id"
    title = gettext_lazy("Mail host")
    lead = gettext_lazy("What the mail server has still to take over from the database, and whether the two agree.")
    search_label = gettext_lazy("Object, the whole address or domain")
    template_name = "mailhost/index.html"
    rows_template = "mailhost/_rows.html"
    filter_form = WorkFilters
    empty_icon = "check"
    empty_title = gettext_lazy("Nothing is left to do")
    empty_text = gettext_lazy("Every change is live.")
    columns = (
        Column(gettext_lazy("Object")),
        Column(gettext_lazy("Mail host")),
        Column(gettext_lazy("Since"), sort="id"),
        Column(gettext_lazy("State")),
        Column(""),
    )

    def rows(self) -> QuerySet[PendingWork]:
        return PendingWork.objects.open().select_related("host")

    def narrow(self, rows: QuerySet[PendingWork], filters: FilterForm) -> QuerySet[PendingWork]:
        if filters.value("state") == "failed":
            rows = rows.exclude(error="")
        if text := filters.value("q"):
            rows = rows.filter(key=typed_address(text))
        return rows

    def extra(self) -> dict[str, Any]:
        return {"hosts": list(MailHost.objects.all()), "report_shown": REPORT_SHOWN}


class Retry(SuperadminRequired, View):
    """One piece of work that failed."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        work = get_object_or_404(PendingWork.objects.open(), pk=pk)
        services.retry(work=PendingWork.objects.filter(pk=work.pk), actor=self.actor)
        messages.success(request, _("It is tried again now."))
        return HttpResponseRedirect(way_back(request, reverse("mailhost:index")))


class RetryAll(SuperadminRequired, View):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        count = services.retry(work=PendingWork.objects.open(), actor=self.actor)
        told = ngettext("%(count)d piece of work is tried now.", "%(count)d pieces of work are tried now.", count)
        messages.success(request, told % {"count": count})
        return HttpResponseRedirect(way_back(request, reverse("mailhost:index")))


class Verify(SuperadminRequired, View):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        services.ask_verify(actor=self.actor)
        messages.success(request, _("The mail hosts compare everything now. Load this page again to see the report."))
        return HttpResponseRedirect(way_back(request, reverse("mailhost:index")))


class Repair(SuperadminRequired, ConfirmView):
    title = gettext_lazy("Repair all differences?")
    button = gettext_lazy("Repair")

    def consequences(self) -> list[str]:
        return [
            _("Each mail host compares its tables and Maildirs with the database, and makes them match it."),
            _("No mail is removed: a Maildir that belongs to no mailbox goes to the archive."),
        ]

    def act(self) -> None:
        services.ask_repair(actor=self.actor)

    def done(self) -> str:
        return _("The mail hosts repair their differences now. Load this page again to see the report.")

    def back_url(self) -> str:
        return reverse("mailhost:index")

    def breadcrumbs(self) -> list[Crumb]:
        return [Crumb(_("Mail host"), reverse("mailhost:index")), Crumb(_("Repair"))]


class Live(AdministratorRequired, View):
    """The badge of one object that was not live when its page was drawn: it asks again until it is, or has failed."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        key = request.GET.get("key", "")[:255]
        own = tracing.own_names(self.actor)
        domain_name = split_address(key)[1]
        if own is not None and domain_name not in own:
            raise Http404
        found = live.states([key, domain_name])
        state = live.FAILED if live.FAILED in found.values() else live.PENDING if found else "live"
        asked = request.GET.get("asked", "")[:3]
        asked_times = min(int(asked), ASKED_AT_MOST) + 1 if asked.isdecimal() else 1
        context = {"state": state, "key": key if asked_times < ASKED_AT_MOST else "", "asked_times": asked_times}
        return render(request, "pages/_live.html", context)


class Trace(AdministratorRequired, View):
    """Where mail for an address goes, and why."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        form = TraceForm(request.GET if "address" in request.GET else None, actor=self.actor)
        context = {"title": _("Trace an address"), "lead": _("Where does mail for it go, and why?"), "form": form}
        if form.is_bound and form.is_valid():
            context["trace"] = tracing.seen_by(self.actor, trace(form.cleaned_data["address"]))
        return render(request, "mailhost/trace.html", context)
