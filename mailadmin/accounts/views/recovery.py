"""One's own recovery address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailadmin.accounts import services
from mailadmin.accounts.access import RecentlyAuthenticated, SignedIn
from mailadmin.accounts.forms.recovery import RecoveryForm
from mailadmin.accounts.models import Account
from mailadmin.addresses import show_address
from mailadmin.letters.links import find_link
from mailadmin.letters.models import Link, Purpose
from mailadmin.pages.acts import ConfirmView, ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb

from .crumbs import security_crumbs
from .links import forget_tokens, refused, token_of


class Own(SignedIn):
    """For everybody, though the pages of acts are for administrators."""

    def may_enter(self) -> bool:
        return True

    def get_object(self) -> Account:
        return self.account

    def back_url(self) -> str:
        return reverse("accounts:own")

    def breadcrumbs(self) -> list[Crumb]:
        return security_crumbs(self.account, _("Recovery address"))


class Recovery(Own, RecentlyAuthenticated, ServiceFormView):
    template_name = "accounts/recovery.html"
    form_class = RecoveryForm
    title = gettext_lazy("Recovery address")
    lead = gettext_lazy("Where a link goes if you forget your password.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            links_on=bool(settings.SITE_URL),
            wanted=show_address(self.account.wanted_recovery_address),
            is_confirmed=bool(self.account.recovery_to),
        )

    def save(self, form: ServiceForm) -> Account:
        return services.set_recovery_address(
            account=self.account, address=form.cleaned_data["address"], actor=self.actor
        )

    def done(self, result: Account) -> str:
        if not result.wanted_recovery_address:
            return _("You have no recovery address now.")
        if result.recovery_to:
            return _("Your recovery address is confirmed already.")
        shown = {"address": show_address(result.wanted_recovery_address)}
        return _("A mail is on its way to %(address)s.") % shown

    def done_url(self, result: Account) -> str:
        return reverse("accounts:recovery")


class RecoveryConfirm(Own, ConfirmView):
    """Where the link leads that was sent to the address. The owner alone confirms it, so this page asks to sign in."""

    title = gettext_lazy("Confirm your recovery address")
    button = gettext_lazy("Confirm")
    link: Link | None = None

    def before(self) -> HttpResponseBase | None:
        self.token = token_of(self.request, Purpose.CONFIRM_RECOVERY)
        self.link = find_link(self.token, [Purpose.CONFIRM_RECOVERY]) if self.token else None
        known = self.request.method in ("GET", "HEAD", "POST")
        if known and (self.link is None or self.link.account_id != self.account.pk):
            return refused(self.request, "accounts:recovery")
        return super().before()

    def consequences(self) -> list[str]:
        shown = {"address": show_address(self.link.sent_to) if self.link else ""}
        return [
            _("If you forget your password, a link to choose a new one is sent to %(address)s.") % shown,
            _("Whoever reads the mail there can get into your account: confirm only an address of your own."),
        ]

    def act(self) -> None:
        services.confirm_recovery_address(account=self.account, token=self.token, actor=self.actor)
        forget_tokens(self.request)

    def done(self) -> str:
        return _("Your recovery address is confirmed.")

    def done_url(self) -> str:
        return reverse("accounts:recovery")
