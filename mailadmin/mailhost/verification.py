"""Finds every difference between the database, this host's lookup tables and its vmail volume, and cures them."""

from __future__ import annotations

import logging
import sqlite3
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice

from django.utils import timezone

from aliases.models import Alias
from domains.models import Domain
from mailadmin.mailhost import control, maildirs, sieve
from mailadmin.mailhost.apply import apply_pending, build_tables
from mailadmin.mailhost.entries import TABLES, Entries, is_usable, is_usable_value
from mailadmin.mailhost.locks import host_lock
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailadmin.mailhost.source import all_entries
from mailadmin.mailhost.tables import TableError, Tables, tables_of_this_host
from mailboxes.models import Mailbox
from vacations.models import Vacation
from vacations.scripts import wanted_script

log = logging.getLogger(__name__)
REPORTED_AT_MOST = 200
PAGE = 5_000


@dataclass(frozen=True)
class Difference:
    """`where` is a table, "maildir", "sieve", "row" or "work"; `what` is missing, extra, different, or what is wrong
    with it."""

    where: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.what}"


@dataclass
class Findings:
    """How many differences there are, and the first of them."""

    count: int = 0
    first: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        self.count += 1
        if len(self.first) < REPORTED_AT_MOST:
            self.first.append(difference)


def verify(host: MailHost) -> Findings:
    """Compare everything, while no work is done, and keep the report with the host."""
    findings = Findings()
    with host_lock(wait=True):
        for difference in _differences(host):
            findings.add(difference)
    MailHost.objects.filter(pk=host.pk).update(
        verified_at=timezone.now(), differences=findings.count, report=[str(each) for each in findings.first]
    )
    return findings


def repair(host: MailHost) -> Findings:
    """Do the open work, build the tables anew where they differ, mend the Maildirs; then verify, and return what is
    left. A Maildir that belongs to no mailbox goes to the archive: nothing is deleted."""
    PendingWork.objects.open().filter(host=host).update(due_at=timezone.now())
    apply_pending(host, wait=True)
    with host_lock(wait=True):
        tables = tables_of_this_host()
        if any(True for _difference in _table_differences(tables)):
            build_tables(tables)
        _mend_maildirs(host)
        _mend_scripts(host)
    return verify(host)


def rebuild() -> dict[str, int]:
    """Build all tables anew; how many entries each has."""
    with host_lock(wait=True):
        return build_tables(tables_of_this_host())


def _differences(host: MailHost) -> Iterator[Difference]:
    for row in PendingWork.objects.open().filter(host=host).order_by("id").iterator(chunk_size=PAGE):
        yield Difference("work", str(row), row.error or "not done yet")
    yield from _table_differences(tables_of_this_host())
    yield from _unusable_rows()
    yield from _maildir_differences()
    yield from _script_differences()


def _table_differences(tables: Tables) -> Iterator[Difference]:
    if tables.kind == "sql":
        return
    with _scratch() as scratch:
        _note(scratch, "wanted", _flat(all_entries()))
        for name in TABLES:
            if not tables.path(name).exists():
                yield Difference(name, tables.path(name).name, "missing")
            try:
                _note(scratch, "found", ((name, key, value) for key, value in tables.dump(name)))
            except (TableError, ValueError, struct.error):
                yield Difference(name, tables.path(name).name, "damaged")
        yield from (Difference(*row, "missing") for row in _only_in(scratch, "wanted", "found"))
        yield from (Difference(*row, "extra") for row in _only_in(scratch, "found", "wanted"))
        different = scratch.execute(
            "SELECT name, key FROM wanted JOIN found USING (name, key) WHERE wanted.value <> found.value"
        )
        yield from (Difference(name, key, "different") for name, key in different)


@contextmanager
def _scratch() -> Iterator[sqlite3.Connection]:
    """Two tables on disk, for sets that may not fit into memory and come in no common order."""
    with (
        tempfile.NamedTemporaryFile(prefix="mailadmin-verify-") as file,
        closing(sqlite3.connect(file.name, isolation_level=None)) as scratch,
    ):
        scratch.execute("PRAGMA journal_mode=OFF")
        scratch.execute("PRAGMA synchronous=OFF")
        for side in ("wanted", "found"):
            scratch.execute(
                f"CREATE TABLE {side} (name TEXT, key TEXT, value TEXT, PRIMARY KEY (name, key)) WITHOUT ROWID"
            )
        yield scratch


def _note(scratch: sqlite3.Connection, side: str, rows: Iterable[tuple[str, str, str]]) -> None:
    scratch.execute("BEGIN")
    try:
        scratch.executemany(f"INSERT OR REPLACE INTO {side} VALUES (?, ?, ?)", rows)  # noqa: S608 wanted or found
    finally:
        scratch.execute("COMMIT")


def _only_in(scratch: sqlite3.Connection, side: str, other: str) -> Iterator[tuple[str, str]]:
    yield from scratch.execute(
        f"SELECT name, key FROM {side} s WHERE NOT EXISTS"  # noqa: S608 wanted or found
        f" (SELECT 1 FROM {other} o WHERE o.name = s.name AND o.key = s.key)"
    )


def _flat(entries: Iterable[tuple[str, Entries]]) -> Iterator[tuple[str, str, str]]:
    return ((name, key, value) for key, values in entries for name, value in values.items())


def _unusable_rows() -> Iterator[Difference]:
    """Rows of other programs that no lookup table can hold."""
    for address, maildir in Mailbox.objects.order_by().values_list("pk", "maildir").iterator(chunk_size=PAGE):
        if not is_usable_value(maildir):
            yield Difference("row", f"mailbox {address}", "its Maildir is empty, or has blanks at an end")
    for model in (Domain, Alias, Mailbox):
        for key in model._default_manager.order_by().values_list("pk", flat=True).iterator(chunk_size=PAGE):
            if not is_usable(key):
                yield Difference("row", f"{model._meta.db_table} {key!r}", "blank, control character or capital letter")


def _maildir_differences() -> Iterator[Difference]:
    wanted = Mailbox.objects.order_by("maildir").values_list("maildir", flat=True)
    for maildir in wanted.iterator(chunk_size=PAGE):
        try:
            problems = maildirs.check(f"users/{maildir}")
        except maildirs.UnsafePath as error:
            problems = [str(error)]
        yield from (Difference("maildir", maildir, problem) for problem in problems)
    for page in _pages(found.removeprefix("users/") for found in maildirs.scan()):
        yield from _extra(page)


def _extra(found: list[str]) -> Iterator[Difference]:
    known = set(Mailbox.objects.filter(maildir__in=found).values_list("maildir", flat=True))
    yield from (Difference("maildir", maildir, "extra") for maildir in found if maildir not in known)


def _mend_maildirs(host: MailHost) -> None:
    """What cannot be mended stays for the verify that follows, and does not keep the others from it."""
    differences = list(_maildir_differences())
    # Read after the mailboxes: a Maildir that a rename has still to move belongs to someone.
    open_moves = PendingWork.objects.open().filter(host=host, kind=Kind.MAILDIR)
    spoken_for = {path for row in open_moves for path in (row.source, row.target)}
    for difference in differences:
        if f"users/{difference.key}" in spoken_for:
            continue
        try:
            _mend(difference)
        except (OSError, ValueError) as error:
            log.warning("%s cannot be mended: %s", difference, error)


def _mend(difference: Difference) -> None:
    path = f"users/{difference.key}"
    if difference.what == "extra":
        stamp = timezone.now().strftime("%Y%m%dT%H%M%S")
        name = difference.key.strip("/").replace("/", "_")
        maildirs.place(path, f"archive/extra-{stamp}-{name}/")
    else:
        maildirs.ensure(path)


def _script_differences() -> Iterator[Difference]:
    """The vacation replies' scripts, by the mailbox's path: those that are to be there, and those that are."""
    on = Vacation.objects.active().values("pk")
    wanted = Mailbox.objects.filter(pk__in=on).order_by("pk").values_list("pk", "maildir")
    for address, maildir in wanted.iterator(chunk_size=PAGE):
        try:
            problems = sieve.check(maildir, wanted_script(address))
        except maildirs.UnsafePath as error:
            problems = [str(error)]
        yield from (Difference("sieve", maildir, problem) for problem in problems)
    for page in _pages(sieve.scan()):
        known = set(Mailbox.objects.filter(maildir__in=page, pk__in=on).values_list("maildir", flat=True))
        yield from (Difference("sieve", maildir, "extra") for maildir in page if maildir not in known)


def _pages(paths: Iterator[str]) -> Iterator[list[str]]:
    while page := list(islice(paths, PAGE)):
        yield page


def _mend_scripts(host: MailHost) -> None:
    differences = list(_script_differences())
    # Read after the scripts: one that lies where a mailbox has still to be moved from is that mailbox's.
    open_moves = PendingWork.objects.open().filter(host=host, kind=Kind.MAILDIR)
    spoken_for = {path for row in open_moves for path in (row.source, row.target)}
    for difference in differences:
        if f"users/{difference.key}" in spoken_for:
            continue
        try:
            address = Mailbox.objects.filter(maildir=difference.key).values_list("pk", flat=True).first()
            sieve.put(difference.key, wanted_script(address) if address else "")
        except (OSError, ValueError, control.ControlError) as error:
            log.warning("%s cannot be mended: %s", difference, error)
