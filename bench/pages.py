"""The pages, one request after another over one connection, beside a bare page of Django on the same gunicorn.

Pages and sites take turns, so that a moment in which the machine had other work is in all of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.client import ROUNDS, WARM_ROUNDS, Client
from bench.data import LARGE, SMALL
from bench.report import Line
from bench.site import Site

CREATES = 30
RATIO_GOAL = 3.0
FLAT_GOAL = 1.3
BARE = "a bare Django page of 25 rows"
PASSWORD = "ein Pferd namens Heinz"
MAILBOX = f"user0000042@{LARGE}"
PAGES = {
    BARE: "/bench/bare/",
    "overview": "/",
    "domains": "/domains/",
    "domains, last page": "/domains/?last=1",
    "one domain": f"/domains/{LARGE}/",
    "mailboxes of a domain of 500": f"/mailboxes/?domain={SMALL}",
    "mailboxes of a domain of 500, last page": f"/mailboxes/?domain={SMALL}&last=1",
    "mailboxes of a domain of 20,000": f"/mailboxes/?domain={LARGE}",
    "mailboxes of a domain of 20,000, last page": f"/mailboxes/?domain={LARGE}&last=1",
    "mailboxes of a domain of 20,000, those off": f"/mailboxes/?domain={LARGE}&state=off",
    "all mailboxes": "/mailboxes/",
    "all mailboxes, last page": "/mailboxes/?last=1",
    "all mailboxes, by name": "/mailboxes/?sort=name_key",
    "all mailboxes, that begin with user": "/mailboxes/?q=user",
    "one mailbox": f"/mailboxes/{MAILBOX}/",
    "aliases": "/aliases/",
    "aliases, last page": "/aliases/?last=1",
    "aliases of a domain of 20,000": f"/aliases/?domain={LARGE}",
    "alias domains": "/domains/aliases/",
    "deleted mailboxes": "/mailboxes/archive/",
    "administrators": "/administrators/",
    "mail host": "/mailhost/",
    "audit": "/audit/",
    "audit, last page": "/audit/?last=1",
    "audit of a domain": f"/audit/?domain={LARGE}",
    "search: one address": "/search/?q=user0000042@",
    "search: user (all mailboxes)": "/search/?q=user",
    "search: a surname": "/search/?q=rossi",
    "search: a domain": "/search/?q=domain12",
    "search: nothing found": "/search/?q=zzz",
    "form: new domain": "/domains/add/",
    "form: domain": f"/domains/{LARGE}/edit/",
    "form: new mailbox": "/mailboxes/add/",
    "form: mailbox": f"/mailboxes/{MAILBOX}/edit/",
    "form: password": f"/mailboxes/{MAILBOX}/password/",
    "form: forwarding": f"/mailboxes/{MAILBOX}/forwarding/",
    "form: rename": f"/mailboxes/{MAILBOX}/rename/",
    "form: new alias": "/aliases/add/",
    "form: alias": f"/aliases/alias0000042@{LARGE}/edit/",
    "form: delete a mailbox?": f"/mailboxes/{MAILBOX}/delete/",
}


def measure_pages(sites: Sequence[Site]) -> list[Line]:
    clients = {site.mailboxes: _client(site) for site in sites}
    times: dict[tuple[int, str], list[float]] = {(size, what): [] for size in clients for what in PAGES}
    for number in range(WARM_ROUNDS + ROUNDS):
        for what, path in PAGES.items():
            for size, client in clients.items():
                seconds = client.get(path)
                if number >= WARM_ROUNDS:
                    times[size, what].append(seconds * 1000)
    small, *larger = clients
    bare = statistics.median(times[small, BARE])
    lines = [
        Line(f"{what}, {small:,}", times[small, what], beside=BARE, limit=bare, most_times=RATIO_GOAL) for what in PAGES
    ]
    return lines + [
        _growth(what, size, times[size, what], small, times[small, what]) for what in PAGES for size in larger
    ]


def _growth(what: str, size: int, there: list[float], small: int, here: list[float]) -> Line:
    beside, limit = f"the same at {small:,}", statistics.median(here)
    return Line(f"{what}, {size:,}", there, beside=beside, limit=limit, most_times=FLAT_GOAL)


def measure_creates(site: Site) -> list[Line]:
    client = _client(site)
    lines = []
    for what, path in (
        ("create a mailbox by its page", "/mailboxes/add/"),
        ("create a mailbox by its page, without the hash", "/bench/add-without-hash/"),
    ):
        forms, saves = [], []
        for number in range(CREATES):
            forms.append(client.get(path) * 1000)
            saves.append(create(client, path, f"new{len(lines)}{number}") * 1000)
        both = [form + save for form, save in zip(forms, saves, strict=True)]
        lines += [
            Line(f"{what}, {site.mailboxes:,}: Save", saves),
            Line(f"{what}, {site.mailboxes:,}: with the form", both),
        ]
    return lines


def create(client: Client, path: str, local_part: str, domain: str = SMALL) -> float:
    """Seconds of the POST; its form must have been asked for before."""
    return client.post(
        path, local_part=local_part, domain=domain, name="New One", password=PASSWORD, again=PASSWORD, active="on",
    )  # fmt: skip


def _client(site: Site) -> Client:
    client = Client(site.web.port)
    client.sign_in()
    return client
