"""The scripts of the vacation replies: vacation.sieve in a mailbox's home, home/PATH/ on the mail volume.

Dovecot runs it by `sieve_before`, ahead of the person's own scripts, which live in the same home and are never touched.
It is compiled before it is put in place, so that a script which Dovecot cannot run replaces none that it can; the
compiled form is Dovecot's own to keep beside it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from mailadmin.mailhost import control
from mailadmin.mailhost import volume as vol
from mailadmin.mailhost.models import Kind, PendingWork
from mailadmin.mailhost.volume import UnsafePath
from mailboxes.models import Mailbox
from vacations.addresses import mailboxes_behind
from vacations.models import Vacation
from vacations.scripts import wanted_script

SCRIPT = "vacation.sieve"
COMPILED = "vacation.svbin"
OCTETS_AT_MOST = 4_000_000
DEEPEST = 12  # directories between home/ and a script
WAIT = timedelta(seconds=2)


def bring(address: str) -> None:
    """Make the mailbox's script what it is to be now. One whose mailbox is gone lies in the archive with its home."""
    maildir = Mailbox.objects.filter(pk=address).values_list("maildir", flat=True).first()
    if maildir is not None:
        put(maildir, wanted_script(address))


def overlooked(addresses: Iterable[str]) -> list[str]:
    """The mailboxes to which these addresses lead by now, and whose script does not know it.

    A change queues the scripts that it concerns; but of two changes at the same moment, an alias and the alias that it
    points at, or a reply that is switched on, neither sees the other. Whichever is applied later sees both.
    """
    if not Vacation.objects.active().exists():
        return []
    behind = Mailbox.objects.filter(pk__in=mailboxes_behind(addresses))
    on = behind.filter(pk__in=Vacation.objects.active().values("pk")).values_list("pk", "maildir")
    return [address for address, maildir in on if check(maildir, wanted_script(address))]


def put(maildir: str, script: str) -> None:
    """Put the script in place, or with an empty one take it away; done already is well done."""
    if not script:
        _remove(maildir)
    elif check(maildir, script):
        control.check_sieve(script)
        with vol.opened_volume() as volume, vol.made(volume, *_home(maildir)) as home:
            vol.replace_file(home, SCRIPT, script.encode())


def check(maildir: str, script: str) -> list[str]:
    """What is wrong with the script that is there: 'missing', 'different', 'unsafe', 'owner', 'mode'."""
    try:
        with vol.opened_volume() as volume, vol.opened(volume, *_home(maildir)) as home:
            if vol.read_file(home, SCRIPT, at_most=OCTETS_AT_MOST) != script.encode():
                return ["different"]
            return vol.file_faults(home, SCRIPT)
    except FileNotFoundError:
        return ["missing"]
    except UnsafePath:
        return ["unsafe"]


def scan() -> Iterator[str]:
    """The mailboxes' paths, as in `mailbox.maildir`, that have a script."""
    with vol.opened_volume() as volume:
        try:
            with vol.opened(volume, "home") as homes:
                yield from _scan("", homes, DEEPEST)
        except FileNotFoundError:
            return


def waiting_for_their_homes(rows: Iterable[PendingWork], moved: set[int]) -> dict[int, datetime]:
    """Those of these SIEVE rows whose mailbox has still to be moved, and when to look again: a script that came first
    would make a home where the moved one belongs. `moved` are the moves that are done and not yet marked so."""
    rows = list(rows)
    moves = (
        PendingWork.objects.open().filter(kind=Kind.MAILDIR, key__in={row.key for row in rows}).exclude(pk__in=moved)
    )
    due: dict[tuple[str, str], list[PendingWork]] = {}
    for move in moves:
        due.setdefault((move.host_id, move.key), []).append(move)
    soon = timezone.now() + WAIT
    return {
        row.pk: max(soon, *(move.due_at for move in earlier))
        for row in rows
        if (earlier := [move for move in due.get((row.host_id, row.key), ()) if move.pk < row.pk])
    }


def _remove(maildir: str) -> None:
    with (
        contextlib.suppress(FileNotFoundError),
        vol.opened_volume() as volume,
        vol.opened(volume, *_home(maildir)) as home,
    ):
        # The compiled form first: without its script it would be left behind for ever.
        vol.remove_file(home, COMPILED)
        vol.remove_file(home, SCRIPT)
        os.fsync(home)


def _home(maildir: str) -> tuple[str, ...]:
    return ("home", *vol.split_path(maildir))


def _scan(path: str, directory: int, levels: int) -> Iterator[str]:
    with os.scandir(directory) as entries:
        names = [entry.name for entry in entries if entry.name == SCRIPT or entry.is_dir(follow_symlinks=False)]
    if SCRIPT in names and path:
        yield path
    for name in names if levels else ():
        with contextlib.suppress(FileNotFoundError, UnsafePath), vol.opened(directory, name) as inner:
            yield from _scan(f"{path}{name}/", inner, levels - 1)
