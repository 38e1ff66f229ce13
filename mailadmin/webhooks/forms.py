from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailadmin.audit.forms import ACTIONS, action_label
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import FilterForm

from .events import PING, is_event
from .models import Endpoint
from .validators import URL_LENGTH_AT_MOST

TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def event_choices() -> list[tuple[str, Any]]:
    return [(action, label) for action, label in ACTIONS.items() if is_event(action)]


def event_label(event_type: str) -> str:
    return str(_("Test event")) if event_type == PING else action_label(event_type)


class EndpointForm(ServiceForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        widget=forms.TextInput(attrs=TYPED),
        help_text=_("Small letters, digits and hyphens. The API knows it by this name."),
    )
    url = forms.CharField(
        label=_("URL"),
        max_length=URL_LENGTH_AT_MOST,
        widget=forms.URLInput(attrs=TYPED),
        help_text=_("It begins with https://, and is answered by a server on the internet."),
    )
    description = forms.CharField(label=_("Description"), required=False, max_length=255)
    event_types = forms.MultipleChoiceField(
        label=_("Events (none chosen: all of them)"),
        required=False,
        choices=event_choices,
        widget=forms.CheckboxSelectMultiple,
    )
    domains = forms.CharField(
        label=_("Domains"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, **TYPED}),
        help_text=_("Only of these, one in a line. Empty: of all domains."),
    )
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    @classmethod
    def present(cls, instance: Endpoint) -> dict[str, Any]:
        return {**super().present(instance), "domains": "\n".join(instance.domains)}

    def clean_domains(self) -> list[str]:
        return str(self.cleaned_data["domains"]).replace(",", " ").split()


class DeliveryFilters(FilterForm):
    q = None  # type: ignore[assignment]  # so Django takes an inherited field away
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            ("delivered", _("Delivered")),
            ("open", _("Waiting")),
            ("failed", _("Failed")),
        ],
    )
