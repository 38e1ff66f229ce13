from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_address, show_address, split_address
from mailadmin.mailhost.tracing import own_names
from mailadmin.pages.fields import ADDRESS_ATTRS
from mailadmin.pages.lists import FilterForm


class WorkFilters(FilterForm):
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All open work")), ("failed", _("Failed"))]
    )


class TraceForm(forms.Form):
    address = forms.CharField(
        label=_("Address"),
        max_length=320,
        widget=forms.TextInput(attrs={**ADDRESS_ATTRS, "class": "form-control", "placeholder": "joe@example.org"}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def clean_address(self) -> str:
        address = normalise_address(self.cleaned_data["address"])
        own = own_names(self.actor)
        if own is not None and split_address(address)[1] not in own:
            raise ValidationError(
                gettext("%(address)s is in none of your domains."), "not_yours", {"address": show_address(address)}
            )
        return address
