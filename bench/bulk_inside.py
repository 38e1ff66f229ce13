"""What bench/bulk.py measures inside one process of the product."""

from __future__ import annotations

import io
import json
import resource
import time
from typing import Any

from django.db import connection, transaction

from bench.data import HASH
from bulk.models import Import
from bulk.services import start_import, take_turn
from domains.services import create_domain
from mailadmin.accounts.actors import Actor
from mailboxes.services import NewMailbox, create_mailboxes

AT_ONCE = 500
AFTER = {"active": True, "local_part": "", "maildir": "", "name": "", "quota_bytes": 0, "smtp_active": True}


def imports(rows: int) -> dict[str, Any]:
    """The file first, whose memory is to be told; then the same rows by the service, and by plain SQL."""
    measured = many_imports(rows)
    for name in ("preview", "service", "raw"):
        create_domain(name=f"{name}{rows}.example", actor=Actor.of_command())
    return measured | {
        "preview": _seconds(lambda: _import(_file(f"preview{rows}.example", rows))),
        "service": _seconds(lambda: _create(f"service{rows}.example", rows)),
        "raw": _seconds(lambda: _insert(f"raw{rows}.example", rows)),
    }


def many_imports(rows: int) -> dict[str, Any]:
    create_domain(name=f"file{rows}.example", actor=Actor.of_command())
    seconds = _seconds(lambda: _import(_file(f"file{rows}.example", rows), mode="all"))
    return {"file": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _seconds(act: Any) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _file(domain: str, rows: int) -> io.BytesIO:
    lines = (f'user{number:07d}@{domain},Some Body{number},1024000000,"{HASH}"\n' for number in range(rows))
    return io.BytesIO("".join(["address,name,quota_bytes,password_hash\n", *lines]).encode())


def _import(file: io.BytesIO, mode: str = "") -> None:
    row = start_import(kind="mailboxes", file=file, mode=mode, actor=Actor.of_command())
    while take_turn(row.pk):
        pass
    row = Import.objects.get(pk=row.pk)
    assert (row.state, row.refused) == ("done" if mode else "ready", 0), (row.state, row.error)


def _create(domain: str, rows: int) -> None:
    with transaction.atomic():
        for start in range(0, rows, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, rows))
            create_mailboxes(
                rows=[
                    NewMailbox(f"user{number:07d}@{domain}", HASH, f"Some Body{number}", 1_024_000_000)
                    for number in numbers
                ],
                actor=Actor.of_command(),
            )


def _insert(domain: str, rows: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for start in range(0, rows, AT_ONCE):
            names = [f"user{number:07d}" for number in range(start, min(start + AT_ONCE, rows))]
            cursor.executemany(
                "INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain)"
                " VALUES (%s, %s, %s, %s, 1024000000, %s, %s)",
                [(f"{name}@{domain}", HASH, f"Some {name}", f"{domain}/{name}/", name, domain) for name in names],
            )
            cursor.executemany(
                "INSERT INTO alias (address, goto, domain) VALUES (%s, %s, %s)",
                [(f"{name}@{domain}", f"{name}@{domain}", domain) for name in names],
            )
            cursor.executemany(
                "INSERT INTO mailadmin_audit (actor, face, client_address, action, object_type, object_key,"
                " domain_name, `before`, `after`) VALUES ('root', 'command', '', 'mailbox.create', 'mailbox', %s, %s,"
                " '{}', %s)",
                [(f"{name}@{domain}", domain, json.dumps({**AFTER, "address": name})) for name in names],
            )
