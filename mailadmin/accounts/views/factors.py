"""A person's own second factor: what there is, and the pages that add and remove it."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView

from mailadmin.accounts import passkeys, services, totp
from mailadmin.accounts.access import RecentlyAuthenticated, SignedIn
from mailadmin.accounts.factors import has_second_factor, is_required_of, totp_secret_of
from mailadmin.accounts.forms.factors import PasskeyForm, TotpForm
from mailadmin.accounts.models import Account, Passkey
from mailadmin.accounts.passkeys import RelyingParty
from mailadmin.pages.acts import Act, ConfirmView, ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb

from .crumbs import security_crumbs

# What a page keeps in the session until its form comes back.
NEW_SECRET, NEW_CHALLENGE = "totp_secret", "passkey_new_challenge"


class OwnFactors(SignedIn, TemplateView):
    http_method_names = ["get", "head", "options"]
    template_name = "accounts/factors.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            title=_("Second factor"),
            lead=_("After the password, one more proof that it is you: who learns your password cannot sign in here."),
            breadcrumbs=security_crumbs(self.account, _("Second factor")),
            has_app=bool(totp_secret_of(self.account)),
            passkeys=self.account.passkeys.all(),
            codes_left=self.account.recovery_codes.filter(used_at=None).count(),
            is_on=has_second_factor(self.account),
            is_required=is_required_of(self.account),
            can_have_passkeys=RelyingParty.of_request(self.request).can_have_passkeys,
            mail_needs_no_factor=self.account.mailbox is not None and not self.account.mailbox.app_passwords_only,
        )


class AboutOwnFactor(RecentlyAuthenticated, Act):
    """Everybody's own, with the password given lately."""

    def may_enter(self) -> bool:
        return True

    def back_url(self) -> str:
        return reverse("accounts:factors")

    def breadcrumbs(self) -> list[Crumb]:
        return [*security_crumbs(self.account), Crumb(_("Second factor"), self.back_url()), Crumb(self.title)]


@method_decorator(sensitive_post_parameters(), name="dispatch")
class AddFactor(AboutOwnFactor, ServiceFormView):
    """With the first factor come recovery codes: the answer to the form is the page that shows them, this once."""

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        self.codes: list[str] = []
        response = super().form_valid(form)
        return show_codes(self.request, self.codes) if self.codes else response


def show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    title, account = _("Your recovery codes"), cast(Account, request.user)
    context = {
        "title": title,
        "lead": _("Each lets you in once when your phone or your passkey is lost. They are not shown again."),
        "breadcrumbs": [
            *security_crumbs(account),
            Crumb(_("Second factor"), reverse("accounts:factors")),
            Crumb(title),
        ],
        "codes": codes,
        "site": RelyingParty.of_request(request).host,
    }
    return render(request, "accounts/recovery_codes_shown.html", context)


class TotpAdd(AddFactor):
    template_name = "accounts/totp_add.html"
    form_class = TotpForm
    title = gettext_lazy("Set up an authenticator app")
    button = gettext_lazy("Switch it on")

    @property
    def secret(self) -> str:
        """The same until it is confirmed: a page that is loaded again must not show another code to scan."""
        session = self.request.session
        if NEW_SECRET not in session:
            session[NEW_SECRET] = totp.new_secret()
        return str(session[NEW_SECRET])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        site = RelyingParty.of_request(self.request).host
        uri = totp.uri(self.secret, address=self.account.address, site=site)
        return super().get_context_data(
            **kwargs,
            uri=uri,
            qr_code=totp.qr_code(uri),
            secret=totp.in_groups(self.secret),
            replaces=bool(totp_secret_of(self.account)),
        )

    def save(self, form: ServiceForm) -> None:
        self.codes = services.add_totp(
            account=self.account, secret=self.secret, code=form.cleaned_data["code"], actor=self.actor
        )
        del self.request.session[NEW_SECRET]

    def done(self, result: None) -> str:
        return _("The authenticator app is set up. The next sign-in asks for its code.")


class PasskeyAdd(AddFactor):
    template_name = "accounts/passkey_add.html"
    form_class = PasskeyForm
    title = gettext_lazy("Add a passkey")
    button = gettext_lazy("Add the passkey")
    lead = gettext_lazy("This device's fingerprint, face or PIN; your phone; or a security key.")

    def get_initial(self) -> dict[str, Any]:
        return {"name": _("Passkey %(number)d") % {"number": self.account.passkeys.count() + 1}}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        party = RelyingParty.of_request(self.request)
        challenge = self.request.session[NEW_CHALLENGE] = passkeys.new_challenge()
        return super().get_context_data(
            **kwargs,
            can_have_passkeys=party.can_have_passkeys,
            options=passkeys.options_to_add(self.account, party, challenge),
        )

    def save(self, form: ServiceForm) -> None:
        self.codes = services.add_passkey(
            account=self.account,
            name=form.cleaned_data["name"],
            answer=form.cleaned_data["answer"],
            challenge=self.request.session.pop(NEW_CHALLENGE, passkeys.new_challenge()),
            party=RelyingParty.of_request(self.request),
            actor=self.actor,
        )

    def done(self, result: None) -> str:
        return _("The passkey is added. The next sign-in asks for it.")


class RemoveFactor(AboutOwnFactor, ConfirmView):
    button = gettext_lazy("Remove")
    danger = True

    def consequences(self) -> list[str]:
        others = self.account.passkeys.count() + bool(totp_secret_of(self.account)) - 1
        if others > 0:
            return [_("A sign-in asks for another second factor of yours.")]
        told = [
            _("It is your last second factor: a sign-in asks for the password alone."),
            _("Your recovery codes are deleted with it."),
        ]
        if self.account.mailbox and self.account.mailbox.app_passwords_only:
            told.append(_("Mail programs go on signing in by app passwords alone, until you switch that off."))
        return told


class TotpRemove(RemoveFactor):
    title = gettext_lazy("Remove the authenticator app?")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not totp_secret_of(self.account):
            return HttpResponseRedirect(self.back_url())
        return super().get(request, *args, **kwargs)

    def act(self) -> Account:
        return services.remove_totp(account=self.account, actor=self.actor)

    def done(self) -> str:
        return _("The authenticator app is removed. Delete its entry in the app as well.")


class PasskeyRemove(RemoveFactor):
    def get_object(self) -> Passkey:
        return get_object_or_404(self.account.passkeys.select_related("account__mailbox"), pk=self.kwargs["pk"])

    @property
    def title(self) -> str:
        return _("Remove the passkey “%(name)s”?") % {"name": self.object}

    def act(self) -> Account:
        return services.remove_passkey(passkey=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The passkey “%(name)s” is removed.") % {"name": self.object}


class RecoveryCodes(AboutOwnFactor, ConfirmView):
    title = gettext_lazy("Make new recovery codes?")
    button = gettext_lazy("Show new codes")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_second_factor(self.account):
            return HttpResponseRedirect(self.back_url())
        return super().get(request, *args, **kwargs)

    def consequences(self) -> list[str]:
        return [
            _("You are shown ten codes, once: print them, or keep them where you keep your passwords."),
            _("Codes that you were given before count no more."),
        ]

    def act(self) -> list[str]:
        return services.make_recovery_codes(account=self.account, actor=self.actor)

    def done(self) -> str:
        return _("The codes are made.")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The answer shows them: they are kept nowhere from where another page could."""
        try:
            return show_codes(request, self.act())
        except ValidationError as error:
            return self.ask(errors=error.messages)
