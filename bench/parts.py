"""Tables, Maildirs and services, each beside the least that the machine needs for it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bench.report import Line
from bench.site import Site

BUILD_GOAL = 2.0
MEGABYTES_GOAL = 200
CREATE_GOAL = 5.0
FLAT_GOAL = 1.3


def measure_tables(sites: Sequence[Site]) -> list[Line]:
    lines, singles = [], {}
    for site in sites:
        built, changed = site.inside("build"), site.inside("change")
        singles[site.mailboxes] = changed["changes"]
        lines += [*_build_lines(f"{site.mailboxes:,}", built), *_change_lines(f"{site.mailboxes:,}", changed)]
        switches = site.inside("domain")["switches"]
        lines.append(Line(f"a domain of 20,000 off and on, {site.mailboxes:,}", switches))
        lines.append(Line(f"recount of all domains, {site.mailboxes:,}", site.inside("recounts")["recounts"]))
    if len(singles) > 1:
        small, large = min(singles), max(singles)
        limit = statistics.median(singles[small])
        beside = f"the same at {small:,}"
        lines.append(
            Line(f"a single change, {large:,}", singles[large], beside=beside, limit=limit, most_times=FLAT_GOAL)
        )
    return lines


def _build_lines(size: str, built: Any) -> list[Line]:
    own, at_once = (statistics.median(built[name]) for name in ("in_turn", "at_once"))
    what = f"full build of all tables, {size}"
    return [
        Line(what, built["builds"], "ms", "postmap on the same sources, one after another", own, BUILD_GOAL),
        Line(what, built["builds"], "ms", "the same postmaps all at once", at_once),
        Line(f"{what}: memory", built["megabytes"], "MB", most=MEGABYTES_GOAL),
    ]


def _change_lines(size: str, changed: Any) -> list[Line]:
    alone = statistics.median(changed["alone"])
    return [Line(f"a single change, {size}", changed["changes"], beside="postmap -i of one entry", limit=alone)]


def measure_services(sites: Sequence[Site]) -> list[Line]:
    lines = []
    for site in sites:
        times = site.inside("creates")
        raw = statistics.median(times["raw"])
        what = f"create by the service, {site.mailboxes:,}"
        lines.append(Line(what, times["services"], "ms", "the same rows by plain SQL", raw, CREATE_GOAL))
    return [*lines, Line("the hash of a password alone", times["hash"])]


def measure_maildirs(sites: Sequence[Site]) -> list[Line]:
    times = sites[0].inside("directories")
    beside = f"its {times['parts']} directories and files by bare calls"
    return [Line("a Maildir", times["made"], "ms", beside, statistics.median(times["bare"]))]


Part = Callable[[Sequence[Site]], list[Line]]
