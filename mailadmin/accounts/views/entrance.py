from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse

from mailadmin.accounts.models import Account
from mailadmin.accounts.sessions import start_session

if TYPE_CHECKING:
    from django.views.generic import FormView

    Base = FormView
else:
    Base = object


class Entrance(RedirectURLMixin, Base):
    """What the steps of the sign-in share: `next` goes along with them, and the last one starts the session."""

    def let_in(self, account: Account) -> HttpResponse:
        start_session(self.request, account)
        return in_language_of(account, HttpResponseRedirect(self.get_success_url()))

    def lead_to(self, name: str) -> HttpResponse:
        """Another step."""
        url, wanted = reverse(name), self.get_redirect_url()
        return HttpResponseRedirect(f"{url}?{urlencode({self.redirect_field_name: wanted})}" if wanted else url)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, next=self.get_redirect_url())

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs are of a later Django
        """`next`, if it is a page of ours that this person may open."""
        url = super().get_redirect_url()
        path = urlsplit(url).path
        return url if not path.startswith(reverse("accounts:sign_in")) and self._may_open(path) else ""

    def get_default_redirect_url(self) -> str:
        user = self.request.user
        is_mailbox_user = isinstance(user, Account) and not user.is_administrator
        return resolve_url("accounts:own" if is_mailbox_user else settings.LOGIN_REDIRECT_URL)

    def _may_open(self, path: str) -> bool:
        user = self.request.user
        if not isinstance(user, Account) or user.is_administrator:
            return True
        return path.startswith(reverse("accounts:own"))


def in_language_of(account: Account, response: HttpResponse) -> HttpResponse:
    """As the person chose it elsewhere."""
    if account.language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, account.language, secure=settings.HTTPS, httponly=True, samesite="Lax"
        )
    return response
