"""The portal of a mailbox user: its pages beside a bare page of Django, the sign-in beside the hash alone, and the way
of a vacation reply to its script."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.client import Client, in_turns
from bench.pages import BARE, FLAT_GOAL, MAILBOX, PAGES, RATIO_GOAL
from bench.report import Line
from bench.site import Site

PASSWORD = "ein Pferd namens Heinz"
SIGN_INS = 15
OWN_PAGES = {
    BARE: PAGES[BARE],
    "my mailbox": "/account/",
    "password and security": "/account/security/",
    "form: own password": "/account/password/",
    "form: own vacation reply": "/account/vacation/",
    "form: own forwarding": "/account/forwarding/",
    "own app passwords": "/account/app-passwords/",
    "own second factor": "/account/second-factor/",
    "own sessions": "/account/sessions/",
    "form: language and time zone": "/account/preferences/",
}


def measure_portal(sites: Sequence[Site]) -> list[Line]:
    lines, flat = [], {}
    for site in sites:
        site.project.manage("mailbox", "edit", MAILBOX, "--password-stdin", "--no-must-change", text=PASSWORD)
        sign_ins, times = _sign_ins(site), _pages(site)
        inside = site.inside("replies")
        bare = statistics.median(times[BARE])
        size = f"{site.mailboxes:,}"
        lines += [
            Line(f"{what}, {size}", times[what], beside=BARE, limit=bare, most_times=RATIO_GOAL) for what in OWN_PAGES
        ]
        # An address may be an administrator's as well: that password is tried first, or a dummy.
        verify = 2 * statistics.median(inside["verify"])
        lines.append(Line(f"sign-in, {size}", sign_ins, "ms", "the hash of a password, verified twice", verify, 1.5))
        flat[site.mailboxes] = inside
        lines += [Line(f"{_REPLIES[name]}, {size}", inside[name]) for name in _REPLIES]
    small = min(flat)
    return lines + [
        _growth(_REPLIES[name], size, inside[name], small, flat[small][name])
        for size, inside in flat.items()
        if size != small
        for name in _REPLIES
    ]


_REPLIES = {
    "set": "set a vacation reply by the service",
    "scripts": "a vacation reply to its script, not compiled",
    "addresses": "the addresses that end in a mailbox",
}


def _growth(what: str, size: int, there: list[float], small: int, here: list[float]) -> Line:
    beside = f"the same at {small:,}"
    return Line(f"{what}, {size:,}", there, beside=beside, limit=statistics.median(here), most_times=FLAT_GOAL)


def _sign_ins(site: Site) -> list[float]:
    return [Client(site.web.port).sign_in(MAILBOX, PASSWORD) * 1000 for _number in range(SIGN_INS)]


def _pages(site: Site) -> dict[str, list[float]]:
    client = Client(site.web.port)
    client.sign_in(MAILBOX, PASSWORD)
    return in_turns(client.get, OWN_PAGES)
