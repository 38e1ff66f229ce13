"""Files to import, and what became of them."""

from __future__ import annotations

import io
from typing import Any

from bulk.lines import Outcome, outcomes_of
from bulk.models import Import
from bulk.services import apply_import, start_import, take_turn
from mailadmin.accounts.actors import Actor
from tests.factories import password_hash, system


def start(text: str | bytes, kind: str = "mailboxes", actor: Actor | None = None, **options: Any) -> Import:
    data = text.encode() if isinstance(text, str) else text
    return start_import(kind=kind, file=io.BytesIO(data), **options, actor=actor or system())


def worked_off(row: Import) -> Import:
    """As the worker does it, turn after turn."""
    while take_turn(row.pk):
        pass
    row.refresh_from_db()
    return row


def previewed(text: str | bytes, kind: str = "mailboxes", actor: Actor | None = None, **options: Any) -> Import:
    return worked_off(start(text, kind, actor, **options))


def applied(row: Import, mode: str = "all", actor: Actor | None = None) -> Import:
    apply_import(row=row, mode=mode, actor=actor or system())
    return worked_off(row)


def outcomes(row: Import) -> list[Outcome]:
    return [outcome for batch in row.batches.all() for outcome in outcomes_of(batch, row)]


def told(row: Import) -> list[tuple[int, str, str, list[str]]]:
    """Line, key, action, and the codes of the errors."""
    return [(each.line, each.key, each.action, [error["code"] for error in each.errors]) for each in outcomes(row)]


def mailboxes(*names: str, domain: str = "example.org") -> str:
    rows = [f"{name}@{domain},{name.title()},{password_hash()!r}" for name in names]
    return "address,name,password_hash\n" + "".join(f"{row}\n" for row in rows).replace("'", '"')
