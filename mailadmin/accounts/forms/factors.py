from __future__ import annotations

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.passkeys import ANSWER_LENGTH_AT_MOST
from mailadmin.pages.forms import ServiceForm


class CodeInput(forms.TextInput):
    """Empty when the form comes back: the next code is another one."""

    def format_value(self, value: Any) -> None:
        return None


class CodeField(forms.CharField):
    """What an authenticator app shows: digits, which a phone offers to fill in."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        super().__init__(max_length=100, widget=CodeInput(attrs={**attributes, "class": "code"}), **options)


class CodeForm(forms.Form):
    """The second step of the sign-in."""

    code: forms.CharField = CodeField(label=_("Code of the authenticator app"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = True
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True  # the template's <form> has the token


class RecoveryCodeForm(CodeForm):
    code = forms.CharField(
        label=_("Recovery code"),
        max_length=100,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "class": "code"}
        ),
    )


class AnswerField(forms.CharField):
    """What static/mailadmin/passkeys.js puts in; without it the service says what is missing."""

    def __init__(self) -> None:
        super().__init__(required=False, max_length=ANSWER_LENGTH_AT_MOST, widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    answer = AnswerField()


class TotpForm(ServiceForm):
    has_revision = False

    code = CodeField(label=_("Code that the app shows"))


class PasskeyForm(ServiceForm):
    has_revision = False

    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        help_text=_("To tell it from others: the phone, the laptop, the key on the key ring."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    answer = AnswerField()


class ResetForm(ServiceForm):
    has_revision = False

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("How you made sure that it is this person who asks. It is kept in the audit."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {}
