from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from django.views.generic import FormView
from django.views.i18n import set_language

from mailadmin.accounts import pending, services
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.factors import has_second_factor
from mailadmin.accounts.forms.own import SignInForm
from mailadmin.accounts.models import Account

from .entrance import Entrance, in_language_of
from .locked import TellsLocked


@method_decorator([login_not_required, sensitive_post_parameters(), never_cache], name="dispatch")
class SignIn(Entrance, TellsLocked, FormView):
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

    def form_valid(self, form: SignInForm) -> HttpResponse:
        account = form.get_account()
        if has_second_factor(account):
            pending.begin(self.request, account)
            return in_language_of(account, self.lead_to("accounts:factor"))
        return self.let_in(account)


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """By POST alone. Who is signed out already lands on the sign-in page as well."""


@login_not_required
@require_POST
def switch_language(request: HttpRequest) -> HttpResponseBase:
    """In a cookie for this browser, and on the account for the next one."""
    language = request.POST.get("language", "")
    if isinstance(request.user, Account) and language in dict(settings.LANGUAGES):
        services.set_preferences(account=request.user, language=language, actor=Actor.of_request(request))
    return set_language(request)
