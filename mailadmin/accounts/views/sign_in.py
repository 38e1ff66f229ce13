from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView, RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import FormView
from django.views.i18n import set_language

from mailadmin.accounts import services
from mailadmin.accounts.forms.own import SignInForm
from mailadmin.accounts.lockout import Locked
from mailadmin.accounts.models import Account


@method_decorator([login_not_required, sensitive_post_parameters(), never_cache], name="dispatch")
class SignIn(RedirectURLMixin, FormView):
    """For everybody. Who is signed in already is sent on."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "accounts/sign_in.html"
    extra_context = {"title": _("Sign in")}
    form_class = SignInForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, Account):
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, next=self.get_redirect_url())

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs are of a later Django
        """`next`, if it is a page of ours that this person may open."""
        url = super().get_redirect_url()
        path = urlsplit(url).path
        return url if path != self.request.path and self._may_open(path) else ""

    def get_default_redirect_url(self) -> str:
        user = self.request.user
        is_mailbox_user = isinstance(user, Account) and not user.is_administrator
        return resolve_url("accounts:own" if is_mailbox_user else settings.LOGIN_REDIRECT_URL)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        account = form.get_account()
        login(self.request, account)
        response = super().form_valid(form)
        if account.language:
            _keep_language(response, account.language)
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        response = super().form_invalid(form)
        for error in form.non_field_errors().as_data():
            if isinstance(error, Locked):
                response.status_code = 429
                response["Retry-After"] = str(error.wait_seconds)
        return response

    def _may_open(self, path: str) -> bool:
        user = self.request.user
        if not isinstance(user, Account) or user.is_administrator:
            return True
        return path.startswith(reverse("accounts:own"))


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """By POST alone. Who is signed out already lands on the sign-in page as well."""


@login_not_required
@require_POST
def switch_language(request: HttpRequest) -> HttpResponseBase:
    """In a cookie for this browser, and on the account for the next one."""
    language = request.POST.get("language", "")
    if isinstance(request.user, Account) and language in dict(settings.LANGUAGES):
        services.set_language(account=request.user, language=language)
    return set_language(request)


def _keep_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, secure=settings.HTTPS, httponly=True, samesite="Lax")
