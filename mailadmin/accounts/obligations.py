"""What a person must do before anything else. Until then every page leads to the one where it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from mailadmin.accounts.factors import needs_second_factor
from mailadmin.accounts.models import Account


@dataclass(frozen=True)
class Obligation:
    page: str
    is_open: Callable[[Account], bool]
    # The other pages that belong to it.
    pages: frozenset[str] = field(default_factory=frozenset)


def must_change_password(account: Account) -> bool:
    has_expired = account.mailbox is not None and account.mailbox.password_has_expired
    return account.password_change_required or has_expired


# In this order: nobody sets up a factor behind a password that somebody else knows.
OBLIGATIONS = (
    Obligation("accounts:password", must_change_password),
    Obligation(
        "accounts:factors",
        needs_second_factor,
        frozenset({"accounts:confirm", "accounts:totp_add", "accounts:passkey_add", "accounts:recovery_codes"}),
    ),
)


def obligation_of(account: Account) -> Obligation | None:
    return next((obligation for obligation in OBLIGATIONS if obligation.is_open(account)), None)


class ObligationsMiddleware:
    """Behind LoginRequiredMiddleware. Pages for which nobody has to sign in stay open: the sign-out, the language, the
    colours. `request.obligation` tells the page, so that it offers no others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True) or not isinstance(request.user, Account):
            return None
        obligation = obligation_of(request.user)
        request.obligation = obligation  # type: ignore[attr-defined]  # ours
        name = request.resolver_match.view_name if request.resolver_match else ""
        if obligation is None or name == obligation.page or name in obligation.pages:
            return None
        wanted = f"?{urlencode({'next': request.get_full_path()})}" if request.method == "GET" else ""
        return HttpResponseRedirect(reverse(obligation.page) + wanted)
