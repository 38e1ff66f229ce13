from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from mailadmin.accounts import services
from mailadmin.accounts.access import SignedIn
from mailadmin.accounts.forms.own import ConfirmForm
from mailadmin.accounts.sessions import mark_authenticated
from mailadmin.pages.trail import way_back

from .locked import TellsLocked


@method_decorator(sensitive_post_parameters(), name="dispatch")
class Confirm(SignedIn, TellsLocked, FormView):
    """Asks for the password again before a sensitive page (access.RecentlyAuthenticated), and leads there."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "accounts/confirm.html"
    form_class = ConfirmForm
    extra_context = {"title": _("Confirm that it is you")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, next=self.get_success_url())

    def get_success_url(self) -> str:
        return way_back(self.request, reverse("accounts:own"))

    def form_valid(self, form: ConfirmForm) -> HttpResponse:
        try:
            services.confirm_password(
                account=self.account,
                password=form.cleaned_data["password"],
                client_address=self.actor.client_address,
            )
        except ValidationError as error:
            # A dictionary of errors goes to its fields, and the lockout's above all of them.
            form.add_error(None, error)
            return self.form_invalid(form)
        mark_authenticated(self.request.session)
        return HttpResponseRedirect(self.get_success_url())
