from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from mailadmin.pages.lists import FilterForm


class LetterFilters(FilterForm):
    """`q` is the recipient, whole."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), ("sent", _("Sent")), ("open", _("Waiting")), ("failed", _("Failed"))],
    )
