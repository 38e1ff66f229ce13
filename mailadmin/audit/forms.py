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
    "mailbox.must_change": _("Password to be changed"),
    "mailbox.set_up": _("Set-up link sent"),
    "mailbox.reset_link": _("Link for a forgotten password sent"),
    "mailbox.recovery": _("Recovery address changed"),
    "mailbox.recovery_confirm": _("Recovery address confirmed"),
    "mailbox.sessions": _("Signed out elsewhere"),
    "mailbox.rehash": _("Password stored anew"),
    "mailbox.preferences": _("Language or time zone chosen"),
    "mailbox.forwarding": _("Forwarding changed"),
    "mailbox.app_passwords_only": _("App passwords alone, or not"),
    "mailbox.rename": _("Mailbox renamed"),
    "mailbox.delete": _("Mailbox deleted"),
    "mailbox.restore": _("Mailbox restored"),
    "mailbox.purge": _("Archive emptied"),
    "app_password.create": _("App password made"),
    "app_password.revoke": _("App password revoked"),
    "alias.create": _("Alias added"),
    "alias.edit": _("Alias changed"),
    "alias.delete": _("Alias deleted"),
    "vacation.set": _("Vacation reply set"),
    "vacation.end": _("Vacation reply ended"),
    "person.save": _("Person written down"),
    "person.onboard": _("Person onboarded"),
    "person.offboard": _("Offboarding planned"),
    "offboarding.sign_in": _("Offboarding: sign-in off"),
    "offboarding.forward": _("Offboarding: mail to the successor"),
    "offboarding.reply": _("Offboarding: automatic reply"),
    "offboarding.groups": _("Offboarding: off the distribution aliases"),
    "offboarding.forward_end": _("Offboarding: forwarding ended"),
    "offboarding.archive": _("Offboarding: mailbox deleted"),
    "offboarding.purge": _("Offboarding: mail removed"),
    "offboarding.undo": _("Offboarding undone"),
    "address.release": _("Address given free"),
    "template.create": _("Template added"),
    "template.edit": _("Template changed"),
    "template.delete": _("Template deleted"),
    "mailhost.repair": _("Mail host repaired"),
    "token.create": _("API token made"),
    "token.edit": _("API token changed"),
    "token.rotate": _("API token replaced"),
    "token.delete": _("API token deleted"),
    "webhook.create": _("Webhook added"),
    "webhook.edit": _("Webhook changed"),
    "webhook.rotate": _("Webhook given a new secret"),
    "webhook.test": _("Test event sent"),
    "webhook.redeliver": _("Event sent once more"),
    "webhook.delete": _("Webhook deleted"),
    "factor.totp_add": _("Authenticator app set up"),
    "factor.totp_remove": _("Authenticator app removed"),
    "factor.passkey_add": _("Passkey added"),
    "factor.passkey_remove": _("Passkey removed"),
    "factor.recovery_codes": _("Recovery codes made"),
    "factor.recovery_code": _("Recovery code used"),
    "factor.reset": _("Second factor reset"),
    "administrator.create": _("Administrator added"),
    "administrator.edit": _("Administrator changed"),
    "administrator.activate": _("Administrator switched on"),
    "administrator.deactivate": _("Administrator switched off"),
    "administrator.password": _("Administrator's password set"),
    "administrator.must_change": _("Administrator's password to be changed"),
    "administrator.set_up": _("Set-up link sent to an administrator"),
    "administrator.reset_link": _("Link for an administrator's forgotten password sent"),
    "administrator.recovery": _("Administrator's recovery address changed"),
    "administrator.recovery_confirm": _("Administrator's recovery address confirmed"),
    "administrator.sessions": _("Administrator signed out elsewhere"),
    "administrator.preferences": _("Administrator's language or time zone chosen"),
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
