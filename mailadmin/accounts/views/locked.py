from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.http import HttpResponse

from mailadmin.accounts.lockout import Locked

if TYPE_CHECKING:
    from django.views.generic import FormView

    Base = FormView
else:
    Base = object


class TellsLocked(Base):
    """A form behind the lockout: who has to wait gets the status and the header that say so."""

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        response = super().form_invalid(form)
        for error in form.non_field_errors().as_data():
            if isinstance(error, Locked):
                response.status_code = 429
                response["Retry-After"] = str(error.wait_seconds)
        return response
