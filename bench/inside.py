"""What is measured inside one process of the product: `python -m bench.inside PART` prints it as JSON."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bench import bulk_inside  # noqa: E402
from bench.bulk import MANY, ROWS  # noqa: E402
from bench.data import HASH, LARGE, SMALL  # noqa: E402
from domains.models import Domain  # noqa: E402
from domains.tasks import recount  # noqa: E402
from mailadmin.accounts.actors import Actor  # noqa: E402
from mailadmin.accounts.schemes import hash_password, verify  # noqa: E402
from mailadmin.mailhost import maildirs, volume  # noqa: E402
from mailadmin.mailhost.apply import apply_pending, build_tables  # noqa: E402
from mailadmin.mailhost.entries import TABLES  # noqa: E402
from mailadmin.mailhost.models import Kind, MailHost, PendingWork  # noqa: E402
from mailadmin.mailhost.source import all_entries  # noqa: E402
from mailadmin.mailhost.tables import tables_of_this_host  # noqa: E402
from mailboxes.models import Mailbox  # noqa: E402
from mailboxes.services import create_mailbox  # noqa: E402
from vacations.addresses import addresses_of  # noqa: E402
from vacations.services import set_vacation  # noqa: E402

BUILDS = 3
CHANGES = 30
CREATES = 200
HASHES = 10
MAILDIRS = 500
HOST = "main"


def milliseconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def build() -> dict[str, Any]:
    """The full build, and postmap alone on the same sources, in turns."""
    sources = settings.MAPS_DIR / "sources"
    builds, in_turn, at_once = [], [], []
    for number in range(BUILDS):
        builds.append(milliseconds(lambda: build_tables(tables_of_this_host())))
        if not number:
            megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            _write_sources(sources)
        in_turn.append(milliseconds(lambda: _postmap_alone(sources, at_once=False)))
        at_once.append(milliseconds(lambda: _postmap_alone(sources, at_once=True)))
    shutil.rmtree(sources)
    return {"builds": builds, "in_turn": in_turn, "at_once": at_once, "megabytes": [megabytes]}


def change() -> dict[str, Any]:
    """One address that changed, from its row of pending work to the tables; and `postmap -i` of one entry alone."""
    host = MailHost.objects.get(pk=HOST)
    apply_pending(host)
    reference = f"lmdb:{settings.MAPS_DIR}/virtual_aliases"
    changes, alone = [], []
    for number in range(CHANGES):
        PendingWork.objects.create(host=host, kind=Kind.ADDRESS, key=f"user{number + 1:07d}@{LARGE}")
        changes.append(milliseconds(lambda: apply_pending(host)))
        line = f"user{number + 1:07d}@{LARGE} user{number + 1:07d}@{LARGE}\n"
        command = ["postmap", "-i", "-r", reference]
        alone.append(milliseconds(partial(subprocess.run, command, input=line, text=True, check=True)))
    return {"changes": changes, "alone": alone}


def domain() -> dict[str, Any]:
    """A domain of 20,000 mailboxes that is switched off, and on again."""
    host = MailHost.objects.get(pk=HOST)
    apply_pending(host)
    times = []
    for active in (False, True):
        Domain.objects.filter(pk=LARGE).update(active=active)
        PendingWork.objects.create(host=host, kind=Kind.DOMAIN, key=LARGE)
        times.append(milliseconds(lambda: apply_pending(host)))
    return {"switches": times}


def creates() -> dict[str, Any]:
    """The service with the hash given, and the same rows by plain SQL, in turns."""
    small, actor = Domain.objects.get(pk=SMALL), Actor.of_command()
    services, raw = [], []
    for number in range(CREATES):
        of_service = partial(create_mailbox, domain=small, password_hash=HASH, quota_bytes=0, actor=actor)
        services.append(milliseconds(partial(of_service, local_part=f"service{number}")))
        raw.append(milliseconds(partial(_insert_rows, f"raw{number}")))
    hashes = [milliseconds(lambda: hash_password("ein Pferd namens Heinz")) for _number in range(HASHES)]
    return {"services": services, "raw": raw, "hash": hashes}


def accounts() -> dict[str, Any]:
    """The least that a new account takes: its three rows in one transaction; and the hash of its password."""
    bare = [milliseconds(partial(_insert_account_alone, f"account{number}")) for number in range(CREATES)]
    hashes = [milliseconds(lambda: hash_password("ein Pferd namens Heinz")) for _number in range(HASHES)]
    return {"bare": bare, "hash": hashes}


def directories() -> dict[str, Any]:
    """Maildirs as the product makes them, and the same directories and files by bare system calls."""
    made = [milliseconds(partial(maildirs.ensure, f"users/bench/box{number}/")) for number in range(MAILDIRS)]
    example = settings.MAIL_VOLUME / "users/bench/box0"
    folders = sorted(path.relative_to(example) for path in example.rglob("*") if path.is_dir())
    files = [(path.relative_to(example), path.read_bytes()) for path in example.rglob("*") if path.is_file()]
    owner = volume.owner()
    bare = [
        milliseconds(partial(_make, settings.MAIL_VOLUME / f"users/bare/box{number}", folders, files, owner))
        for number in range(MAILDIRS)
    ]
    return {"made": made, "bare": bare, "parts": len(folders) + len(files)}


def recounts() -> dict[str, Any]:
    return {"recounts": [milliseconds(recount)]}


def _write_sources(directory: Path) -> None:
    directory.mkdir(parents=True)
    with ExitStack() as stack:
        files = {name: stack.enter_context((directory / name).open("w")) for name in TABLES}
        for key, values in all_entries():
            for name, value in values.items():
                files[name].write(f"{key} {value}\n")


def _postmap_alone(sources: Path, *, at_once: bool) -> None:
    running = []
    for name in TABLES:
        running.append(subprocess.Popen(["postmap", f"lmdb:{sources}/{name}"]))
        if not at_once:
            running[-1].wait()
    assert not any(process.wait() for process in running)
    for name in TABLES:
        (sources / f"{name}.lmdb").unlink()


def _insert_rows(local_part: str) -> None:
    address, maildir = f"{local_part}@{SMALL}", f"{SMALL}/{local_part}/"
    with transaction.atomic(), connection.cursor() as cursor:
        _insert_account(cursor, local_part)
        cursor.execute("UPDATE mailadmin_domain_usage SET mailboxes = mailboxes + 1 WHERE domain_id = %s", [SMALL])
        cursor.execute(
            "INSERT INTO mailadmin_pending_work (host_id, kind, `key`) VALUES (%s, 'address', %s)", [HOST, address]
        )
        cursor.execute(
            "INSERT INTO mailadmin_pending_work (host_id, kind, `key`, target) VALUES (%s, 'maildir', %s, %s)",
            [HOST, address, f"users/{maildir}"],
        )


def _insert_account_alone(local_part: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        _insert_account(cursor, local_part)


def _insert_account(cursor: Any, local_part: str) -> None:
    """The rows of mailbox, alias and log."""
    address, maildir = f"{local_part}@{SMALL}", f"{SMALL}/{local_part}/"
    cursor.execute(
        "INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain)"
        " VALUES (%s, %s, '', %s, 0, %s, %s)",
        [address, HASH, maildir, local_part, SMALL],
    )
    cursor.execute("INSERT INTO alias (address, goto, domain) VALUES (%s, %s, %s)", [address, address, SMALL])
    cursor.execute(
        "INSERT INTO mailadmin_audit (actor, face, client_address, action, object_type, object_key, domain_name,"
        " `before`, `after`) VALUES ('root', 'command', '', 'mailbox.create', 'mailbox', %s, %s, '{}', %s)",
        [address, SMALL, json.dumps({"address": address, "maildir": maildir, "domain": SMALL, "active": True})],
    )


def _make(root: Path, folders: list[Path], files: list[tuple[Path, bytes]], owner: volume.Owner) -> None:
    for path in (root, *(root / folder for folder in folders)):
        os.makedirs(path, 0o700)  # noqa: PTH103 the bare call
        os.chown(path, owner.uid, -1 if owner.gid is None else owner.gid)
    for name, content in files:
        (root / name).write_bytes(content)
        os.chown(root / name, owner.uid, -1 if owner.gid is None else owner.gid)


def replies() -> dict[str, Any]:
    """Vacation replies: set by the service, brought to the volume, and what the latter looks up; and a hash."""
    host, actor = MailHost.objects.get(pk=HOST), Actor.of_command()
    apply_pending(host)
    mailboxes = list(Mailbox.objects.filter(domain_id=SMALL).order_by("pk")[:CHANGES])
    texts: dict[str, Any] = {"active": True, "subject": "Away", "body": "Back on Monday.", "actor": actor}
    set_, scripts = [], []
    for mailbox in mailboxes:
        set_.append(milliseconds(partial(set_vacation, mailbox=mailbox, **texts)))
        scripts.append(milliseconds(lambda: apply_pending(host)))
    addresses = [milliseconds(partial(addresses_of, mailbox.pk)) for mailbox in mailboxes]
    stored = hash_password(texts["body"])
    verify_ = [milliseconds(lambda: verify(texts["body"], stored)) for _number in range(HASHES)]
    return {"set": set_, "scripts": scripts, "addresses": addresses, "verify": verify_}


PARTS = {act.__name__: act for act in (build, change, domain, creates, accounts, directories, recounts, replies)} | {
    "imports": partial(bulk_inside.imports, ROWS),
    "many_imports": partial(bulk_inside.many_imports, MANY),
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]]()))
