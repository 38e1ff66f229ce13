from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from app_passwords.models import Protocol, offered_protocols
from app_passwords.services import NAME_LENGTH_AT_MOST
from mailadmin.pages.forms import ServiceForm

# Far from the ends of the calendar, so that a day more, or another time zone, is still a date.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9000, 1, 1)


class AppPasswordForm(ServiceForm):
    has_revision = False
    service_names = {"expires_at": "expires_on"}

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH_AT_MOST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text=_("Of the device or the mail program that will use it, such as “Phone”."),
    )
    protocols = forms.MultipleChoiceField(
        label=_("Good for"),
        widget=forms.CheckboxSelectMultiple,
        initial=[Protocol.IMAP, Protocol.SMTP],
        help_text=_("A mail program needs the first two."),
    )
    expires_on = forms.DateField(
        label=_("Last day"),
        required=False,
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("It stops working at the end of this day. Empty: it works until you revoke it."),
    )

    def prepare(self) -> None:
        self.fields["protocols"].choices = [  # type: ignore[attr-defined]  # a field with choices
            (each.value, each.label) for each in offered_protocols()
        ]

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {}

    @property
    def changes(self) -> dict[str, Any]:
        changes = super().changes
        return {**changes, "expires_at": _end_of(changes["expires_at"])}


def _end_of(day: date | None) -> datetime | None:
    """In the person's own time zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) if day else None
