"""Events are what the audit records of accounts, domains and aliases, without the secrets."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from mailadmin.audit.masks import is_masked

if TYPE_CHECKING:
    from mailadmin.audit.models import Entry

PING = "ping"
# Of these kinds of objects all actions are events, but for those that nobody outside has to do with.
KINDS = frozenset(
    {"domain", "alias_domain", "mailbox", "alias", "address", "vacation", "app_password", "person", "offboarding"}
)
QUIET = frozenset(
    {"mailbox.rehash", "mailbox.sessions", "mailbox.preferences", "mailbox.reset_link", "mailbox.recovery_confirm"}
)
# Receivers are told to expect small bodies; an alias of thousands of targets is read by REST.
PAYLOAD_AT_MOST = 20_000


def is_event(action: str) -> bool:
    return action.partition(".")[0] in KINDS and action not in QUIET


def payload_of(entry: Entry) -> str:
    """The body, as it is signed and sent. Too long, it only names the fields that changed."""
    data = {
        "object_type": entry.object_type,
        "key": entry.object_key,
        "domain": entry.domain_name,
        "actor": entry.actor,
        "face": entry.face,
        "changed": sorted(entry.before.keys() | entry.after.keys()),
    }
    whole = payload(entry.action, entry.at, {**data, "before": _open(entry.before), "after": _open(entry.after)})
    return whole if len(whole.encode()) <= PAYLOAD_AT_MOST else payload(entry.action, entry.at, data)


def ping_payload() -> str:
    return payload(PING, timezone.now(), {})


def payload(event_type: str, at: datetime, data: dict[str, Any]) -> str:
    body = {"type": event_type, "timestamp": at.isoformat(), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _open(values: dict[str, Any]) -> dict[str, Any]:
    """Without secrets, and without the marks that stand for them: those of two accounts tell whether they agree."""
    return {name: value for name, value in values.items() if not is_masked(name, value)}
