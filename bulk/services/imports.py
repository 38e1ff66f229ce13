from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bulk.kinds import KINDS, READ_ONLY
from bulk.lines import Line, put_lines
from bulk.models import AT_WORK, OPEN, Batch, Existing, Import, Kind, Mode, State
from bulk.reading import FIELD, Table, refuse_columns
from mailadmin import broker
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.transactions import atomic

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

BATCH_LINES = 500
TASK, QUEUE = "bulk.tasks.work_on", "mailadmin"
KEEP = timedelta(days=30)
# A file that nobody applies: its passwords are not kept for longer.
KEEP_READY = timedelta(hours=24)


@atomic
def start_import(
    *,
    kind: str,
    file: IO[bytes],
    file_name: str = "",
    existing: str = Existing.REFUSE,
    preview_only: bool = False,
    mode: str = "",
    actor: Actor,
) -> Import:
    """Take a file in, to be checked and rehearsed by a worker; with `mode` it is done at once instead. What is wrong
    with all of it is refused at `file`."""
    _refuse_choice("kind", kind, Kind.values)
    _refuse_choice("existing", existing, Existing.values)
    _refuse_choice("mode", mode, ["", *Mode.values])
    file.seek(0)
    table = Table(file, lines_at_most=settings.IMPORT_MAX_LINES, octets_at_most=settings.IMPORT_MAX_BYTES)
    of_kind = KINDS[kind]
    refuse_columns(table.columns, known=[*of_kind.columns, *READ_ONLY], required=[of_kind.key])
    row = Import.objects.create(
        kind=kind,
        existing=existing,
        preview_only=preview_only,
        mode=mode,
        file_name=file_name[:255],
        columns=table.columns,
        account=actor.account,
        token=actor.token,
        actor_label=actor.label,
        face=actor.face,
        client_address=actor.client_address,
        language=get_language() or "",
    )
    row.lines = sum(_put(row, lines) for lines in _some(_lines(table)))
    if not row.lines:
        refuse(FIELD, _("The file has no lines below its first."), "file_no_lines")
    row.save(update_fields=["lines"])
    announce(row)
    return row


def _refuse_choice(field: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        refuse(field, _("Choose one of: %(names)s."), "invalid_choice", names=", ".join(filter(None, choices)))


def _lines(table: Table) -> Iterator[Line]:
    for number, cells in table:
        line = Line(number, dict(zip(table.columns, cells, strict=False)))
        if len(cells) != len(table.columns):
            told = _("This line has %(cells)d cells, and the first line %(columns)d.")
            told %= {"cells": len(cells), "columns": len(table.columns)}
            line.errors = [{"field": "", "code": "cells_differ", "message": told}]
        yield line


def _some(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while several := list(islice(lines, BATCH_LINES)):
        yield several


def _put(row: Import, lines: list[Line]) -> int:
    batch = Batch(parent=row, first_line=lines[0].number, last_line=lines[-1].number)
    put_lines(batch, lines)
    batch.save(force_insert=True)
    return len(lines)


@atomic
def apply_import(*, row: Import, mode: str, actor: Actor) -> Import:
    """Have a worker do what the rehearsal showed: all of it or nothing, or the good lines."""
    row = Import.objects.visible_to(actor).select_for_update().get(pk=row.pk)
    _refuse_choice("mode", mode, Mode.values)
    if not row.can_be_applied:
        refuse("", _("This import cannot be done, or not any more."), "import_not_ready")
    with audit.recording("import.apply", actor=actor, target=row):
        row.mode, row.state = mode, State.APPLYING
        row.attempts = row.progress = 0
        row.save(update_fields=["mode", "state", "attempts", "progress"])
    announce(row)
    return row


@atomic
def cancel_import(*, row: Import, actor: Actor) -> Import:
    """End it. What a worker has done already of the good lines stays; it stops at the next ones."""
    mine = Import.objects.visible_to(actor).filter(pk=row.pk)
    if not mine.filter(state__in=OPEN).update(cancel_asked=True):
        refuse("", _("This import is over."), "import_over")
    row = mine.get()
    if row.state == State.READY:
        close(row, State.CANCELLED)
    else:
        announce(row)
    return row


def close(row: Import, state: str, error: str = "") -> None:
    """The end: its lines are forgotten, what became of them is kept."""
    if state != State.DONE and not row.batches.filter(is_written=True).exists():
        row.to_leave += row.to_create + row.to_change  # what they would have done
        row.to_create = row.to_change = 0
    row.state, row.error, row.finished_at, row.claimed_until = state, error, timezone.now(), None
    row.save()
    Batch.objects.filter(parent=row).update(sealed="")


def announce(row: Import) -> None:
    broker.send_on_commit(TASK, str(row.pk), queue=QUEUE)


def sweep_imports() -> int:
    """Ask again for those that a lost message or a killed worker left behind."""
    now = timezone.now()
    left = Import.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now), state__in=AT_WORK)
    for pk in left.values_list("pk", flat=True):
        broker.send(TASK, str(pk), queue=QUEUE)
    return len(left)


def forget_imports() -> int:
    """Those of a month ago; and the lines of what nobody applies."""
    now = timezone.now()
    for row in Import.objects.filter(state=State.READY, created_at__lt=now - KEEP_READY):
        close(row, State.CANCELLED)
    count, _by_model = Import.objects.exclude(state__in=OPEN).filter(created_at__lt=now - KEEP).delete()
    return count
