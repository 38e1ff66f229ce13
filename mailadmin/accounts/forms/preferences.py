from __future__ import annotations

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.time_zones import choices
from mailadmin.pages.forms import ServiceForm


class PreferencesForm(ServiceForm):
    has_revision = False

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("All times are shown, and understood, in this one.")
    )

    def prepare(self) -> None:
        names = [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]
        self._offer("language", [("", _("As the browser asks for it")), *names])
        site = _("That of the site: %(zone)s") % {"zone": settings.TIME_ZONE}
        self._offer("time_zone", [("", site), *choices()])

    def _offer(self, name: str, choices: list[Any]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices
