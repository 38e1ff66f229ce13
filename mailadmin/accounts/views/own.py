from __future__ import annotations

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import TemplateView

from aliases.models import Alias
from mailadmin.accounts import services
from mailadmin.accounts.access import SignedIn
from mailadmin.accounts.forms.own import OwnPasswordForm
from mailadmin.accounts.models import Account
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailboxes.models import Mailbox, MailboxUsage


class OwnAccount(SignedIn, TemplateView):
    """For mailbox users the start page."""

    template_name = "accounts/own.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = {**kwargs, "title": str(self.account), "lead": self.account.get_role_display()}
        if self.account.mailbox is None:
            return super().get_context_data(**kwargs, domains=self.account.domains.order_by("name"))
        return super().get_context_data(**kwargs, **_mailbox_context(self.account.mailbox))


def _mailbox_context(mailbox: Mailbox) -> dict[str, Any]:
    forwarding = Alias.objects.filter(address=mailbox.address).first()
    targets = forwarding.targets if forwarding else [mailbox.address]
    return {
        "mailbox": mailbox,
        "usage": MailboxUsage.objects.filter(address=mailbox.address).first(),
        "targets": [target for target in targets if target != mailbox.address],
        "keeps_copy": mailbox.address in targets,
    }


@method_decorator(sensitive_post_parameters(), name="dispatch")
class OwnPassword(ServiceFormView):
    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    title = gettext_lazy("Change password")
    button = gettext_lazy("Change password")
    lead = gettext_lazy("The new one counts at once, everywhere. You stay signed in here alone.")

    def may_enter(self) -> bool:
        return True

    def back_url(self) -> str:
        return reverse("accounts:own")

    def save(self, form: ServiceForm) -> Account:
        data = form.cleaned_data
        return services.change_own_password(
            account=self.account, current=data["current"], new=data["new"], actor=self.actor
        )

    def done(self, result: Account) -> str:
        # The other sessions end with the old hash; this one goes on under a new key.
        update_session_auth_hash(self.request, result)
        return _("Your password is changed. You are signed out everywhere else.")
