"""Whether what the database says is already so on every mail host: open work, or failed work, by domain or address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from mailadmin.mailhost.models import PendingWork

PENDING, FAILED = "pending", "failed"
KEYS_AT_ONCE = 100


def states(keys: Iterable[str]) -> dict[str, str]:
    """Of these domains and addresses those with open work, each `pending` or `failed`. One query."""
    found: dict[str, str] = {}
    for key, error in PendingWork.objects.open().filter(key__in=list(keys)).values_list("key", "error"):
        found[key] = FAILED if error or found.get(key) == FAILED else PENDING
    return found


def dress(rows: list[Any]) -> None:
    """Set `live_state` of rows: empty when live, else `pending` or `failed`. A row's domain counts as well."""
    keys = {row.pk for row in rows} | {row.domain_id for row in rows if hasattr(row, "domain_id")}
    found = states(keys) if rows else {}
    for row in rows:
        both = {found.get(row.pk), found.get(getattr(row, "domain_id", ""))}
        row.live_state = FAILED if FAILED in both else PENDING if PENDING in both else ""


def live_word(keys: list[str]) -> str:
    """For the message after an act: is it live?"""
    found = set(states(keys[:KEYS_AT_ONCE]).values())
    if FAILED in found:
        return _("The mail host could not take it over yet: see the page of the mail host.")
    if PENDING in found:
        return _("It will be live in a moment.")
    return _("It is live.")
