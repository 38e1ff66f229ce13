"""Where a mailbox's mail goes on to: by who administers it, and by whose it is."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aliases.models import Alias
from mailadmin.accounts.access import MailboxUserRequired, RecentlyAuthenticated
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb, own_crumbs
from mailboxes import services
from mailboxes.forms import ForwardingForm, OwnForwardingForm
from mailboxes.models import Mailbox

from .acts import OneMailbox


class Forwarding(ServiceFormView):
    """Of `object`, a mailbox. The form's row is the mailbox's alias row."""

    form_class = ForwardingForm
    title = gettext_lazy("Forwarding")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self._forwarding()}

    def _forwarding(self) -> Alias:
        mailbox = self.object
        row = Alias.objects.filter(pk=mailbox.pk).first()
        return row or Alias(address=mailbox.pk, domain=mailbox.domain, goto=mailbox.pk, active=mailbox.active)

    def show_present(self, form: ServiceForm) -> None:
        form.show_present(self._forwarding())

    def save(self, form: ServiceForm) -> Alias:
        return services.set_forwarding(
            mailbox=self.object,
            targets=form.cleaned_data["targets"],
            keep_copy=form.cleaned_data["keep_copy"],
            expected_revision=form.expected_revision,
            actor=self.actor,
        )

    def live_keys(self, result: Alias) -> list[str]:
        return [result.pk]


class MailboxForwarding(OneMailbox, Forwarding):
    def done(self, result: Alias) -> str:
        return _("The forwarding of %(address)s is saved.") % {"address": result}


class OwnForwarding(RecentlyAuthenticated, MailboxUserRequired, Forwarding):
    """With the password given lately: to read along unseen is what somebody at an open browser would set up."""

    form_class = OwnForwardingForm
    lead = gettext_lazy("Mail that arrives for you goes on to these addresses as well, or instead.")

    def get_object(self) -> Mailbox | None:
        return self.account.mailbox

    def back_url(self) -> str:
        return reverse("accounts:own")

    def breadcrumbs(self) -> list[Crumb]:
        return own_crumbs(self.account, self.title)

    def done(self, result: Alias) -> str:
        if result.targets == [result.pk]:
            return _("Your mail stays in your mailbox and goes nowhere else.")
        return _("Your forwarding is saved.")
