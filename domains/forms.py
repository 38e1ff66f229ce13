from __future__ import annotations

from typing import Any

from crispy_forms.layout import HTML, Column, Fieldset, Row
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from domains.models import EXPIRY_DAYS_AT_MOST
from mailadmin.pages.fields import ADDRESS_ATTRS, MEGABYTES_AT_MOST, domain_field
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import DomainField, FilterForm, StateField

COUNT_AT_MOST = 2**31 - 1
LIMITS_HELP = _("0 is unlimited, −1 allows none.")


class DomainFilters(FilterForm):
    state = StateField()


class AliasDomainFilters(FilterForm):
    target = DomainField(label=_("Target domain"))
    state = StateField()


class DomainForm(ServiceForm):
    description = forms.CharField(label=_("Description"), max_length=255, required=False)
    max_mailboxes = forms.IntegerField(label=_("Mailboxes at most"), initial=0, max_value=COUNT_AT_MOST)
    max_aliases = forms.IntegerField(label=_("Aliases at most"), initial=0, max_value=COUNT_AT_MOST)
    max_quota_mb = forms.IntegerField(label=_("Largest mailbox, MB"), initial=0, max_value=MEGABYTES_AT_MOST)
    quota_mb = forms.IntegerField(label=_("All mailboxes together, MB"), initial=0, max_value=MEGABYTES_AT_MOST)
    transport = forms.CharField(
        label=_("Transport"),
        initial="virtual",
        max_length=255,
        widget=forms.TextInput(attrs=ADDRESS_ATTRS),
        help_text=_(
            "“virtual” delivers into the mailboxes here; “smtp:[host]:25” hands the mail on to another server."
        ),
    )
    backup_mx = forms.BooleanField(
        label=_("Backup MX"),
        required=False,
        help_text=_("Mail is only kept here until the domain's own server takes it."),
    )
    password_expiry_days = forms.IntegerField(
        label=_("Passwords expire after, days"),
        required=False,
        initial=0,
        max_value=EXPIRY_DAYS_AT_MOST,
        help_text=_("0 is never. When this changes, each password has so many days from now on."),
    )

    def clean_password_expiry_days(self) -> int:
        return self.cleaned_data["password_expiry_days"] or 0

    def layout(self) -> list[Any]:
        return [self.about(), self.limits(), self.routing()]

    def about(self) -> Fieldset:
        return Fieldset("", "description")

    def limits(self) -> Fieldset:
        return Fieldset(
            gettext("Limits"),
            HTML(f'<p class="form-text mt-0">{LIMITS_HELP}</p>'),
            Row(Column("max_mailboxes", css_class="col-sm-6"), Column("max_aliases", css_class="col-sm-6")),
            Row(Column("max_quota_mb", css_class="col-sm-6"), Column("quota_mb", css_class="col-sm-6")),
        )

    def routing(self) -> Fieldset:
        return Fieldset(gettext("Delivery"), "transport", "backup_mx", "password_expiry_days")


class DomainCreateForm(DomainForm):
    name = forms.CharField(
        label=_("Domain"),
        max_length=255,
        widget=forms.TextInput(attrs={**ADDRESS_ATTRS, "placeholder": "example.org", "autofocus": True}),
        help_text=_("As people write it: accents are fine."),
    )
    role_aliases_to = forms.CharField(
        label=_("Role addresses go to"),
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={**ADDRESS_ATTRS, "placeholder": "admin@example.org"}),
        help_text=_(
            "Makes abuse@, hostmaster@, postmaster@ and webmaster@ as aliases to this address. Empty: makes none."
        ),
    )
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)

    def about(self) -> Fieldset:
        return Fieldset("", "name", "description", "role_aliases_to", "active")


class AliasDomainForm(ServiceForm):
    description = forms.CharField(label=_("Description"), max_length=255, required=False)

    def prepare(self) -> None:
        self.fields["target"] = domain_field(
            self.actor,
            label=_("Target domain"),
            help_text=_("Every address of the target domain exists under the alias domain as well."),
        )
        self.order_fields(["name", "target", "description", "active"])

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {"description": instance.description, "target": instance.target_id}


class AliasDomainCreateForm(AliasDomainForm):
    denied_field = "name"

    name = forms.CharField(
        label=_("Alias domain"),
        max_length=255,
        widget=forms.TextInput(attrs={**ADDRESS_ATTRS, "placeholder": "old-name.example", "autofocus": True}),
        help_text=_("As people write it: accents are fine."),
    )
    active = forms.BooleanField(label=_("Active"), required=False, initial=True)
