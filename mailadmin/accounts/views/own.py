from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from aliases.models import Alias
from mailadmin.accounts import services
from mailadmin.accounts.access import SignedIn
from mailadmin.accounts.forms.own import OwnPasswordForm
from mailboxes.models import Mailbox, MailboxUsage


class OwnAccount(SignedIn, TemplateView):
    """For mailbox users the start page."""

    template_name = "accounts/own.html"
    extra_context = {"title": _("Account")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
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
class OwnPassword(SignedIn, FormView):
    template_name = "accounts/password.html"
    extra_context = {"title": _("Change password")}
    form_class = OwnPasswordForm
    success_url = reverse_lazy("accounts:own")

    def form_valid(self, form: OwnPasswordForm) -> HttpResponse:
        data = form.cleaned_data
        try:
            account = services.change_own_password(
                account=self.account, present=data["present"], new=data["new"], actor=self.actor
            )
        except ValidationError as error:
            form.add_error(None, error)
            return self.form_invalid(form)
        # The other sessions end with the old hash; this one goes on under a new key.
        update_session_auth_hash(self.request, account)
        messages.success(self.request, _("Your password is changed. You are signed out everywhere else."))
        return super().form_valid(form)
