"""An import of mailboxes with their hashes, beside raw multi-row INSERT of mailbox, alias and log row."""

from __future__ import annotations

from collections.abc import Sequence

from bench.report import Line
from bench.site import Site

IMPORT_GOAL = 8.0
MEGABYTES_GOAL = 300
ROWS = 10_000
MANY = 100_000


def measure_bulk(sites: Sequence[Site]) -> list[Line]:
    """On the smallest site: what is there already makes no difference to an index that fits into memory."""
    measured, many = sites[0].inside("imports"), sites[0].inside("many_imports")
    raw = measured["raw"]
    what, beside = f"{ROWS:,} mailboxes", "the same rows by plain multi-row INSERT"
    per_second = f"{ROWS / measured['file']:,.0f} rows/s beside {ROWS / raw:,.0f}"
    return [
        Line(f"import of {what}, {per_second}", [measured["file"]], "s", beside, raw, IMPORT_GOAL),
        Line(f"of it the service, {what}", [measured["service"]], "s", beside, raw),
        Line(f"preview of {what}", [measured["preview"]], "s", beside, raw),
        Line(f"import of {MANY:,} mailboxes", [many["file"]], "s"),
        Line(f"memory at its most, {what}", [measured["megabytes"]], "MB", most=MEGABYTES_GOAL),
        Line(f"memory at its most, {MANY:,} mailboxes", [many["megabytes"]], "MB", most=MEGABYTES_GOAL),
    ]
