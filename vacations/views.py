from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from aliases.models import Alias
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb, own_crumbs
from mailboxes.models import Mailbox
from mailboxes.views.acts import OneMailbox
from vacations import services
from vacations.addresses import addresses_of
from vacations.forms import VacationForm
from vacations.models import State, Vacation

DONE = {
    State.OFF: gettext_lazy("The vacation reply is off."),
    State.PLANNED: gettext_lazy("The vacation reply is planned."),
    State.ON: gettext_lazy("The vacation reply is on."),
}


class VacationView(ServiceFormView):
    """The reply of `object`, a mailbox."""

    template_name = "vacations/vacation.html"
    form_class = VacationForm
    title = gettext_lazy("Vacation reply")
    page_name: str

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": services.vacation_of(self.object)}

    def show_present(self, form: ServiceForm) -> None:
        form.show_present(services.vacation_of(self.object))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        forwarding = Alias.objects.filter(pk=self.object.pk).first()
        more = {
            "vacation": services.vacation_of(self.object),
            "keeps_no_copy": forwarding is not None and self.object.pk not in forwarding.targets,
            # Also of a preview, which has another address.
            "form_url": self.url(self.page_name),
            "preview_url": self.url(f"{self.page_name}_preview"),
        }
        return super().get_context_data(**{**more, **kwargs})

    def url(self, name: str) -> str:
        return reverse(f"vacations:{name}", kwargs=self.kwargs)

    def save(self, form: ServiceForm) -> Vacation:
        return services.set_vacation(
            mailbox=self.object, **form.changes, expected_revision=form.expected_revision, actor=self.actor
        )

    def done(self, result: Vacation) -> str:
        return str(DONE[result.state])

    def done_url(self, result: Vacation) -> str:
        return self.url(self.page_name)

    def live_keys(self, result: Vacation) -> list[str]:
        return [result.pk]


class PreviewView(VacationView):
    """What would be sent, of what stands in the form. Nothing is saved."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.prepare()
        return HttpResponseRedirect(self.url(self.page_name))

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        try:
            preview = services.preview_vacation(mailbox=self.object, **form.changes, actor=self.actor)
        except ValidationError as error:
            return self.refused(form, error)
        return self.render_to_response(
            self.get_context_data(form=form, preview=preview, addresses=addresses_of(self.object.pk))
        )


class OwnVacation(VacationView):
    """For whose mailbox it is."""

    lead = gettext_lazy("An answer to who writes to you while you are away.")
    page_name = "own"

    def may_enter(self) -> bool:
        return self.account.mailbox is not None

    def get_object(self) -> Mailbox | None:
        return self.account.mailbox

    def back_url(self) -> str:
        return reverse("accounts:own")

    def breadcrumbs(self) -> list[Crumb]:
        return own_crumbs(self.account, self.title)


class OwnVacationPreview(PreviewView, OwnVacation):
    pass


class MailboxVacation(OneMailbox, VacationView):
    """For who administers the mailbox."""

    lead = gettext_lazy("An answer to who writes to this mailbox. Its owner sees it, and may change it.")
    page_name = "mailbox"


class MailboxVacationPreview(PreviewView, MailboxVacation):
    pass
