"""The sign-in, and one's own account."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import FormView, TemplateView
from django.views.i18n import set_language

from aliases.models import Alias
from mailadmin.accounts import services
from mailadmin.accounts.access import SignedIn
from mailadmin.accounts.forms import OwnPasswordForm, SignInForm
from mailadmin.accounts.lockout import Locked
from mailadmin.accounts.models import Account
from mailboxes.models import MailboxUsage


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:
        """`next`, if it is a page of ours that this person may open."""
        url = super().get_redirect_url()
        path = urlsplit(url).path
        if path == self.request.path or not self._may_open(path):
            return ""
        return url

    def get_default_redirect_url(self) -> str:
        return resolve_url(settings.LOGIN_REDIRECT_URL if self._is_administrator() else "accounts:own")

    def form_valid(self, form: SignInForm) -> HttpResponse:
        response = super().form_valid(form)
        account = form.get_user()
        if account and account.language:
            keep_language(response, account.language)
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        response = super().form_invalid(form)
        wait_seconds = [
            error.wait_seconds for error in form.non_field_errors().as_data() if isinstance(error, Locked)
        ]
        if wait_seconds:
            response.status_code = 429
            response["Retry-After"] = str(wait_seconds[0])
        return response

    def _is_administrator(self) -> bool:
        return self.request.user.is_authenticated and self.request.user.is_administrator

    def _may_open(self, path: str) -> bool:
        if not self.request.user.is_authenticated or self._is_administrator():
            return True
        return path.startswith(reverse("accounts:own"))


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """POST alone; who is signed out already lands on the sign-in page as well."""


@login_not_required
@require_POST
def switch_language(request: HttpRequest) -> HttpResponse:
    response = set_language(request)
    language = request.POST.get("language", "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        Account.objects.filter(pk=request.user.pk).update(language=language)
    return response


def keep_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )


class OwnAccount(SignedIn, TemplateView):
    """One's own account. For mailbox users the start page."""

    template_name = "accounts/own.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailbox = self.request.user.mailbox
        if mailbox is None:
            return super().get_context_data(**kwargs, domains=self.request.user.domains.order_by("name"))
        forwarding = Alias.objects.filter(address=mailbox.address).first()
        return super().get_context_data(
            **kwargs,
            mailbox=mailbox,
            usage=MailboxUsage.objects.filter(address=mailbox.address).first(),
            targets=[target for target in forwarding.targets if target != mailbox.address]
            if forwarding
            else [],
            keeps_copy=forwarding is None or mailbox.address in forwarding.targets,
        )


@method_decorator(sensitive_post_parameters(), name="dispatch")
class OwnPassword(SignedIn, FormView):
    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("accounts:own")

    def form_valid(self, form: OwnPasswordForm) -> HttpResponseBase:
        try:
            account = services.change_own_password(
                account=self.request.user,
                present=form.cleaned_data["present"],
                new=form.cleaned_data["new"],
                actor=self.actor,
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        # The other sessions end with the old hash; this one goes on under a new key.
        update_session_auth_hash(self.request, account)
        messages.success(self.request, _("Your password is changed. You are signed out everywhere else."))
        return super().form_valid(form)
