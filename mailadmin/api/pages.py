"""The pages about tokens, for superadmins."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from mailadmin.accounts.access import RecentlyAuthenticated, SuperadminRequired
from mailadmin.pages.acts import Act, ConfirmView, ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import Column, FilterForm, KeysetList
from mailadmin.pages.trail import Crumb

from . import services
from .forms import RotateForm, TokenForm
from .models import Token

TITLE = gettext_lazy("API tokens")


class TokenList(SuperadminRequired, KeysetList):
    model = Token
    key = "id"
    default_sort = "name"
    title = TITLE
    lead = gettext_lazy("What scripts and directories sign their requests with.")
    search_label = gettext_lazy("Name")
    rows_template = "api/_rows.html"
    empty_icon = "key"
    empty_title = gettext_lazy("No script has a token yet")
    columns = (
        Column(gettext_lazy("Name"), sort="name"),
        Column(gettext_lazy("Domains")),
        Column(gettext_lazy("Last used")),
        Column(gettext_lazy("State")),
    )

    def rows(self) -> QuerySet[Token]:
        return Token.objects.prefetch_related("domains")

    def narrow(self, rows: QuerySet[Token], filters: FilterForm) -> QuerySet[Token]:
        text = filters.value("q")
        return rows.filter(name__icontains=text) if text else rows

    def extra(self) -> dict[str, Any]:
        return {"now": timezone.now(), "add_links": [{"url": reverse("tokens:add"), "label": _("Make a token")}]}


class TokenDetail(SuperadminRequired, View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        token = get_object_or_404(Token.objects.prefetch_related("domains"), pk=pk)
        context = {"token": token, "title": token.name, "breadcrumbs": crumbs(token.name), "now": timezone.now()}
        return render(request, "api/detail.html", context)


def crumbs(*titles: Any) -> list[Crumb]:
    return [Crumb(TITLE, reverse("tokens:list")), *(Crumb(title) for title in titles)]


class AboutTokens(RecentlyAuthenticated, SuperadminRequired, Act):
    """With the password given lately: a token outlives the session that made it."""

    def back_url(self) -> str:
        return reverse("tokens:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(self.title)


class AboutOne(AboutTokens):
    def get_object(self) -> Token:
        return get_object_or_404(Token, pk=self.kwargs["pk"])

    def back_url(self) -> str:
        return reverse("tokens:detail", args=[self.object.pk])

    def breadcrumbs(self) -> list[Crumb]:
        return [*crumbs(), Crumb(self.object.name, self.back_url()), Crumb(self.title)]


class MakesSecret(ServiceFormView):
    """The answer to the form is the page that shows the new one, this once: it is kept nowhere on its way there."""

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        try:
            token, secret = self.save(form)
        except ValidationError as error:
            return self.refused(form, error)
        title = _("The token “%(name)s”") % {"name": token}
        context = {"token": token, "secret": secret, "title": title, "breadcrumbs": crumbs(title)}
        return render(self.request, "api/made.html", {**context, "lead": self.done((token, secret))})

    def done(self, result: Any) -> str:
        return _("Enter it in the script now. It is not shown again.")


class TokenAdd(AboutTokens, MakesSecret):
    form_class = TokenForm
    title = gettext_lazy("Make a token")
    button = gettext_lazy("Make the token")

    def save(self, form: ServiceForm) -> tuple[Token, str]:
        return services.create_token(**form.changes, actor=self.actor)


class TokenRotate(AboutOne, MakesSecret):
    form_class = RotateForm
    title = gettext_lazy("Replace the token")
    button = gettext_lazy("Make a new one")

    def save(self, form: ServiceForm) -> tuple[Token, str]:
        return services.rotate_token(token=self.object, **form.changes, actor=self.actor)


class TokenEdit(AboutOne, ServiceFormView):
    form_class = TokenForm
    title = gettext_lazy("Change the token")

    def save(self, form: ServiceForm) -> Token:
        return services.edit_token(
            token=self.object, changes=form.changes, expected_revision=form.expected_revision, actor=self.actor
        )

    def done(self, result: Token) -> str:
        return _("%(name)s is saved.") % {"name": result}


class TokenDelete(AboutOne, ConfirmView):
    button = gettext_lazy("Delete")
    danger = True

    @property
    def title(self) -> str:
        return _("Delete the token %(name)s?") % {"name": self.object}

    def consequences(self) -> list[Any]:
        return [_("Whatever signs its requests with it is refused from now on. To try that out, switch it off.")]

    def act(self) -> None:
        services.delete_token(token=self.object, actor=self.actor)

    def done(self) -> str:
        return _("%(name)s is deleted.") % {"name": self.object}

    def done_url(self) -> str:
        return reverse("tokens:list")
