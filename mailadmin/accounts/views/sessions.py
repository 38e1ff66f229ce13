"""One's own sessions: to see them, and to end them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.generic import TemplateView

from mailadmin.accounts import browsers, services
from mailadmin.accounts.access import SignedIn
from mailadmin.accounts.models import Session
from mailadmin.accounts.sessions import living

from .crumbs import security_crumbs

SHOWN_AT_MOST = 50


class Sessions(SignedIn, TemplateView):
    http_method_names = ["get", "head", "options"]
    template_name = "accounts/sessions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = living().filter(account=self.account).order_by("-seen_at", "pk")
        found = list(own[: SHOWN_AT_MOST + 1])
        this = Session.digest(self.request.session.session_key or "")
        return super().get_context_data(
            **kwargs,
            title=_("Sessions"),
            lead=_("The browsers in which you are signed in here. Mail programs are not among them."),
            breadcrumbs=security_crumbs(self.account, _("Sessions")),
            sessions=[dressed(session, this) for session in found[:SHOWN_AT_MOST]],
            are_all_shown=len(found) <= SHOWN_AT_MOST,
            has_others=any(session.pk != this for session in found),
        )


def dressed(session: Session, this: str) -> dict[str, Any]:
    return {
        "session": session,
        "browser": browsers.in_words(session.user_agent),
        "icon": "phone" if browsers.is_phone(session.user_agent) else "monitor",
        "is_this": session.pk == this,
    }


class SessionEnd(SignedIn, View):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, digest: str) -> HttpResponse:
        if digest == Session.digest(request.session.session_key or ""):
            return HttpResponseRedirect(reverse("accounts:sessions"))  # for that there is the sign-out
        try:
            session = services.end_session(account=self.account, digest=digest, actor=self.actor)
        except Session.DoesNotExist:
            raise Http404 from None
        browser = browsers.in_words(session.user_agent)
        messages.success(request, _("The session is ended: %(browser)s.") % {"browser": browser})
        return HttpResponseRedirect(reverse("accounts:sessions"))


class SessionsEnd(SignedIn, View):
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key or ""
        count = services.end_other_sessions(account=self.account, keep_key=key, actor=self.actor)
        text = ngettext("%(count)d other session is ended.", "%(count)d other sessions are ended.", count)
        messages.success(request, text % {"count": count})
        return HttpResponseRedirect(reverse("accounts:sessions"))
