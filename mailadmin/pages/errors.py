"""Error pages, and what programs get instead. They need no database, so that they show when it is away."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

# Below these paths errors are for programs: (status, code, detail) -> answer.
FOR_PROGRAMS = {"/api/": "mailadmin.api.problems.plain_answer", "/scim/": "mailadmin.api.problems.plain_answer"}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        told = for_program(request, 413, "body_too_large", _("The body is too large."))
    else:
        told = for_program(request, 400, "bad_request", _("This request cannot be understood."))
    return told or render(request, "errors/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    told = for_program(request, 403, "permission_denied", _("You may not do this."))
    return told or render(request, "errors/403.html", {"reason": str(exception or "")}, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    told = for_program(request, 404, "not_found", _("There is nothing at this address; each ends with a slash."))
    return told or render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    told = for_program(request, 500, "server_error", _("Something went wrong on the server. It is in the log."))
    return told or render(request, "errors/500.html", status=500)


def for_program(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse | None:
    """None for a path of pages."""
    for beginning, answer in FOR_PROGRAMS.items():
        if request.path_info.startswith(beginning):
            return import_string(answer)(status, code, detail)
    return None


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Says what people can do about it; the way back leads to the page that the form stood on."""
    came_from = request.headers.get("Referer", "")
    own = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    context = {"form_url": came_from if own else request.get_full_path()}
    return render(request, "errors/csrf.html", context, status=403)
