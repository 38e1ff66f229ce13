from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailadmin.accounts import services
from mailadmin.accounts.forms.preferences import PreferencesForm
from mailadmin.accounts.models import Account
from mailadmin.accounts.time_zones import other_names
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb, own_crumbs

from .entrance import in_language_of


class Preferences(ServiceFormView):
    template_name = "accounts/preferences.html"
    form_class = PreferencesForm
    title = gettext_lazy("Language and time zone")
    lead = gettext_lazy("For these pages, and for the mails that they send you.")

    def may_enter(self) -> bool:
        return True

    def get_object(self) -> Account:
        return self.account

    def back_url(self) -> str:
        return reverse("accounts:own")

    def breadcrumbs(self) -> list[Crumb]:
        return own_crumbs(self.account, _("Preferences"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, other_names=json.dumps(other_names()), site_zone=settings.TIME_ZONE)

    def save(self, form: ServiceForm) -> Account:
        self.saved = services.set_preferences(account=self.account, **form.cleaned_data, actor=self.actor)
        return self.saved

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        response = super().form_valid(form)
        if response.status_code != 302:
            return response
        if not self.saved.language:
            response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
        return in_language_of(self.saved, response)

    def done(self, result: Account) -> str:
        # In the language that the next page speaks.
        with translation.override(result.language or _asked_for_by_the_browser(self.request)):
            return _("Your preferences are saved.")


def _asked_for_by_the_browser(request: Any) -> str:
    request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
    return translation.get_language_from_request(request)
