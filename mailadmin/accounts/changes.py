"""What others changed on a mailbox, in words for the person whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mailadmin.addresses import show_address, split_targets
from mailadmin.audit.models import Entry
from mailadmin.pages.templatetags.pages import quota
from mailboxes.models import Mailbox

SHOWN = 5
# What the server did by itself, or the person without being signed in.
NOBODY = ("sign-in", "worker", "link")


def by_others(mailbox: Mailbox) -> list[Entry]:
    """The last ones, newest first, each with `words`. Nothing of a mailbox that had this address before, nor of an
    administrator who has it."""
    entries = Entry.objects.filter(object_key=mailbox.pk, at__gte=mailbox.created_at).exclude(object_type="account")
    found = list(entries.exclude(actor=mailbox.pk).exclude(face__in=NOBODY).order_by("-id")[:SHOWN])
    for entry in found:
        entry.words = in_words(entry)  # type: ignore[attr-defined]  # for the page
        entry.by = entry.actor if entry.face != "command" else ""  # type: ignore[attr-defined]  # a user of the machine
    return found


def in_words(entry: Entry) -> list[str]:
    """What each field is now. Of a new object it was all of them, and what is secret or technical is left out."""
    if not entry.before:
        return []
    words = [say(entry.after[name]) for name, say in FIELDS.items() if name in entry.after]
    if "goto" in entry.after:
        words.append(_forwarding(str(entry.after["goto"]), entry.object_key))
    return [text for text in words if text]


def _name(value: Any) -> str:
    return _("Name: %(name)s") % {"name": value or "–"}


def _space(value: Any) -> str:
    return _("Space: %(space)s") % {"space": quota(int(value))}


def _forwarding(goto: str, address: str) -> str:
    targets = split_targets(goto)
    others = ", ".join(show_address(target) for target in targets if target != address)
    if not others:
        return _("Not forwarded")
    if address in targets:
        return _("Forwarded to %(addresses)s, with a copy here") % {"addresses": others}
    return _("Forwarded to %(addresses)s, with no copy here") % {"addresses": others}


def _recovery_address(value: Any) -> str:
    return _("Recovery address: %(address)s") % {"address": value or "–"}


FIELDS: dict[str, Callable[[Any], str]] = {
    "name": _name,
    "quota_bytes": _space,
    "active": lambda value: pgettext("mailbox", "Switched on") if value else pgettext("mailbox", "Switched off"),
    "smtp_active": lambda value: _("It may send") if value else _("It may not send"),
    "email_other": _recovery_address,
    "password_change_required": lambda value: _("To be changed at the next sign-in") if value else "",
}
