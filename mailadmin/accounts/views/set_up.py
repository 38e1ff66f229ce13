"""An administrator is sent a link to choose a password."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailadmin.accounts import services
from mailadmin.accounts.forms.recovery import SetUpForm
from mailadmin.addresses import show_address
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.forms import ServiceForm

from .administrators import AboutOne


class AdministratorSetUp(AboutOne, ServiceFormView):
    form_class = SetUpForm
    title = gettext_lazy("Send a set-up link")
    button = gettext_lazy("Take the password away and send a link")
    lead = gettext_lazy("The present password stops working at once. Nobody but the person gets to know the new one.")

    def get_initial(self) -> dict[str, Any]:
        return {"to": show_address(self.object.recovery_to or self.object.address)}

    def save(self, form: ServiceForm) -> str:
        services.send_administrator_set_up(account=self.object, to=form.cleaned_data["to"], actor=self.actor)
        return str(form.cleaned_data["to"])

    def done(self, result: str) -> str:
        return _("A link is on its way to %(address)s.") % {"address": result}
