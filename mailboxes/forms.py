from __future__ import annotations

from typing import Any

from crispy_forms.layout import Column, Fieldset, Row
from django import forms
from django.conf import settings
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.passwords import advice
from mailadmin.addresses import show_address
from mailadmin.pages.fields import ADDRESS_ATTRS, PasswordField, QuotaField, TargetsField, domain_field
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import DomainField, FilterForm, StateField

QUOTA_HELP = _("In MB; 0 is unlimited.")


class MailboxFilters(FilterForm):
    domain = DomainField()
    state = StateField()


class ArchiveFilters(FilterForm):
    domain = DomainField()


class TwicePasswordForm(ServiceForm):
    """A password typed twice, so that a slip does not lock somebody out."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "password" in data and "again" in data and data["password"] != data["again"]:
            self.add_error("again", forms.ValidationError(_("The two passwords differ."), code="password_differs"))
        return data

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in super().changes.items() if name != "again"}


def must_change_field() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("To be changed at the next sign-in"),
        required=False,
        initial=True,
        help_text=_("On these pages. Mail programs work with it until then."),
    )


class MailboxCreateForm(TwicePasswordForm):
    service_names = {"quota_bytes": "quota"}

    local_part = forms.CharField(
        label=_("Address"),
        max_length=254,
        widget=forms.TextInput(attrs={**ADDRESS_ATTRS, "autofocus": True, "placeholder": _("first.last")}),
        help_text=_("The part before the @."),
    )
    name = forms.CharField(label=_("Name"), max_length=255, required=False, help_text=_("As people read it."))
    password = PasswordField()
    again = PasswordField(label=_("Password, again"))
    must_change = must_change_field()
    quota = QuotaField(required=False, help_text=_("In MB; empty is the largest that the domain allows."))
    active = forms.BooleanField(label=pgettext_lazy("mailbox", "Active"), required=False, initial=True)

    def prepare(self) -> None:
        self.fields["domain"] = domain_field(self.actor)
        self.fields["password"].help_text = advice()

    def layout(self) -> list[Any]:
        return [
            Fieldset(
                "",
                Row(Column("local_part", css_class="col-sm-6"), Column("domain", css_class="col-sm-6")),
                "name",
            ),
            Fieldset(
                gettext("Password"),
                Row(Column("password", css_class="col-sm-6"), Column("again", css_class="col-sm-6")),
                "must_change",
            ),
            Fieldset(gettext("Space"), Row(Column("quota", css_class="col-sm-6")), "active"),
        ]


class MailboxForm(ServiceForm):
    service_names = {"quota_bytes": "quota"}

    name = forms.CharField(label=_("Name"), max_length=255, required=False)
    quota = QuotaField(help_text=QUOTA_HELP)
    smtp_active = forms.BooleanField(
        label=_("May send"), required=False, help_text=_("Switched off, the mailbox still receives and can be read.")
    )

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {"name": instance.name, "quota": instance.quota_bytes, "smtp_active": instance.smtp_active}

    @property
    def changes(self) -> dict[str, Any]:
        """What differs alone: a quota that is no whole number of MB stays as it is unless it was typed anew."""
        names = {"quota": "quota_bytes"}
        return {names.get(name, name): self.cleaned_data[name] for name in self.changed_data if name != "revision"}

    def layout(self) -> list[Any]:
        return [Fieldset("", "name", "quota", "smtp_active")]


class MailboxPasswordForm(TwicePasswordForm):
    has_revision = False

    password = PasswordField(label=_("New password"))
    again = PasswordField(label=_("New password, again"))
    must_change = must_change_field()

    def prepare(self) -> None:
        self.fields["password"].help_text = advice()

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {}


class RenameForm(ServiceForm):
    has_revision = False
    denied_field = "address"

    address = forms.CharField(
        label=_("New address"),
        max_length=320,
        widget=forms.TextInput(attrs=ADDRESS_ATTRS),
        help_text=_("Also in another of your domains."),
    )
    keep_alias = forms.BooleanField(
        label=_("Keep the old address as an alias"),
        required=False,
        initial=True,
        help_text=_("Mail to the old address goes on to arrive."),
    )

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {"address": show_address(instance.address)}


class ForwardingForm(ServiceForm):
    """Its row is the mailbox's alias row, whose revision goes with the form."""

    targets = TargetsField(
        label=_("Forward to"),
        required=False,
        help_text=_("One address on each line. Empty: the mail just stays in the mailbox."),
    )
    keep_copy = forms.BooleanField(label=_("Keep a copy in the mailbox"), required=False)

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        targets = instance.targets
        return {
            "targets": [target for target in targets if target != instance.address],
            "keep_copy": instance.address in targets,
        }


class OwnForwardingForm(ForwardingForm):
    """In the words of whose mailbox it is."""

    def prepare(self) -> None:
        targets, keep_copy = self.fields["targets"], self.fields["keep_copy"]
        targets.help_text = _("One address on each line. Empty: your mail stays in your mailbox.")
        if not settings.FORWARD_OUTSIDE:
            targets.help_text = _(
                "One address of this server on each line. Empty: your mail just stays in your mailbox."
            )
        keep_copy.label = _("Keep a copy in my mailbox")
        keep_copy.help_text = _("Otherwise what is forwarded goes to these addresses alone.")
