"""REST: lists beside a bare list of JSON on the same gunicorn, and creates beside the rows that they write."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.client import Script, in_turns
from bench.data import HASH, LARGE, SMALL
from bench.pages import FLAT_GOAL, PASSWORD, RATIO_GOAL
from bench.report import Line
from bench.site import Site

CREATE_GOAL = 8.0
CREATES = 200
HASHED_CREATES = 20
CLIENTS = 4
MAILBOXES = "/api/v1/mailboxes/"
BARE = "a bare JSON view of 25 rows"
LISTS = {
    BARE: "/bench/bare-json/",
    "domains": "/api/v1/domains/",
    "mailboxes": MAILBOXES,
    "mailboxes of a domain of 20,000": f"{MAILBOXES}?domain={LARGE}",
    "mailboxes of a domain of 500": f"{MAILBOXES}?domain={SMALL}",
    "search: one address": f"{MAILBOXES}?q=user0000042@",
    "search: user (all mailboxes)": f"{MAILBOXES}?q=user",
    "search: a surname": f"{MAILBOXES}?q=rossi",
    "search: nothing found": f"{MAILBOXES}?q=zzz",
    "one mailbox": f"{MAILBOXES}user0000042@{LARGE}/",
    "aliases": "/api/v1/aliases/",
    "audit": "/api/v1/audit/",
}


def measure_rest(sites: Sequence[Site]) -> list[Line]:
    tokens = {site.mailboxes: site.project.add_token("bench", "all") for site in sites}
    lists = {site.mailboxes: _lists(Script(site.web.port, tokens[site.mailboxes])) for site in sites}
    small = min(lists)
    lines = _list_lines(small, lists[small])
    lines += [line for size in lists if size != small for line in _growth(size, lists[size], small, lists[small])]
    return lines + [line for site in sites for line in _create_lines(site, tokens[site.mailboxes])]


def _lists(script: Script) -> dict[str, list[float]]:
    ends = {f"{what}, last page": _last_page(script, LISTS[what]) for what in ("mailboxes", "aliases")}
    return in_turns(script.get, LISTS | ends)


def _last_page(script: Script, path: str) -> str:
    """Where the links to the next page end."""
    after, answer = "", script.ask("GET", f"{path}?limit=500")[1]
    while answer["next"]:
        parts = urlsplit(answer["next"])
        after = parse_qs(parts.query)["after"][0]
        answer = script.ask("GET", f"{parts.path}?{parts.query}")[1]
    return f"{path}?{urlencode({'after': after})}"


def _list_lines(size: int, times: dict[str, list[float]]) -> list[Line]:
    bare = statistics.median(times[BARE])
    return [Line(f"{what}, {size:,}", times[what], beside=BARE, limit=bare, most_times=RATIO_GOAL) for what in times]


def _growth(size: int, there: dict[str, list[float]], small: int, here: dict[str, list[float]]) -> list[Line]:
    beside = f"the same at {small:,}"
    return [
        Line(
            f"{what}, {size:,}",
            there[what],
            beside=beside,
            limit=statistics.median(here[what]),
            most_times=FLAT_GOAL,
        )
        for what in there
    ]


def _create_lines(site: Site, token: str) -> list[Line]:
    least, size = site.inside("accounts"), f"{site.mailboxes:,}"
    bare, hashed = statistics.median(least["bare"]), statistics.median(least["hash"])
    rows = "its mailbox, alias and log row by plain SQL"
    lines = []
    for clients in (1, CLIENTS):
        times, rate = _creates(site, token, clients)
        what = f"create with a given hash, {clients} client{'s' * (clients > 1)}, {size}"
        # Of many at once, what counts is how many get through.
        each = times if clients == 1 else [1000 / rate]
        lines += [Line(what, each, "ms", rows, bare, CREATE_GOAL), Line(what, [rate], "/s")]
    script = Script(site.web.port, token)
    plain = [_create(script, f"plain{number}", password=PASSWORD) for number in range(HASHED_CREATES)]
    return [*lines, Line(f"create with a password, {size}", plain, "ms", "the hash of a password alone", hashed)]


def _creates(site: Site, token: str, clients: int) -> tuple[list[float], float]:
    """Milliseconds of each, and how many a second."""

    def some(client: int) -> list[float]:
        script = Script(site.web.port, token)
        names = [f"rest{clients}-{client}-{number}" for number in range(CREATES)]
        return [_create(script, name, password_hash=HASH) for name in names]

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        times = [each for several in threads.map(some, range(clients)) for each in several]
    return times, len(times) / (time.perf_counter() - start)


def _create(script: Script, local_part: str, **fields: Any) -> float:
    body = {"address": f"{local_part}@{SMALL}", "name": "New One", **fields}
    return script.ask("POST", MAILBOXES, body, expected=201)[0] * 1000
