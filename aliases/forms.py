from __future__ import annotations

from typing import Any

from crispy_forms.layout import Column, Fieldset, Row
from django import forms
from django.utils.translation import gettext_lazy as _

from mailadmin.pages.fields import ADDRESS_ATTRS, TargetsField, domain_field
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import DomainField, FilterForm, StateField


class AliasFilters(FilterForm):
    domain = DomainField()
    state = StateField()


class AliasForm(ServiceForm):
    targets = TargetsField()
    description = forms.CharField(label=_("Description"), max_length=255, required=False)


class AliasCreateForm(AliasForm):
    """The address comes in two parts, and as `address` to the service."""

    service_names = {"address": "local_part"}
    denied_field = "local_part"

    local_part = forms.CharField(
        label=_("Address"),
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={**ADDRESS_ATTRS, "autofocus": True, "placeholder": "info"}),
        help_text=_("The part before the @."),
    )
    catch_all = forms.BooleanField(
        label=_("Catch-all"),
        required=False,
        help_text=_("Takes the mail to all addresses of the domain that nobody has. It draws spam."),
    )
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def prepare(self) -> None:
        self.fields["domain"] = domain_field(self.actor)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("catch_all") and data.get("local_part"):
            self.add_error("local_part", forms.ValidationError(_("A catch-all has no part before the @."), "catch_all"))
        elif not data.get("catch_all") and not data.get("local_part") and "local_part" not in self.errors:
            self.add_error("local_part", forms.ValidationError(_("Enter the part before the @."), "required"))
        return data

    @property
    def changes(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "address": f"{data['local_part']}@{data['domain'].pk}",
            "targets": data["targets"],
            "description": data["description"],
            "active": data["active"],
        }

    def layout(self) -> list[Any]:
        return [
            Fieldset(
                "",
                Row(Column("local_part", css_class="col-sm-6"), Column("domain", css_class="col-sm-6")),
                "catch_all",
            ),
            Fieldset("", "targets", "description", "active"),
        ]
