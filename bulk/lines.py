"""One line of a file on its way: as it was sent, as it was understood, and what became of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from mailadmin.sealing import seal, unseal

from .models import Action, Batch, Import, State

Error = dict[str, str]  # field, code, message


@dataclass
class Line:
    """`cells` by column; once they are checked `key` and `fields`, under the services' names, or `errors` instead."""

    number: int
    cells: dict[str, str]
    key: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    errors: list[Error] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    line: int
    key: str
    action: str
    errors: list[Error] = field(default_factory=list)


def put_lines(batch: Batch, lines: Iterable[Line]) -> None:
    """Sealed for its import alone: there may be a password among them."""
    told = [[line.number, line.cells, line.key, line.fields, line.errors] for line in lines]
    batch.sealed = seal(json.dumps(told), purpose=_purpose(batch))


def lines_of(batch: Batch) -> list[Line]:
    return [Line(*each) for each in json.loads(unseal(batch.sealed, purpose=_purpose(batch)))]


def _purpose(batch: Batch) -> str:
    return f"import {batch.parent_id}"


def as_text(outcomes: Iterable[Outcome]) -> str:
    """For `Batch.outcomes`."""
    return json.dumps([[each.line, each.key, each.action, each.errors] for each in outcomes])


def outcomes_of(batch: Batch, parent: Import) -> list[Outcome]:
    """What the lines will do, or did. Where nothing was done after all, they did nothing."""
    outcomes = [Outcome(*each) for each in json.loads(batch.outcomes or "[]")]
    if batch.is_written or parent.state not in (State.REFUSED, State.CANCELLED, State.FAILED):
        return outcomes
    return [each if each.errors else Outcome(each.line, each.key, Action.NOTHING) for each in outcomes]


def counted(outcomes: Iterable[Outcome]) -> Counter[str]:
    return Counter(outcome.action for outcome in outcomes)


def errors_of(error: ValidationError | PermissionDenied, names: dict[str, str]) -> list[Error]:
    """A refusal by column; `names`: the columns of fields that the services call otherwise."""
    if isinstance(error, PermissionDenied):
        return [{"field": "", "code": "denied", "message": _("You may not do this.")}]
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    return [
        {
            "field": "" if name == NON_FIELD_ERRORS else names.get(name, name),
            "code": str(each.code or "invalid"),
            "message": " ".join(each.messages),
        }
        for name, several in by_field.items()
        for each in several
    ]
