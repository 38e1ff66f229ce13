"""Administrators help somebody below them whose second factor is lost."""

from __future__ import annotations

from abc import abstractmethod

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailadmin.accounts import services
from mailadmin.accounts.access import RecentlyAuthenticated
from mailadmin.accounts.forms.factors import ResetForm
from mailadmin.accounts.models import Account
from mailadmin.accounts.rules import can_reset_second_factor
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.forms import ServiceForm

from .administrators import AboutOne


class FactorReset(RecentlyAuthenticated, ServiceFormView):
    form_class = ResetForm
    title = gettext_lazy("Reset the second factor")
    button = gettext_lazy("Reset the second factor")
    lead = gettext_lazy(
        "The authenticator app, all passkeys and the recovery codes are removed, and open sessions end. From then on a "
        "sign-in asks for the password alone."
    )

    @abstractmethod
    def reset(self, reason: str) -> Account:
        """The service call."""

    def save(self, form: ServiceForm) -> Account:
        return self.reset(form.cleaned_data["reason"])

    def done(self, result: Account) -> str:
        return _("The second factor of %(address)s is reset.") % {"address": result}


class AdministratorFactorReset(FactorReset, AboutOne):
    def may(self) -> bool:
        return can_reset_second_factor(self.actor, self.object)

    def reset(self, reason: str) -> Account:
        return services.reset_second_factor(account=self.object, reason=reason, actor=self.actor)
