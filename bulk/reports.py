"""What became of the lines of an import: page by page, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .lines import Outcome, outcomes_of
from .models import Import

HEAD = ("line", "key", "action", "column", "code", "message")


def results(row: Import, action: str = "", *, after: int = 0, limit: int) -> tuple[list[Outcome], int | None]:
    """The next lines below `after`, and behind which there are more, if there are."""
    shown: list[Outcome] = []
    for outcome in _outcomes(row, after):
        if outcome.line <= after or (action and outcome.action != action):
            continue
        if len(shown) == limit:
            return shown, shown[-1].line
        shown.append(outcome)
    return shown, None


def _outcomes(row: Import, after: int = 0) -> Iterator[Outcome]:
    """Batch by batch."""
    keys = row.batches.filter(last_line__gt=after).order_by("pk").values_list("pk", flat=True)
    for pk in list(keys):
        yield from outcomes_of(row.batches.defer("sealed").get(pk=pk), row)


def report(row: Import) -> Iterator[tuple[object, ...]]:
    """A row for each error; one for a line without."""
    for each in _outcomes(row):
        for error in each.errors or [{"field": "", "code": "", "message": ""}]:
            yield each.line, each.key, each.action, error["field"], error["code"], error["message"]


def summary(row: Import) -> dict[str, Any]:
    names = ("id", "kind", "existing", "mode", "state", "lines", "counts", "error", "created_at", "finished_at")
    return {"dry_run": row.preview_only, **{name: getattr(row, name) for name in names}}
