"""The dashboard, the search over all, and the choice of colours."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from mailadmin.accounts.access import AdministratorRequired

from .context import THEMES
from .trail import way_back

YEAR_SECONDS = 365 * 24 * 3600


class Home(AdministratorRequired, TemplateView):
    template_name = "pages/home.html"


class Search(AdministratorRequired, TemplateView):
    template_name = "pages/search.html"


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Without JavaScript; with it theme.js sets the same cookie. Nothing reads it but the style sheet's switch."""
    response = HttpResponseRedirect(way_back(request, "/"))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=YEAR_SECONDS, secure=settings.HTTPS, samesite="Lax")
    return response
