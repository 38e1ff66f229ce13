"""The forgotten password, and the links in letters: pages for people who cannot sign in yet."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from django.views.generic import FormView, TemplateView

from mailadmin.accounts import services
from mailadmin.accounts.forms.recovery import ForgottenForm, PasswordByLinkForm
from mailadmin.accounts.pending import LINKS
from mailadmin.letters.links import find_link
from mailadmin.letters.models import Link, Purpose

from .locked import TellsLocked

TOKENS = LINKS  # in the session: the token of each purpose
SETTING_PASSWORD = (Purpose.RESET, Purpose.SET_UP)


@method_decorator(login_not_required, name="dispatch")
class Forgotten(TellsLocked, FormView):
    """The answer is the same for every address, and so is what is done for it."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "accounts/forgotten.html"
    form_class = ForgottenForm
    extra_context = {"title": gettext_lazy("Forgotten password")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, links_on=bool(settings.SITE_URL))

    def form_valid(self, form: ForgottenForm) -> HttpResponse:
        if not settings.SITE_URL:
            return self.form_invalid(form)
        try:
            services.request_reset(
                identifier=form.cleaned_data["identifier"], client_address=self.request.META.get("REMOTE_ADDR", "")
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        return HttpResponseRedirect(reverse("accounts:forgotten_sent"))


@method_decorator(login_not_required, name="dispatch")
class ForgottenSent(TemplateView):
    http_method_names = ["get", "head", "options"]
    template_name = "accounts/forgotten_sent.html"
    extra_context = {"title": gettext_lazy("Look into your other mailbox")}


@login_not_required
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Keep the token in the session and lead on, so that the page has a URL without it. To open a link uses nothing
    up: mail programs and virus scanners open them before people do."""
    link = find_link(token, list(Purpose))
    if link is None:
        return refused(request, "accounts:own" if request.user.is_authenticated else "accounts:forgotten")
    request.session[TOKENS] = {**request.session.get(TOKENS, {}), link.purpose: token}
    return HttpResponseRedirect(
        reverse("accounts:recovery_confirm" if link.purpose == Purpose.CONFIRM_RECOVERY else "accounts:set_password")
    )


def refused(request: HttpRequest, url_name: str = "accounts:forgotten") -> HttpResponse:
    """One answer to all that is wrong with a link, on a page where another one can be asked for."""
    messages.error(request, services.LinkEnded().message)
    return HttpResponseRedirect(reverse(url_name))


def token_of(request: HttpRequest, *purposes: Purpose) -> str:
    """The token that was opened last in this browser; empty if there is none."""
    tokens: dict[str, str] = request.session.get(TOKENS, {})
    return next((token for purpose, token in reversed(tokens.items()) if purpose in purposes), "")


def forget_tokens(request: HttpRequest) -> None:
    request.session.pop(TOKENS, None)


@method_decorator([login_not_required, sensitive_post_parameters()], name="dispatch")
class SetPassword(FormView):
    """A new password by a link. It signs nobody in: that asks for the second factor as ever."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "accounts/set_password.html"
    form_class = PasswordByLinkForm
    link: Link

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.token = token_of(request, *SETTING_PASSWORD)
        link = find_link(self.token, SETTING_PASSWORD) if self.token else None
        if link is not None:
            self.link = link
        elif request.method in ("GET", "HEAD", "POST"):
            return refused(request)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        is_first = self.link.purpose == Purpose.SET_UP
        title = _("Set up your account") if is_first else _("Choose a new password")
        return super().get_context_data(**kwargs, title=title, account=self.link.account)

    def form_valid(self, form: PasswordByLinkForm) -> HttpResponse:
        try:
            services.set_password_by_link(
                token=self.token,
                new=form.cleaned_data["new"],
                client_address=self.request.META.get("REMOTE_ADDR", ""),
            )
        except services.LinkEnded:
            return refused(self.request)
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        forget_tokens(self.request)
        messages.success(self.request, _("Your password is set: sign in with it."))
        return HttpResponseRedirect(reverse("accounts:sign_in"))
