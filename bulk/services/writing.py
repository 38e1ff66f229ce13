"""What the lines of a batch do to the database: the same for the rehearsal and for the real thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from bulk.kinds import OfKind, Refusal
from bulk.lines import Line, Outcome, errors_of
from bulk.models import Action, Existing

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def check_line(line: Line, of_kind: OfKind, seen: dict[str, int]) -> None:
    """What can be said of it by itself, and beside the lines before it: `seen` has their keys. Of one that a worker had
    checked already, before it was killed, only the latter."""
    if not line.errors and not line.key:
        _understand(line, of_kind)
    if line.errors:
        return
    first = seen.setdefault(line.key, line.number)
    if first != line.number:
        told = _("This is in line %(line)d already.") % {"line": first}
        line.errors = [{"field": of_kind.key, "code": "line_twice", "message": told}]


def _understand(line: Line, of_kind: OfKind) -> None:
    try:
        line.key, line.fields = of_kind.understand(line.cells)
    except ValidationError as error:
        line.key = line.cells.get(of_kind.key, "")[:255]
        line.errors = errors_of(error, of_kind.column_names)
    line.cells = {}


def write_lines(lines: Sequence[Line], of_kind: OfKind, existing: str, actor: Actor) -> list[Outcome]:
    """Within a transaction: each line done, or refused without a trace."""
    good = [line for line in lines if not line.errors]
    # Where what is there already is refused, it is the services that do it.
    present = {} if existing == Existing.REFUSE else of_kind.present([line.key for line in good], actor)
    outcomes = {line.number: Outcome(line.number, line.key, Action.REFUSED, line.errors) for line in lines}
    new = [line for line in good if line.key not in present]
    refusals = of_kind.create([(line.key, line.fields) for line in new], actor)
    for line, refusal in zip(new, refusals, strict=True):
        outcomes[line.number] = _outcome(line, Action.CREATE, refusal, of_kind)
    for line in good:
        if line.key in present:
            outcomes[line.number] = _change(line, present[line.key], of_kind, existing, actor)
    return [outcomes[line.number] for line in lines]


def _change(line: Line, row: Any, of_kind: OfKind, existing: str, actor: Actor) -> Outcome:
    if existing == Existing.LEAVE:
        return Outcome(line.number, line.key, Action.NOTHING)
    try:
        changed = of_kind.change(row, line.fields, actor)
    except (ValidationError, PermissionDenied) as refusal:
        return _outcome(line, Action.CHANGE, refusal, of_kind)
    except ObjectDoesNotExist:
        gone = ValidationError(_("Somebody deleted it meanwhile."), "gone")
        return _outcome(line, Action.CHANGE, gone, of_kind)
    return Outcome(line.number, line.key, Action.CHANGE if changed else Action.NOTHING)


def _outcome(line: Line, action: str, refusal: Refusal | None, of_kind: OfKind) -> Outcome:
    if refusal is None:
        return Outcome(line.number, line.key, action)
    return Outcome(line.number, line.key, Action.REFUSED, errors_of(refusal, of_kind.column_names))
