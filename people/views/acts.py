from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from domains.rules import can_change_addresses
from mailadmin.pages.acts import ConfirmView, ServiceFormView
from mailadmin.pages.fields import own_domains
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb
from mailboxes.views.acts import OneMailbox
from people.forms import OffboardingForm, OnboardingForm
from people.models import Offboarding, Onboarding, Person, ReservedAddress
from people.reading import leaving_defaults
from people.services.offboarding import start_offboarding, undo_offboarding
from people.services.onboarding import onboard, preview_onboarding
from people.services.templates import template_for
from people.services.tombstones import release_address

from .lists import crumbs


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class OnboardingAdd(ServiceFormView):
    form_class = OnboardingForm
    template_name = "people/onboarding.html"
    title = gettext_lazy("Onboard a person")
    lead = gettext_lazy("A mailbox and all that belongs to it, at once or not at all.")
    button = gettext_lazy("Onboard")

    def may(self) -> bool:
        return self.actor.is_superadmin or own_domains(self.actor).exists()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        urls = {"form_url": reverse("people:onboarding_add"), "preview_url": reverse("people:onboarding_preview")}
        return super().get_context_data(**{**urls, **kwargs})

    def save(self, form: ServiceForm) -> Onboarding:
        return onboard(**form.call, actor=self.actor)  # type: ignore[attr-defined]  # OnboardingForm

    def done(self, result: Onboarding) -> str:
        if sent_to := result.made["invitation"]:
            return _("%(address)s is there, and a link to choose a password on its way to %(recovery)s.") % {
                "address": result,
                "recovery": sent_to,
            }
        return _("%(address)s is there.") % {"address": result}

    def live_keys(self, result: Onboarding) -> list[str]:
        return [result.address]

    def done_url(self, result: Onboarding) -> str:
        return reverse("mailboxes:detail", args=[result.address])

    def back_url(self) -> str:
        return reverse("people:onboarding_list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(Crumb(self.title))


class OnboardingPreview(OnboardingAdd):
    """What the person would get. Nothing is written."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.prepare()
        return HttpResponseRedirect(reverse("people:onboarding_add"))

    def form_valid(self, form: Any) -> HttpResponse:
        call = {name: form.call[name] for name in form.call if name not in ("password", "recovery_address")}
        try:
            plan = preview_onboarding(**call, actor=self.actor)
        except ValidationError as error:
            return self.refused(form, error)
        return self.render_to_response(self.get_context_data(form=form, plan=plan))


class Offboard(OneMailbox, ServiceFormView):
    form_class = OffboardingForm
    title = gettext_lazy("Offboard")
    lead = gettext_lazy(
        "At the time that you say sign-in ends, sessions and app passwords with it, and the mailbox leaves the "
        "distribution aliases. Mail goes on to arrive until it is deleted. All can be undone until its mail is removed."
    )
    button = gettext_lazy("Offboard")

    def get_initial(self) -> dict[str, Any]:
        person = Person.objects.filter(mailbox=self.object).first()
        return leaving_defaults(template_for(self.object.domain_id, person.department if person else ""))

    def save(self, form: ServiceForm) -> Offboarding:
        wishes = form.wishes  # type: ignore[attr-defined]  # OffboardingForm
        chosen = {"at": form.cleaned_data["at"], "successor": form.cleaned_data["successor"]}
        return start_offboarding(mailbox=self.object, **chosen, wishes=wishes, actor=self.actor)

    def done(self, result: Offboarding) -> str:
        return _("The steps of %(address)s are planned.") % {"address": result}

    def done_url(self, result: Offboarding) -> str:
        return reverse("people:offboarding", args=[result.pk])


class OffboardingUndo(ConfirmView):
    button = gettext_lazy("Undo it")

    def get_object(self) -> Offboarding:
        return get_object_or_404(Offboarding.objects.visible_to(self.actor), pk=self.kwargs["pk"])

    def may(self) -> bool:
        return can_change_addresses(self.actor, self.object.domain_name)

    @property
    def title(self) -> str:
        return _("Undo the offboarding of %(address)s?") % {"address": self.object}

    def consequences(self) -> list[str]:
        if not self.object.steps.exclude(done_at=None).exists():
            return [_("Nothing has been done yet, and nothing will be.")]
        return [
            _("The former password works again, unless somebody has set another one."),
            _("Forwarding, vacation reply and distribution aliases are as they were before."),
            _("A deleted mailbox is back with its mail and its addresses."),
            _("App passwords stay revoked: the person makes new ones."),
        ]

    def act(self) -> None:
        undo_offboarding(offboarding=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The offboarding of %(address)s is undone.") % {"address": self.object}

    def live_keys(self) -> list[str]:
        return [self.object.address]

    def back_url(self) -> str:
        return reverse("people:offboarding", args=[self.kwargs["pk"]])

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(
            Crumb(_("Leaving"), reverse("people:offboarding_list")),
            Crumb(str(self.object), self.back_url()),
            Crumb(_("Undo")),
        )


class ReservedRelease(ConfirmView):
    button = gettext_lazy("Give it free")

    def get_object(self) -> ReservedAddress:
        visible = ReservedAddress.objects.visible_to(self.actor).select_related("offboarding")
        return get_object_or_404(visible, pk=self.kwargs["address"])

    def may(self) -> bool:
        return self.actor.is_superadmin

    @property
    def title(self) -> str:
        return _("Give %(address)s free?") % {"address": self.object}

    def consequences(self) -> list[str]:
        return [_("Whoever gets it next gets the mail that is still sent to the person who left.")]

    def act(self) -> None:
        release_address(reserved_address=self.object, actor=self.actor)

    def done(self) -> str:
        return _("%(address)s is free.") % {"address": self.object}

    def back_url(self) -> str:
        return reverse("people:reserved_list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(Crumb(_("Addresses kept free"), self.back_url()), Crumb(str(self.object)))
