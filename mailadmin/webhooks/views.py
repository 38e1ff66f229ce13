"""The pages about webhooks, for superadmins: what is registered is told of every domain."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from mailadmin.accounts.access import RecentlyAuthenticated, SuperadminRequired
from mailadmin.pages.acts import Act, ConfirmView, ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import Column, FilterForm, KeysetList
from mailadmin.pages.trail import Crumb

from . import services
from .forms import DeliveryFilters, EndpointForm, event_label
from .models import Delivery, Endpoint

TITLE = gettext_lazy("Webhooks")


class EndpointList(SuperadminRequired, KeysetList):
    model = Endpoint
    key = "id"
    default_sort = "name"
    title = TITLE
    lead = gettext_lazy("Other systems that are told of every change, by a signed request to their URL.")
    search_label = gettext_lazy("Name or URL")
    rows_template = "webhooks/_rows.html"
    empty_icon = "webhook"
    empty_title = gettext_lazy("Nobody is told of changes")
    columns = (
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Events")),
        Column(gettext_lazy("Domains")),
        Column(gettext_lazy("State")),
    )

    def narrow(self, rows: QuerySet[Endpoint], filters: FilterForm) -> QuerySet[Endpoint]:
        text = filters.value("q")
        return rows.filter(Q(name__icontains=text) | Q(url__icontains=text)) if text else rows

    def extra(self) -> dict[str, Any]:
        return {"add_links": [{"url": reverse("webhooks:add"), "label": _("Add a webhook")}]}


class EndpointDetail(SuperadminRequired, KeysetList):
    """The endpoint, and what was sent to it, or is to be."""

    model = Delivery
    key = "id"
    default_sort = "-id"
    template_name = "webhooks/detail.html"
    rows_template = "webhooks/_deliveries.html"
    filter_form = DeliveryFilters
    empty_icon = "webhook"
    empty_title = gettext_lazy("Nothing was sent yet")
    columns = (
        Column(gettext_lazy("Event")),
        Column(gettext_lazy("Object")),
        Column(gettext_lazy("Time"), sort="id"),
        Column(gettext_lazy("State")),
    )

    @cached_property
    def endpoint(self) -> Endpoint:
        return get_object_or_404(Endpoint, pk=self.kwargs["pk"])

    @property
    def title(self) -> str:
        return self.endpoint.name

    @property
    def lead(self) -> str:
        return self.endpoint.description

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(self.title)

    def rows(self) -> QuerySet[Delivery]:
        return Delivery.objects.filter(endpoint=self.endpoint).defer("payload", "answer")

    def narrow(self, rows: QuerySet[Delivery], filters: FilterForm) -> QuerySet[Delivery]:
        state = filters.value("state")
        if state == "open":
            return rows.open()  # type: ignore[attr-defined]  # of Delivery
        if state == "failed":
            return rows.filter(delivered_at=None, attempts__gt=0)
        return rows.filter(delivered_at__isnull=False) if state else rows

    def dress(self, rows: list[Any]) -> None:
        for row in rows:
            row.label = event_label(row.event_type)

    def extra(self) -> dict[str, Any]:
        wanted = [event_label(each) for each in self.endpoint.event_types]
        return {"endpoint": self.endpoint, "wanted": wanted}


def crumbs(*titles: Any) -> list[Crumb]:
    return [Crumb(TITLE, reverse("webhooks:list")), *(Crumb(title) for title in titles)]


def crumb_of(endpoint: Endpoint) -> Crumb:
    return Crumb(endpoint.name, reverse("webhooks:detail", args=[endpoint.pk]))


class DeliveryDetail(SuperadminRequired, View):
    """What was sent, and what came back."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(Delivery.objects.select_related("endpoint"), pk=pk)
        title = event_label(delivery.event_type)
        context = {
            "delivery": delivery,
            "payload": json.dumps(json.loads(delivery.payload), indent=2, ensure_ascii=False),
            "title": title,
            "breadcrumbs": [*crumbs(), crumb_of(delivery.endpoint), Crumb(title)],
        }
        return render(request, "webhooks/delivery.html", context)


class Redeliver(SuperadminRequired, View):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = get_object_or_404(Delivery.objects.select_related("endpoint"), pk=pk)
        try:
            services.redeliver(delivery=delivery, actor=self.actor)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("It is sent once more, in a moment."))
        return HttpResponseRedirect(reverse("webhooks:delivery", args=[pk]))


class Ping(SuperadminRequired, View):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        endpoint = get_object_or_404(Endpoint, pk=pk)
        try:
            services.ping_endpoint(endpoint=endpoint, actor=self.actor)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("A test event is sent in a moment; what it is answered stands below."))
        return HttpResponseRedirect(reverse("webhooks:detail", args=[pk]))


class AboutWebhooks(RecentlyAuthenticated, SuperadminRequired, Act):
    """With the password given lately: at an open browser nobody has the mail server tell somebody else."""

    def back_url(self) -> str:
        return reverse("webhooks:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(self.title)

    def show_secret(self, endpoint: Endpoint, secret: str) -> HttpResponse:
        """As the answer itself, this once: it is kept nowhere on its way there."""
        title = _("The secret of “%(name)s”") % {"name": endpoint}
        context = {
            "endpoint": endpoint,
            "secret": secret,
            "title": title,
            "lead": _("Enter it in the system that receives the events. It is not shown again."),
            "breadcrumbs": crumbs(title),
        }
        return render(self.request, "webhooks/secret.html", context)


class AboutOne(AboutWebhooks):
    def get_object(self) -> Endpoint:
        return get_object_or_404(Endpoint, pk=self.kwargs["pk"])

    def back_url(self) -> str:
        return reverse("webhooks:detail", args=[self.object.pk])

    def breadcrumbs(self) -> list[Crumb]:
        return [*crumbs(), crumb_of(self.object), Crumb(self.title)]


class EndpointAdd(AboutWebhooks, ServiceFormView):
    form_class = EndpointForm
    title = gettext_lazy("Add a webhook")
    button = gettext_lazy("Add")

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        try:
            endpoint, secret = self.save(form)
        except ValidationError as error:
            return self.refused(form, error)
        return self.show_secret(endpoint, secret)

    def save(self, form: ServiceForm) -> tuple[Endpoint, str]:
        return services.create_endpoint(**form.changes, actor=self.actor)

    def done(self, result: tuple[Endpoint, str]) -> str:
        return ""


class EndpointEdit(AboutOne, ServiceFormView):
    form_class = EndpointForm
    title = gettext_lazy("Change the webhook")

    def save(self, form: ServiceForm) -> Endpoint:
        return services.edit_endpoint(
            endpoint=self.object, changes=form.changes, expected_revision=form.expected_revision, actor=self.actor
        )

    def done(self, result: Endpoint) -> str:
        return _("%(name)s is saved.") % {"name": result}


class Rotate(AboutOne, ConfirmView):
    title = gettext_lazy("Make a new secret?")
    button = gettext_lazy("Make a new secret")

    def consequences(self) -> list[Any]:
        told = [
            _("For 24 hours events are signed by the present secret as well, so that nothing is refused meanwhile.")
        ]
        if self.object.is_rotating:
            told.append(_("The one before it, which was replaced less than a day ago, signs no more."))
        return told

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        return self.show_secret(*self.act())

    def act(self) -> tuple[Endpoint, str]:
        return services.rotate_secret(endpoint=self.object, actor=self.actor)

    def done(self) -> str:
        return ""


class EndpointDelete(AboutOne, ConfirmView):
    button = gettext_lazy("Delete")
    danger = True

    @property
    def title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def consequences(self) -> list[Any]:
        return [_("It is told of nothing any more, and what still waits is not sent."), _("Its log goes with it.")]

    def act(self) -> None:
        services.delete_endpoint(endpoint=self.object, actor=self.actor)

    def done(self) -> str:
        return _("%(name)s is deleted.") % {"name": self.object}

    def done_url(self) -> str:
        return reverse("webhooks:list")
