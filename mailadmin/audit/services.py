"""Writes the audit, in the transaction of what it records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import models

from mailadmin.effects import listener
from mailadmin.webhooks.queue import queue_events

from .masks import SECRET_FIELDS, mask
from .models import Entry

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

AT_ONCE = 1000
UNRECORDED_FIELDS = frozenset(
    {"created_at", "modified_at", "last_login", "token_validity", "last_used_at", "last_used_from"}
)


def snapshot(instance: models.Model) -> dict[str, Any]:
    """The stored fields of a row by name, as JSON can hold them, secrets masked."""
    values = {}
    for field in instance._meta.concrete_fields:
        if field.generated or field.name in UNRECORDED_FIELDS:
            continue
        value = getattr(instance, field.attname)
        if field.name in SECRET_FIELDS:
            value = mask(value)
        values[field.name] = value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
    return values


def record(
    action: str,
    *,
    actor: Actor,
    target: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    domain_name: str = "",
) -> None:
    """One entry. `before` and `after` are snapshots; only the fields that differ are kept.

    Give neither for a creation (all fields are new), `before` alone for a deletion.
    """
    if before is None and after is None:
        after = snapshot(target)
    _save([_entry(action, actor, target, before or {}, after or {}, domain_name)])


def record_deletions(action: str, targets: Iterable[models.Model], *, actor: Actor, domain_name: str = "") -> None:
    """An entry for each of many rows that go together."""
    _save([_entry(action, actor, target, snapshot(target), {}, domain_name) for target in targets])


def record_creations(action: str, targets: Iterable[models.Model], *, actor: Actor, domain_name: str = "") -> None:
    """An entry for each of many rows that come together."""
    _save([_entry(action, actor, target, {}, snapshot(target), domain_name) for target in targets])


def _save(entries: list[Entry]) -> None:
    Entry.objects.bulk_create(entries, batch_size=AT_ONCE)
    queue_events(entries)
    if (effects := listener()) is not None:
        effects.entries += entries


def _entry(
    action: str,
    actor: Actor,
    target: models.Model,
    before: dict[str, Any],
    after: dict[str, Any],
    domain_name: str,
) -> Entry:
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return Entry(
        actor=actor.label,
        face=actor.face,
        client_address=actor.client_address,
        action=action,
        object_type=target._meta.model_name or "",
        object_key=str(before.get(_key(target)) or getattr(target, _key(target))),
        domain_name=domain_name,
        before={name: before[name] for name in sorted(changed & before.keys())},
        after={name: after[name] for name in sorted(changed & after.keys())},
    )


def _key(target: models.Model) -> str:
    """The field that people know the object by."""
    return getattr(target, "AUDIT_KEY", "") or (target._meta.pk.name if target._meta.pk else "id")


@contextmanager
def recording(action: str, *, actor: Actor, target: models.Model, domain_name: str = "") -> Iterator[None]:
    """Records the edit that the block makes to `target`; nothing if no field changed."""
    before = snapshot(target)
    yield
    after = snapshot(target)
    if before != after:
        record(action, actor=actor, target=target, before=before, after=after, domain_name=domain_name)
