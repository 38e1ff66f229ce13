"""The second step of the sign-in, for somebody whose password was right: `pending` knows who."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from mailadmin.accounts import passkeys, pending, services
from mailadmin.accounts.factors import has_second_factor, totp_secret_of
from mailadmin.accounts.forms.factors import AnswerForm, CodeForm, RecoveryCodeForm
from mailadmin.accounts.models import Account
from mailadmin.accounts.passkeys import RelyingParty

from .entrance import Entrance
from .locked import TellsLocked

CHALLENGE = "passkey_challenge"
# From here on a person is told that new recovery codes are due.
FEW_CODES = 3


@method_decorator([login_not_required, sensitive_post_parameters(), never_cache], name="dispatch")
class SecondStep(Entrance, TellsLocked, FormView, ABC):
    """One page with all that this account has. Each way to answer is a URL of its own."""

    template_name = "accounts/factor.html"
    extra_context = {"title": gettext_lazy("Second step")}
    account: Account

    @abstractmethod
    def check(self, form: Any) -> None:
        """The service call; ValidationError if the answer is wrong."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if (request.method or "").lower() not in self.http_method_names:
            return self.http_method_not_allowed(request, *args, **kwargs)
        if isinstance(request.user, Account):
            return HttpResponseRedirect(self.get_success_url())
        account = pending.account_of(request)
        if account is None or not has_second_factor(account):
            return self.begin_again()
        self.account = account
        return super().dispatch(request, *args, **kwargs)

    def begin_again(self) -> HttpResponse:
        """It took too long; or the password was changed meanwhile, or the factor reset."""
        if pending.KEY in self.request.session:
            pending.end(self.request)
            messages.info(self.request, _("The sign-in was not finished in time. Please begin again."))
        return self.lead_to("accounts:sign_in")

    def form_valid(self, form: forms.Form) -> HttpResponse:
        try:
            self.check(form)
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        pending.end(self.request)
        return self.let_in(self.account)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs["form"] = kwargs.get("form") or self.get_form()
        has_app = bool(totp_secret_of(self.account))
        has_codes = self.account.recovery_codes.filter(used_at=None).exists()
        use = self.wanted_use(has_app)
        return super().get_context_data(
            **kwargs,
            account=self.account,
            use=use,
            has_app=has_app,
            has_codes=has_codes,
            code_form=form if isinstance(form, CodeForm) else code_form_class(use)(),
            passkey_errors=[*form.non_field_errors(), *form["answer"].errors] if isinstance(form, AnswerForm) else [],
            passkey_options=self.passkey_options() if use != "recovery" else "",
        )

    def wanted_use(self, has_app: bool) -> str:
        """Which field is shown: `app`, `recovery`, or none beside the passkeys."""
        if (self.request.POST.get("use") or self.request.GET.get("use")) == "recovery":
            return "recovery"
        return "app" if has_app else ""

    def passkey_options(self) -> str:
        """Each page that is shown asks for another answer, which counts once."""
        party = RelyingParty.of_request(self.request)
        if not (party.can_have_passkeys and self.account.passkeys.exists()):
            return ""
        challenge = self.request.session[CHALLENGE] = passkeys.new_challenge()
        return passkeys.options_to_use(self.account, party, challenge)


def code_form_class(use: str) -> type[CodeForm]:
    return RecoveryCodeForm if use == "recovery" else CodeForm


class Factor(SecondStep):
    """By a code of the app, or a recovery code."""

    http_method_names = ["get", "head", "post", "options"]

    def get_form_class(self) -> type[CodeForm]:
        return code_form_class(self.wanted_use(has_app=True))

    def check(self, form: CodeForm) -> None:
        unused = self.account.recovery_codes.filter(used_at=None)
        before = unused.count()
        services.check_code(
            account=self.account,
            code=form.cleaned_data["code"],
            client_address=self.request.META.get("REMOTE_ADDR", ""),
        )
        left = unused.count()
        if left < before and left <= FEW_CODES:
            self.warn(left)

    def warn(self, left: int) -> None:
        text = ngettext(
            "You have %(left)d recovery code left. Make new ones soon.",
            "You have %(left)d recovery codes left. Make new ones soon.",
            left,
        )
        messages.warning(self.request, text % {"left": left})


class FactorPasskey(SecondStep):
    """By a passkey. The page is the other one's."""

    http_method_names = ["get", "head", "post", "options"]
    form_class = AnswerForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who loads the page of a refused answer again."""
        return self.lead_to("accounts:factor")

    def check(self, form: AnswerForm) -> None:
        challenge = self.request.session.pop(CHALLENGE, "")
        if not challenge:
            raise ValidationError(_("This passkey was not accepted. Try again."), code="passkey_wrong")
        services.check_passkey(
            account=self.account,
            answer=form.cleaned_data["answer"],
            challenge=challenge,
            party=RelyingParty.of_request(self.request),
            client_address=self.request.META.get("REMOTE_ADDR", ""),
        )
