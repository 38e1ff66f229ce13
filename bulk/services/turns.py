"""What a worker does for an import: one turn after another, so that others have theirs.

A turn begins with a claim and takes up what the rows say, so that a worker killed in the middle is followed by the
next. `all` is one transaction; of the good lines each batch is one, and counts with it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from bulk.kinds import KINDS, PASSWORD, STORED
from bulk.lines import as_text, counted, lines_of, put_lines
from bulk.models import AT_WORK, Action, Batch, Import, Mode, State
from bulk.services.imports import close
from bulk.services.progress import CLAIM, Cancelled, Progress
from bulk.services.who import actor_of
from bulk.services.writing import check_line, write_lines
from mailadmin.accounts.schemes import hash_password
from mailadmin.transactions import atomic

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

TURN_SECONDS = 20
TURNS_THAT_FAIL = 5


def take_turn(pk: int) -> bool:
    """Whether there is more to do; that is somebody else's turn, or the next of this one."""
    row = _claim(pk)
    if row is None:
        return False
    try:
        with Progress(row) as progress, translation.override(row.language or settings.LANGUAGE_CODE):
            _work(row, progress)
    except Cancelled:
        close(Import.objects.get(pk=pk), State.CANCELLED)
    finally:
        Import.objects.filter(pk=pk).update(claimed_until=None)
    return Import.objects.filter(pk=pk, state__in=AT_WORK).exists()


def _claim(pk: int) -> Import | None:
    """A guarded update: nobody else works on it meanwhile."""
    now = timezone.now()
    free = Import.objects.filter(Q(claimed_until=None) | Q(claimed_until__lt=now), pk=pk, state__in=AT_WORK)
    if not free.update(claimed_until=now + CLAIM, attempts=F("attempts") + 1):
        return None
    return Import.objects.get(pk=pk)


def _work(row: Import, progress: Progress) -> None:
    actor = actor_of(row)
    if row.cancel_asked:
        raise Cancelled
    if actor is None:
        close(row, State.FAILED, _("Who sent it may not sign in any more."))
    elif row.attempts > TURNS_THAT_FAIL:
        close(row, State.FAILED, _("It failed several times. The log of the worker says why."))
    elif row.state == State.CHECKING:
        _check(row, progress)
        if row.mode:
            Import.objects.filter(pk=row.pk).update(state=State.APPLYING, progress=0, attempts=0)
        else:
            _rehearse(row, actor, progress)
    else:
        _apply(row, actor, progress)


def _batches(row: Import) -> Iterator[Batch]:
    """One after another, so that only one is in memory."""
    for pk in list(Batch.objects.filter(parent=row).values_list("pk", flat=True)):
        yield Batch.objects.get(pk=pk)


# -- Before -----------------------------------------------------------------------------------------------
def _check(row: Import, progress: Progress) -> None:
    of_kind, seen = KINDS[row.kind], dict[str, int]()
    progress.begin()
    for batch in _batches(row):
        lines = lines_of(batch)
        for line in lines:
            check_line(line, of_kind, seen)
        put_lines(batch, lines)
        batch.is_hashed = all(PASSWORD not in line.fields for line in lines)
        batch.save(update_fields=["sealed", "is_hashed"])
        progress.note(len(lines))


def _rehearse(row: Import, actor: Actor, progress: Progress) -> None:
    """All of it, taken back: what it showed is what will happen."""
    outcomes, counts = _write_all(row, actor, progress, keep=False)
    _keep_outcomes(outcomes)
    row.counts = counts
    row.state, row.progress, row.attempts = State.READY, 0, 0
    row.save(update_fields=["state", "progress", "attempts", *COUNTS])
    if Import.objects.filter(pk=row.pk, cancel_asked=True).exists():
        raise Cancelled


COUNTS = ("to_create", "to_change", "to_leave", "refused")


# -- The real thing ---------------------------------------------------------------------------------------
def _apply(row: Import, actor: Actor, progress: Progress) -> None:
    until = time.monotonic() + TURN_SECONDS
    if not _hash_all(row, progress, until):
        return _go_on(row)
    if row.mode == Mode.ALL:
        return _apply_all(row, actor, progress)
    return _apply_good(row, actor, progress, until)


def _go_on(row: Import) -> None:
    """The turn is over, and did something: it is none of those that fail."""
    Import.objects.filter(pk=row.pk).update(attempts=0)


def _hash_all(row: Import, progress: Progress, until: float) -> bool:
    """Whether all passwords are hashed. A batch whose are is kept so: nothing is hashed twice."""
    waiting = Batch.objects.filter(parent=row, is_hashed=False)
    progress.begin(row.progress)
    for pk in list(waiting.values_list("pk", flat=True)):
        if time.monotonic() >= until:
            return False
        _hash(Batch.objects.get(pk=pk), progress)
    return True


def _hash(batch: Batch, progress: Progress) -> None:
    lines = lines_of(batch)
    clear = [line for line in lines if PASSWORD in line.fields and not line.errors]
    # Argon2 and bcrypt let go of the interpreter's lock: threads keep all processors busy.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        hashes = threads.map(hash_password, [line.fields[PASSWORD] for line in clear])
        for line, stored in zip(clear, hashes, strict=True):
            line.fields[STORED] = stored
            progress.note(1)
    for line in clear:
        del line.fields[PASSWORD]
    put_lines(batch, lines)
    batch.is_hashed = True
    batch.save(update_fields=["sealed", "is_hashed"])


def _apply_all(row: Import, actor: Actor, progress: Progress) -> None:
    outcomes, counts = _write_all(row, actor, progress, keep=True)
    if counts[Action.REFUSED]:
        _keep_outcomes(outcomes)
        row.counts = counts
        close(row, State.REFUSED)


@atomic
def _write_all(row: Import, actor: Actor, progress: Progress, *, keep: bool) -> tuple[dict[int, str], Counter[str]]:
    """In one transaction, kept if nobody is refused and `keep`; what became of the lines is told in any case."""
    progress.begin()
    outcomes: dict[int, str] = {}
    counts: Counter[str] = Counter()
    for batch in _batches(row):
        told = write_lines(lines_of(batch), KINDS[row.kind], row.existing, actor)
        outcomes[batch.pk] = as_text(told)
        counts += counted(told)
        progress.note(len(told))
    if keep and not counts[Action.REFUSED]:
        _finish(row, outcomes, counts)
    else:
        transaction.set_rollback(True)
    return outcomes, counts


def _finish(row: Import, outcomes: dict[int, str], counts: Counter[str]) -> None:
    """In the transaction of what it did."""
    if not Import.objects.filter(pk=row.pk, state=State.APPLYING, cancel_asked=False).update(state=State.DONE):
        raise Cancelled
    _keep_outcomes(outcomes, is_written=True)
    row.counts = counts
    close(row, State.DONE)


def _keep_outcomes(outcomes: dict[int, str], **fields: bool) -> None:
    for pk, text in outcomes.items():
        Batch.objects.filter(pk=pk).update(outcomes=text, **fields)


def _apply_good(row: Import, actor: Actor, progress: Progress, until: float) -> None:
    if not Batch.objects.filter(parent=row, is_written=True).exists():
        Import.objects.filter(pk=row.pk).update(**dict.fromkeys(COUNTS, 0), progress=0)
    left = list(Batch.objects.filter(parent=row, is_written=False).values_list("pk", flat=True))
    progress.begin(row.progress if len(left) < row.batches.count() else 0)
    for pk in left:
        if time.monotonic() >= until:
            return _go_on(row)
        progress.note(_write_good(row, pk, actor))
    row.refresh_from_db()
    return close(row, State.DONE)


@atomic
def _write_good(row: Import, batch_pk: int, actor: Actor) -> int:
    """The good lines of one batch, counted with them, so that who comes after a killed worker knows."""
    batch = Batch.objects.select_for_update().get(pk=batch_pk)
    if batch.is_written:
        return 0
    told = write_lines(lines_of(batch), KINDS[row.kind], row.existing, actor)
    batch.outcomes, batch.is_written, batch.sealed = as_text(told), True, ""
    batch.save(update_fields=["outcomes", "is_written", "sealed"])
    counts = counted(told)
    Import.objects.filter(pk=row.pk).update(
        to_create=F("to_create") + counts[Action.CREATE],
        to_change=F("to_change") + counts[Action.CHANGE],
        to_leave=F("to_leave") + counts[Action.NOTHING],
        refused=F("refused") + counts[Action.REFUSED],
        progress=F("progress") + len(told),
    )
    return len(told)
