"""The OpenAPI 3.1 document, and the page that shows it. Both say what the software can do, to everybody."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from .openapi import document, document_tag
from .reference import resources


@login_not_required
@require_safe
@condition(etag_func=lambda request: document_tag())
def schema(request: HttpRequest) -> HttpResponse:
    return HttpResponse(document(), content_type="application/json")


@login_not_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    layout = "base.html" if request.user.is_authenticated else "plain.html"
    context = {"title": _("REST API"), "layout": layout, "resources": resources(), "schema": reverse("api:schema")}
    return render(request, "api/docs.html", context)
