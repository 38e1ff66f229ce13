"""What every page's template may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.models import Account

THEMES = ("light", "dark")
# (URL name, label, icon, for superadmins only), in groups.
NAVIGATION: tuple[tuple[tuple[str, Any, str, bool], ...], ...] = (
    (
        ("pages:home", _("Overview"), "home", False),
        ("domains:list", _("Domains"), "domain", False),
        ("mailboxes:list", _("Mailboxes"), "mailbox", False),
        ("aliases:list", _("Aliases"), "alias", False),
        ("domains:alias_list", _("Alias domains"), "alias-domain", False),
    ),
    (
        ("mailhost:trace", _("Trace an address"), "route", False),
        ("mailboxes:archive", _("Deleted mailboxes"), "archive", False),
        ("audit:list", _("Audit"), "audit", False),
    ),
    (
        ("accounts:administrator_list", _("Administrators"), "people", True),
        ("mailhost:index", _("Mail host"), "server", True),
    ),
)
# Fixed pages below a list whose entry of the navigation is another one.
OTHER_ENTRIES = {
    "domains:alias": "domains:alias_list",
    "mailboxes:archive": "mailboxes:archive",
    "mailhost:trace": "mailhost:trace",
}


@dataclass(frozen=True)
class Entry:
    label: Any
    url: str
    icon: str
    current: str = ""  # the value of aria-current: page, true, or empty


def site(request: HttpRequest) -> dict[str, str | Callable[[], Any]]:
    """`theme`: as the toggle chose; empty: as the browser prefers. The pages that need them call the others."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "nav": lambda: navigation(request),
        "account_links": lambda: account_links(request),
    }


def navigation(request: HttpRequest) -> list[list[Entry]]:
    user: Any = request.user
    if not isinstance(user, Account) or not user.is_administrator:
        return [[_entry(request, "accounts:own", _("My mailbox"), "mailbox")]]
    groups = [
        [
            _entry(request, name, label, icon)
            for name, label, icon, superadmins_only in group
            if user.is_superadmin or not superadmins_only
        ]
        for group in NAVIGATION
    ]
    return [group for group in groups if group]


def account_links(request: HttpRequest) -> list[Entry]:
    return [
        _entry(request, "accounts:own", _("My account"), "person"),
        _entry(request, "accounts:password", _("Change password"), "key"),
    ]


def _entry(request: HttpRequest, name: str, label: Any, icon: str) -> Entry:
    url = reverse(name)
    if request.path == url:
        return Entry(label, url, icon, "page")
    return Entry(label, url, icon, "true" if _leads_to(request, name) else "")


def _leads_to(request: HttpRequest, name: str) -> bool:
    """Whether the present page is below this entry."""
    match = request.resolver_match
    if match is None:
        return False
    for beginning, entry in OTHER_ENTRIES.items():
        if match.view_name.startswith(beginning):
            return entry == name
    app, _colon, view = name.partition(":")
    if app == "accounts":
        return match.view_name.startswith("accounts:administrator")
    return app == match.app_name and view in ("list", "index")
