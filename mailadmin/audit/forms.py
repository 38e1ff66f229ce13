from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from mailadmin.pages.lists import DomainField, FilterForm

# What services record, and how people call it. An action that is not here is shown as it is.
ACTIONS: dict[str, Any] = {
    "domain.create": _("Domain added"),
    "domain.edit": _("Domain changed"),
    "domain.delete": _("Domain deleted"),
    "alias_domain.create": _("Alias domain added"),
    "alias_domain.edit": _("Alias domain changed"),
    "alias_domain.delete": _("Alias domain deleted"),
    "mailbox.create": _("Mailbox added"),
    "mailbox.edit": _("Mailbox changed"),
    "mailbox.password": _("Password set"),
    "mailbox.rehash": _("Password stored anew"),
    "mailbox.forwarding": _("Forwarding changed"),
    "mailbox.rename": _("Mailbox renamed"),
    "mailbox.delete": _("Mailbox deleted"),
    "mailbox.restore": _("Mailbox restored"),
    "mailbox.purge": _("Archive emptied"),
    "alias.create": _("Alias added"),
    "alias.edit": _("Alias changed"),
    "alias.delete": _("Alias deleted"),
    "mailhost.repair": _("Mail host repaired"),
    "administrator.create": _("Administrator added"),
    "administrator.edit": _("Administrator changed"),
    "administrator.activate": _("Administrator switched on"),
    "administrator.deactivate": _("Administrator switched off"),
    "administrator.password": _("Administrator's password set"),
    "administrator.delete": _("Administrator deleted"),
}


def action_label(action: str) -> str:
    return str(ACTIONS.get(action, action))


# Far from the ends of the calendar, so that a day more, or another time zone, is still a date.
FIRST_DAY, LAST_DAY = date(1970, 1, 2), date(9000, 1, 1)


class DateField(forms.DateField):
    def __init__(self, **options: Any) -> None:
        options["validators"] = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
        super().__init__(required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class AuditFilters(FilterForm):
    """`q` is the object, whole."""

    actor = forms.CharField(label=_("Who"), required=False, max_length=254)
    action = forms.ChoiceField(label=_("Action"), required=False, choices=[("", _("All")), *ACTIONS.items()])
    domain = DomainField()
    since = DateField(label=_("From"))
    until = DateField(label=_("To"))
