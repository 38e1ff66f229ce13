"""Does the pending work of one mail host: brings its tables, Maildirs and daemons to the present state of the database.

Everything is read afresh and written so that doing it twice changes nothing: a row counts as done only when it is
marked so, and whoever was killed before that is simply followed by the next run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from mailadmin.mailhost import control, maildirs, sieve
from mailadmin.mailhost.entries import ADDRESS_TABLES, DOMAIN_TABLES, Entries
from mailadmin.mailhost.locks import host_lock
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailadmin.mailhost.source import (
    KEYS_AT_ONCE,
    addresses_of_domain,
    all_entries,
    entries_of_addresses,
    entries_of_domains,
)
from mailadmin.mailhost.tables import Changes, TableError, Tables, tables_of_this_host
from mailboxes.models import Mailbox

log = logging.getLogger(__name__)
AT_ONCE = 500
LONGEST_WAIT_SECONDS = 300
# A key takes postmap a millisecond in its three tables; all tables take half a second for each 100,000 addresses.
DELTA_AT_MOST = 2_000
TABLE_KINDS = (Kind.DOMAIN, Kind.ADDRESS, Kind.REBUILD)


@dataclass
class Report:
    """What a run did, as (kind, key) and with the error of what failed."""

    done: list[PendingWork] = field(default_factory=list)
    failed: list[PendingWork] = field(default_factory=list)


def apply_pending(host: MailHost, *, wait: bool = False) -> Report:
    """Work off what is due. Without `wait`, leaves at once if another process is at it: that one looks again after it
    let go of the lock, so nothing that was queued meanwhile is overlooked."""
    report = Report()
    while _due(host).exists():
        with host_lock(wait=wait) as taken:
            if not taken:
                return report
            while rows := list(_due(host)[:AT_ONCE]):
                _apply(rows, report)
    MailHost.objects.filter(pk=host.pk).update(seen_at=timezone.now())
    return report


def _due(host: MailHost) -> QuerySet[PendingWork]:
    return PendingWork.objects.open().filter(host=host, due_at__lte=timezone.now()).order_by("id")


def _apply(rows: list[PendingWork], report: Report) -> None:
    errors: dict[int, str] = {}
    table_rows = [row for row in rows if row.kind in TABLE_KINDS]
    if table_rows:
        problem = _write_tables(table_rows)
        errors |= {row.pk: problem for row in table_rows if problem}
    maildir_rows = [row for row in rows if row.kind == Kind.MAILDIR]
    postponed = _place_maildirs(maildir_rows, errors)
    moved = {row.pk for row in maildir_rows} - postponed - errors.keys()
    postponed |= _place_scripts([row for row in rows if row.kind == Kind.SIEVE], moved, errors)
    _queue_overlooked([row for row in rows if row.kind == Kind.ADDRESS])
    _tell([row for row in table_rows if row.pk not in errors], errors)
    _end_sessions([row for row in rows if row.kind == Kind.SIGN_IN], errors)
    _finish([row for row in rows if row.pk not in postponed], errors, report)


def _write_tables(rows: list[PendingWork]) -> str:
    """The error, if any: then none of these rows is done."""
    try:
        tables = tables_of_this_host()
        if not tables.are_there() or not _is_delta(tables, rows):
            build_tables(tables)
        else:
            _write_delta(tables, rows)
    except (TableError, control.ControlError, OSError) as error:
        return str(error) or type(error).__name__
    return ""


def _is_delta(tables: Tables, rows: list[PendingWork]) -> bool:
    """Whether to write the changed keys alone is possible, and takes less time than to build all tables anew."""
    if not tables.incremental or any(row.kind == Kind.REBUILD for row in rows):
        return False
    domains = {row.key for row in rows if row.kind == Kind.DOMAIN}
    keys = chain.from_iterable(addresses_of_domain(name) for name in domains)
    return sum(1 for _key in islice(keys, DELTA_AT_MOST + 1)) <= DELTA_AT_MOST


def build_tables(tables: Tables) -> dict[str, int]:
    """The full build, under the host's lock; how many entries each table has."""
    counts = tables.build(all_entries())
    # Not every Postfix process sees by itself, and soon, that its table was replaced.
    control.reload_postfix()
    return counts


def _write_delta(tables: Tables, rows: list[PendingWork]) -> None:
    domains = {row.key for row in rows if row.kind == Kind.DOMAIN}
    addresses = {row.key for row in rows if row.kind == Kind.ADDRESS}
    if domains:
        tables.update(_changes(entries_of_domains(domains).items(), DOMAIN_TABLES))
    for some in _in_parts(addresses, domains):
        tables.update(_changes(entries_of_addresses(some), ADDRESS_TABLES))


def _in_parts(addresses: set[str], domains: set[str]) -> Iterable[list[str]]:
    """The addresses, and those of the domains, some at a time: a domain may have a hundred thousand."""
    part = list(addresses)
    for name in domains:
        for address in addresses_of_domain(name):
            part.append(address)
            if len(part) >= KEYS_AT_ONCE:
                yield part
                part = []
    if part:
        yield part


def _changes(entries: Iterable[tuple[str, Entries]], names: Iterable[str]) -> Changes:
    """Each key is either put into a table or removed from it."""
    changes: Changes = {name: {} for name in names}
    for key, values in entries:
        for name in changes:
            changes[name][key] = values.get(name)
    return {name: of_table for name, of_table in changes.items() if of_table}


def _place_maildirs(rows: list[PendingWork], errors: dict[int, str]) -> set[int]:
    """Do these in order; a row waits while an earlier one that has the same path failed. Returns who waits."""
    waiting: dict[str, datetime] = {}
    postponed = set()
    if rows:
        earlier = PendingWork.objects.open().filter(host=rows[0].host_id, kind=Kind.MAILDIR, due_at__gt=timezone.now())
        for row in earlier:
            waiting |= dict.fromkeys(_paths(row), row.due_at)
    for row in rows:
        blocked = [waiting[path] for path in _paths(row) if path in waiting]
        if blocked:
            postponed.add(row.pk)
            PendingWork.objects.filter(pk=row.pk).update(due_at=max(blocked))
        elif problem := _place_one(row):
            errors[row.pk] = problem
        else:
            continue
        later = max(blocked) if blocked else timezone.now() + _back_off(row.attempts + 1)
        waiting |= dict.fromkeys(_paths(row), later)
    return postponed


def _place_one(row: PendingWork) -> str:
    try:
        if not row.target:
            maildirs.remove(row.source)
        elif not row.source:
            _ensure(row)
        elif _is_to_be_moved(row):
            maildirs.place(row.source, row.target)
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
    return ""


def _is_to_be_moved(row: PendingWork) -> bool:
    """Whether what is at `source` is what was there when this work was first begun.

    A worker may have been killed after the move and before it was noted; by now a new mailbox may have that path.
    """
    inode = maildirs.inode(row.source)
    if row.inode is None:
        row.inode = inode
        row.save(update_fields=["inode"])
    return inode in (0, row.inode)


def _ensure(row: PendingWork) -> None:
    """Make the Maildir, unless its mailbox has gone or moved on since: a later row looks after it then."""
    maildir = row.target.removeprefix("users/")
    if Mailbox.objects.filter(maildir=maildir).exists():
        maildirs.ensure(row.target)


def _place_scripts(rows: list[PendingWork], moved: set[int], errors: dict[int, str]) -> set[int]:
    """The vacation replies, each once. Returns who waits for the move of a home."""
    if not rows:
        return set()
    waiting = sieve.waiting_for_their_homes(rows, moved)
    for pk, due_at in waiting.items():
        PendingWork.objects.filter(pk=pk).update(due_at=due_at)
    problems: dict[str, str] = {}
    for row in rows:
        if row.pk in waiting:
            continue
        if row.key not in problems:
            problems[row.key] = _place_script(row.key)
        if problems[row.key]:
            errors[row.pk] = problems[row.key]
    return set(waiting)


def _queue_overlooked(rows: list[PendingWork]) -> None:
    if rows:
        host, keys = rows[0].host, sieve.overlooked({row.key for row in rows})
        queued = (
            PendingWork.objects.open().filter(host=host, kind=Kind.SIEVE, key__in=keys).values_list("key", flat=True)
        )
        new = sorted(set(keys).difference(queued))
        PendingWork.objects.bulk_create(PendingWork(host=host, kind=Kind.SIEVE, key=key) for key in new)


def _place_script(address: str) -> str:
    try:
        sieve.bring(address)
    except (OSError, ValueError, control.ControlError) as error:
        return str(error) or type(error).__name__
    return ""


def _paths(row: PendingWork) -> list[str]:
    return [path for path in (row.source, row.target) if path]


def _tell(rows: list[PendingWork], errors: dict[int, str]) -> None:
    """Tell Postfix what it would not see by itself, and Dovecot whose password or state changed."""
    if not rows:
        return
    addresses = [row.key for row in rows if row.kind == Kind.ADDRESS]
    domains = [row.key for row in rows if row.kind != Kind.ADDRESS]
    try:
        # smtpd and trivial-rewrite remember which domains are ours; texthash is read once, at the start.
        if domains or settings.MAPS_TYPE == "texthash":
            control.reload_postfix()
        if domains:
            control.flush_whole_auth_cache()
        else:
            control.flush_auth_cache(addresses)
        for user in _shut_out(set(addresses), set(domains)):
            control.kick(user)
    except control.ControlError as error:
        errors |= {row.pk: str(error) for row in rows}


def _end_sessions(rows: list[PendingWork], errors: dict[int, str]) -> None:
    """Whoever is connected was let in by what is no longer so; who may still enter, enters again."""
    users = sorted({row.key for row in rows})
    try:
        control.flush_auth_cache(users)
        for user in users:
            control.kick(user)
    except control.ControlError as error:
        errors |= {row.pk: str(error) for row in rows}


def _shut_out(addresses: set[str], domains: set[str]) -> set[str]:
    """Who has a session open and may not have one any more: their mailbox, or its domain, is off or gone."""
    concerned = {user for user in control.connected_users() if user in addresses or user.rpartition("@")[2] in domains}
    active = Mailbox.objects.filter(pk__in=concerned, active=True, domain__active=True)
    return concerned - set(active.values_list("pk", flat=True))


def _finish(rows: list[PendingWork], errors: dict[int, str], report: Report) -> None:
    """Mark what is done, in one statement, and put off what failed, longer each time."""
    now = timezone.now()
    report.done += (done := [row for row in rows if row.pk not in errors])
    PendingWork.objects.filter(pk__in=[row.pk for row in done]).update(done_at=now, error="")
    for row in rows:
        if row.pk not in errors:
            continue
        row.attempts, row.error = row.attempts + 1, errors[row.pk][:2000]
        row.due_at = now + _back_off(row.attempts)
        row.save(update_fields=["attempts", "error", "due_at"])
        report.failed.append(row)
        log.warning("%s %s: try %d failed: %s", row.kind, row.key, row.attempts, row.error)


def _back_off(attempts: int) -> timedelta:
    return timedelta(seconds=min(2 ** min(attempts, 16), LONGEST_WAIT_SECONDS))
