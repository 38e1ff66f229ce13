from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.models import Account
from mailadmin.addresses import show_address
from mailadmin.pages.forms import ServiceForm

from .own import helper, password_field


def address_field(**options: Any) -> forms.CharField:
    """Somebody's address elsewhere: the service says whether it is one."""
    attrs = {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false", **options.pop("attrs", {})}
    return forms.CharField(max_length=320, widget=forms.TextInput(attrs=attrs), **options)


class ForgottenForm(forms.Form):
    identifier = address_field(
        label=_("Address"),
        help_text=_("The one that you sign in with."),
        attrs={"autocomplete": "username", "autofocus": True},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper(_("Send a link"))


class PasswordByLinkForm(forms.Form):
    new = password_field(_("New password"), "new-password")
    again = password_field(_("New password, again"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new"].widget.attrs["autofocus"] = True
        self.helper = helper(_("Set the password"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "new" in data and "again" in data and data["new"] != data["again"]:
            self.add_error("again", ValidationError(_("The two new passwords differ."), code="password_differs"))
        return data


class RecoveryForm(ServiceForm):
    has_revision = False

    address = address_field(
        label=_("Recovery address"),
        required=False,
        help_text=_("An address of yours elsewhere. Empty: none, and a forgotten password needs an administrator."),
        attrs={"autocomplete": "email"},
    )

    @classmethod
    def present(cls, instance: Account) -> dict[str, Any]:
        return {"address": show_address(instance.wanted_recovery_address)}


class SetUpForm(ServiceForm):
    has_revision = False

    to = address_field(
        label=_("Send the link to"),
        help_text=_("An address that the person can read now."),
        attrs={"autocomplete": "off", "autofocus": True},
    )
