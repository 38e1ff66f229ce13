from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from mailadmin.pages.forms import ServiceForm

from .models import Token
from .scopes import ALL, SCIM, SCOPES
from .services import (
    FORMER_HOURS,
    FORMER_HOURS_AT_MOST,
    NAME_LENGTH_AT_MOST,
    REQUESTS_PER_MINUTE,
    REQUESTS_PER_MINUTE_AT_MOST,
)

TYPED = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
WORDS = {ALL: _("Everything but SCIM"), SCIM: _("SCIM: users and groups from a directory")}
EVERY, SOME = "every", "some"


class LinesField(forms.CharField):
    """Several values, one in a line."""

    widget = forms.Textarea(attrs={"rows": 3, **TYPED})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return str(super().to_python(value)).replace(",", " ").split()

    def validate(self, value: Any) -> None:
        """The service does."""

    def run_validators(self, value: Any) -> None:
        """The service does."""


class TokenForm(ServiceForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH_AT_MOST,
        widget=forms.TextInput(attrs={"autofocus": True, **TYPED}),
        help_text=_("Of the script that will use it. The audit tells of what it does under this name."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("May"),
        choices=[(scope, WORDS.get(scope, scope)) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("As little as the script needs: one that only creates mailboxes needs “mailboxes:create”."),
    )
    reach = forms.ChoiceField(
        label=_("Good for"),
        choices=[(EVERY, _("All domains")), (SOME, _("Only these domains"))],
        widget=forms.RadioSelect,
        initial=SOME,
    )
    domains = LinesField(label=_("Domains"), required=False, help_text=_("One in a line."))
    networks = LinesField(
        label=_("From networks"),
        required=False,
        help_text=_("Such as 192.0.2.0/24, one in a line. Empty: from everywhere."),
    )
    requests_per_minute = forms.IntegerField(
        label=_("Requests per minute"),
        min_value=1,
        max_value=REQUESTS_PER_MINUTE_AT_MOST,
        initial=REQUESTS_PER_MINUTE,
    )
    expires_at = forms.DateTimeField(
        label=_("Expires"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Day and time. Empty: never."),
    )
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    @classmethod
    def present(cls, instance: Token) -> dict[str, Any]:
        reach = EVERY if instance.every_domain else SOME
        return {**super().present(instance), "reach": reach, "domains": sorted(instance.domain_names())}

    @property
    def changes(self) -> dict[str, Any]:
        changes = super().changes
        return {**changes, "domains": None} if changes.pop("reach") == EVERY else changes


class RotateForm(ServiceForm):
    has_revision = False

    former_hours = forms.IntegerField(
        label=_("Hours for which the present one is still good"),
        min_value=0,
        max_value=FORMER_HOURS_AT_MOST,
        initial=FORMER_HOURS,
        help_text=_("Time to enter the new one in the script. 0 if somebody else has seen it: it ends at once."),
    )

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {}
