"""What a write brings about, told by those who write it down, so that a dry run can show it.

The audit and the queue note here what they write. Nobody else has to pass a list through every service for it, and
without a listener it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import transaction

if TYPE_CHECKING:
    from mailadmin.audit.models import Entry
    from mailadmin.mailhost.models import PendingWork

Result = TypeVar("Result")


@dataclass
class Effects:
    """The audit entries, with each row before and after; the pending work; and what a person should know before."""

    entries: list[Entry] = field(default_factory=list)
    work: list[PendingWork] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As every dry run tells them."""
        changes = [
            {
                "action": entry.action,
                "object_type": entry.object_type,
                "key": entry.object_key,
                "before": entry.before,
                "after": entry.after,
            }
            for entry in self.entries
        ]
        work = [{"host": work.host_id, "kind": work.kind, "key": work.key} for work in self.work]
        return {"changes": changes, "pending": work, "warnings": self.warnings}


_listening: ContextVar[Effects | None] = ContextVar("effects", default=None)


def listener() -> Effects | None:
    """Who wants to know, if anybody."""
    return _listening.get()


@contextmanager
def collected() -> Iterator[Effects]:
    """The effects of the block, filled as it runs."""
    effects = Effects()
    token = _listening.set(effects)
    try:
        yield effects
    finally:
        _listening.reset(token)


def rehearse(act: Callable[[], Result]) -> tuple[Result, Effects]:
    """Do it, see what it brings about, and take all of it back. What it raises is raised."""
    with collected() as effects, transaction.atomic():
        result = act()
        transaction.set_rollback(True)
    return result, effects
