from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from domains.models import Domain
from mailadmin.accounts.forms.own import password_field
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.passwords import advice
from mailadmin.addresses import normalise_domain
from mailadmin.pages.forms import ServiceForm


class DomainsField(forms.CharField):
    """Domains by name, one in a line: a server may have too many of them to choose from a list."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "none"})

    def clean(self, value: Any) -> list[Domain]:
        names = [normalise_domain(name) for name in super().clean(value).replace(",", " ").split()]
        found = Domain.objects.in_bulk(names)
        missing = [name for name in names if name not in found]
        if missing:
            raise ValidationError(
                _("There is no domain %(names)s."), "domain_unknown", {"names": ", ".join(missing[:10])}
            )
        return list(found.values())


class AdministratorForm(ServiceForm):
    email = forms.CharField(
        label=_("Address"),
        max_length=254,
        help_text=_("To sign in with. It need not be a mailbox of this server."),
        widget=forms.TextInput(
            attrs={"inputmode": "email", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    name = forms.CharField(label=_("Name"), max_length=255, required=False)
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (Role.DOMAIN_ADMIN.value, _("Domain administrator: the mailboxes and aliases of the domains below")),
            (Role.SUPERADMIN.value, _("Superadmin: everything, on all domains")),
        ],
        initial=Role.DOMAIN_ADMIN.value,
        widget=forms.RadioSelect,
    )
    domains = DomainsField(label=_("Domains"), required=False, help_text=_("One in a line. A superadmin has them all."))

    @classmethod
    def present(cls, instance: Account) -> dict[str, Any]:
        names = instance.domains.order_by("name").values_list("name", flat=True)
        return {**super().present(instance), "domains": "\n".join(names)}


def must_change_field() -> forms.BooleanField:
    return forms.BooleanField(label=_("To be changed at the next sign-in"), required=False, initial=True)


class NewAdministratorForm(AdministratorForm):
    password = password_field(_("Password"), "new-password")
    again = password_field(_("Password, again"), "new-password")
    must_change = must_change_field()

    def prepare(self) -> None:
        self.fields["password"].help_text = advice()

    def clean(self) -> dict[str, Any]:
        return refuse_different(self)


class AdministratorPasswordForm(ServiceForm):
    has_revision = False

    password = password_field(_("New password"), "new-password")
    again = password_field(_("New password, again"), "new-password")
    must_change = must_change_field()

    def prepare(self) -> None:
        self.fields["password"].help_text = advice()

    @classmethod
    def present(cls, instance: Account) -> dict[str, Any]:
        return {}

    def clean(self) -> dict[str, Any]:
        return refuse_different(self)


def refuse_different(form: forms.Form) -> dict[str, Any]:
    data = form.cleaned_data
    if "password" in data and "again" in data and data["password"] != data["again"]:
        form.add_error("again", ValidationError(_("The two passwords differ."), code="password_differs"))
    return data
