"""The dashboard and the search over all."""

from __future__ import annotations

from django.views.generic import TemplateView


class Home(TemplateView):
    template_name = "pages/home.html"
