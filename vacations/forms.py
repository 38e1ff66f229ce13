from __future__ import annotations

from typing import Any

from crispy_bootstrap5.bootstrap5 import Switch
from crispy_forms.layout import HTML, Column, Fieldset, Row
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailadmin.pages.forms import ServiceForm
from vacations.models import NO_BEGINNING
from vacations.services import DAYS_AT_MOST


class MomentField(forms.DateTimeField):
    """Date and time of day, in the person's time zone."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(required=False, widget=widget, **options)


class VacationForm(ServiceForm):
    active = forms.BooleanField(label=_("Answer mail with this text"), required=False)
    from_at = MomentField(label=_("From"), help_text=_("Empty: at once."))
    until_at = MomentField(label=_("Until"), help_text=_("Empty: until it is switched off."))
    subject = forms.CharField(
        label=_("Subject"),
        required=False,
        help_text=_("Empty: “Auto:” and the subject of the mail that is answered."),
    )
    body = forms.CharField(
        label=_("Text"), required=False, strip=False, widget=forms.Textarea(attrs={"rows": 9, "spellcheck": "true"})
    )
    interval_days = forms.IntegerField(
        label=_("Days until the same sender is answered again"), help_text=_("0: each sender is answered once.")
    )
    known_domains_only = forms.BooleanField(
        label=_("Only answer senders in the domains of this server"), required=False
    )

    def prepare(self) -> None:
        self.fields["interval_days"].widget.attrs.update(
            {"inputmode": "numeric", "min": 0, "max": DAYS_AT_MOST, "class": "w-auto"}
        )

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {
            **super().present(instance),
            "from_at": None if instance.from_at <= NO_BEGINNING else instance.from_at,
            "until_at": None if instance.is_open_ended else instance.until_at,
        }

    def layout(self) -> list[Any]:
        half = "col-sm-6"
        return [
            Switch("active"),
            Fieldset(
                gettext("When"),
                HTML('{% include "vacations/_zone.html" %}'),
                Row(Column("from_at", css_class=half), Column("until_at", css_class=half)),
            ),
            Fieldset(gettext("Reply"), "subject", "body"),
            Fieldset(gettext("Who is answered"), "interval_days", "known_domains_only"),
        ]
