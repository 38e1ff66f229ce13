"""The dashboard, the search over all, and the choice of colours."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.http import require_POST

from mailadmin.accounts.access import AdministratorRequired, SignedIn

from . import overview
from .context import THEMES
from .finding import search
from .lists import page_or_part
from .trail import way_back

YEAR_SECONDS = 365 * 24 * 3600


class Home(SignedIn, View):
    """The dashboard of administrators; mailbox users start at their own account."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if self.actor.account is None or not self.actor.account.is_administrator:
            return redirect("accounts:own")
        return render(request, "pages/home.html", {"title": _("Overview"), **overview.of(self.actor)})


class Search(AdministratorRequired, View):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").strip()[:254]
        context: dict[str, Any] = {"title": _("Search"), "search_text": text, "sections": []}
        if text:
            context["sections"] = search(self.actor, text)
        return page_or_part(request, "pages/search.html", "pages/_found.html", context)


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Without JavaScript; with it theme.js sets the same cookie. Nothing reads it but the style sheet's switch."""
    response = HttpResponseRedirect(way_back(request, "/"))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=YEAR_SECONDS, secure=settings.HTTPS, samesite="Lax")
    return response
