from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts import passwords, services
from mailadmin.accounts.models import Account
from mailadmin.pages.forms import ServiceForm

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def helper(button: StrOrPromise) -> FormHelper:
    made = FormHelper()
    made.add_input(Submit("submit", button))
    return made


def password_field(label: StrOrPromise, autocomplete: str, **options: Any) -> forms.CharField:
    # As typed: blanks at the ends belong to the password.
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, **options)


class SignInForm(forms.Form):
    identifier = forms.CharField(
        label=_("Address"),
        max_length=320,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "autofocus": True,
                "inputmode": "email",
                "spellcheck": "false",
            }
        ),
    )
    password = password_field(_("Password"), "current-password")

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.account: Account | None = None
        self.helper = helper(_("Sign in"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "identifier" in data and "password" in data:
            self.account = services.sign_in(
                request=self.request, identifier=data["identifier"], password=data["password"]
            )
        return data

    def get_account(self) -> Account:
        """Of a valid form."""
        assert self.account  # noqa: S101  # clean() set it, or the form is not valid
        return self.account


class ConfirmForm(forms.Form):
    password = password_field(_("Password"), "current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs["autofocus"] = True
        self.helper = helper(_("Continue"))


class OwnPasswordForm(ServiceForm):
    has_revision = False

    current = password_field(_("Present password"), "current-password")
    new = password_field(_("New password"), "new-password")
    again = password_field(_("New password, again"), "new-password")

    def prepare(self) -> None:
        self.fields["new"].help_text = passwords.advice()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "new" in data and "again" in data and data["new"] != data["again"]:
            self.add_error("again", forms.ValidationError(_("The two new passwords differ."), code="password_differs"))
        return data
