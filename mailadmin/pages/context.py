"""What every page's template may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.models import Account

from .trail import own_page

THEMES = ("light", "dark")
# (URL name, label, icon, for superadmins only), in groups.
NAVIGATION: tuple[tuple[tuple[str, Any, str, bool], ...], ...] = (
    (
        ("pages:home", _("Overview"), "home", False),
        ("domains:list", _("Domains"), "domain", False),
        ("mailboxes:list", _("Mailboxes"), "mailbox", False),
        ("aliases:list", _("Aliases"), "alias", False),
        ("domains:alias_list", _("Alias domains"), "alias-domain", False),
        ("people:onboarding_list", _("People"), "person", False),
    ),
    (
        ("mailhost:trace", _("Trace an address"), "route", False),
        ("mailboxes:archive", _("Deleted mailboxes"), "archive", False),
        ("bulk:list", _("Imports and exports"), "upload", False),
        ("audit:list", _("Audit"), "audit", False),
    ),
    (
        ("accounts:administrator_list", _("Administrators"), "people", True),
        ("mailhost:index", _("Mail host"), "server", True),
        ("letters:list", _("Mails sent"), "sent", True),
        ("tokens:list", _("API tokens"), "key", True),
        ("webhooks:list", _("Webhooks"), "webhook", True),
    ),
)
# For mailbox users.
PORTAL: tuple[tuple[tuple[str, Any, str], ...], ...] = (
    (
        ("accounts:own", _("My mailbox"), "mailbox"),
        ("vacations:own", _("Vacation reply"), "vacation"),
        ("mailboxes:own_forwarding", _("Forwarding"), "forward"),
        ("app_passwords:own", _("App passwords"), "phone"),
    ),
    (
        ("accounts:security", _("Password and security"), "shield"),
        ("accounts:preferences", _("Preferences"), "clock"),
    ),
)
# Pages whose entry of the navigation is not that of their room's list, by the beginning of their names.
OTHER_ENTRIES = {
    "vacations:own": "vacations:own",
    "vacations:mailbox": "mailboxes:list",
    "mailboxes:own_forwarding": "mailboxes:own_forwarding",
    "app_passwords:mailbox": "mailboxes:list",
    "app_passwords:": "app_passwords:own",
    "accounts:password": "accounts:security",
    "accounts:factor": "accounts:security",
    "accounts:totp": "accounts:security",
    "accounts:passkey": "accounts:security",
    "accounts:recovery": "accounts:security",
    "accounts:session": "accounts:security",
    "domains:alias": "domains:alias_list",
    "people:": "people:onboarding_list",
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
        "session_ends": lambda: session_ends(request),
    }


def session_ends(request: HttpRequest) -> dict[str, int]:
    """In how many seconds the session ends if nothing is done, and whatever is done."""
    return {
        "idle_seconds": settings.SESSION_IDLE_MINUTES * 60,
        "left_seconds": max(0, request.session.get_expiry_age()),
    }


def navigation(request: HttpRequest) -> list[list[Entry]]:
    user: Any = request.user
    if is_obliged(request):
        return []
    if not isinstance(user, Account) or not user.is_administrator:
        return [[_entry(request, name, label, icon) for name, label, icon in group] for group in PORTAL]
    groups = [
        [
            _entry(request, name, label, icon)
            for name, label, icon, superadmins_only in group
            if user.is_superadmin or not superadmins_only
        ]
        for group in NAVIGATION
    ]
    return [group for group in groups if group]


def is_obliged(request: HttpRequest) -> bool:
    """Every other page would only lead back to what is to be done first."""
    return getattr(request, "obligation", None) is not None


def account_links(request: HttpRequest) -> list[Entry]:
    if is_obliged(request):
        return []
    return [
        _entry(request, "accounts:own", own_page(cast(Account, request.user)), "person"),
        _entry(request, "accounts:security", _("Password and security"), "shield"),
        _entry(request, "accounts:preferences", _("Preferences"), "clock"),
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
        return name == "accounts:administrator_list" and match.view_name.startswith("accounts:administrator")
    return app == match.app_name and view in ("list", "index")
