"""Where a page stands: its breadcrumbs, and the way back to where somebody came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mailadmin.accounts.models import Account


@dataclass(frozen=True)
class Crumb:
    label: Any
    url: str = ""  # empty: the page itself


def own_page(account: Account) -> str:
    """What the page at /account/ is called wherever something leads to it."""
    return _("My mailbox") if account.mailbox_id else _("My account")


def own_crumbs(account: Account, *titles: Any) -> list[Crumb]:
    """Of a page about oneself."""
    return [Crumb(own_page(account), reverse("accounts:own")), *(Crumb(title) for title in titles)]


def way_back(request: HttpRequest, otherwise: str) -> str:
    """The page of ours that `next` names, else `otherwise`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts=None, require_https=request.is_secure()
    ):
        return wanted
    return otherwise
