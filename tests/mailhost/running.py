"""Postfix and Dovecot started from the rendered files: private directories, and ports above 1024."""

from __future__ import annotations

import os
import pwd
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from mailadmin.mailhost.configuration import Database, Site, render
from tests.servers.certificate import make_certificate
from tests.servers.process import LOOPBACK, Process, answers, free_port, last_lines, run

MAIL = pwd.getpwnam("mail")
MASTER = "/usr/lib/postfix/sbin/master"


@contextmanager
def open_directory() -> Iterator[Path]:
    """Not pytest's own, which root alone may enter."""
    with tempfile.TemporaryDirectory(prefix="mailhost-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def database_for_servers(directory: Path) -> Database:
    """The tests' database as other processes see it. SQLite's is in memory: they get a copy as it is now."""
    if connection.vendor == "mysql":
        given = connection.settings_dict
        return Database("mysql", given["NAME"], given["USER"], "", given["OPTIONS"]["unix_socket"])
    connection.ensure_connection()
    path = directory / "site.sqlite3"
    copy = sqlite3.connect(path)
    connection.connection.backup(copy)
    copy.execute("PRAGMA journal_mode=DELETE")
    copy.close()
    return Database("sqlite", str(path))


def make_site(directory: Path, database: Database, **others: Any) -> Site:
    certificate = make_certificate(directory)
    volume = directory / "vmail"
    volume.mkdir()
    os.chown(volume, MAIL.pw_uid, MAIL.pw_gid)
    (directory / "maps").mkdir()
    given: dict[str, Any] = {
        "host_name": "mail.example.net",
        "database": database,
        "volume": volume,
        "maps_dir": directory / "maps",
        "maps_type": "lmdb",
        "uid": MAIL.pw_uid,
        "gid": MAIL.pw_gid,
        "certificate": certificate.certificate,
        "key": certificate.key,
        "state": directory / "state",
        "listen": LOOPBACK,
        "networks": "192.0.2.1/32",
        "relay_host": f"[{LOOPBACK}]:9",
        "smtp_port": free_port(),
        "submission_port": free_port(),
        "imaps_port": free_port(),
        "sieve_port": free_port(),
        "postfix_settings": {"disable_dns_lookups": "yes", "smtp_host_lookup": "native", "inet_protocols": "ipv4"},
        "dovecot_settings": {"auth_failure_delay": "0"},
    }
    return Site(**given | others)


@contextmanager
def running(site: Site, directory: Path) -> Iterator[None]:
    render(site, directory)
    dovecot = Process(["dovecot", "-F", "-c", directory / "dovecot" / "dovecot.conf"], log=directory / "dovecot.out")
    # As `postfix start` does, but in the foreground, so that it ends with the tests.
    run(["postfix", "-c", directory / "postfix", "check"])
    postfix = Process([MASTER, "-c", directory / "postfix", "-s"], log=directory / "postfix.out")
    assert site.state
    try:
        dovecot.wait_until(lambda: answers(site.imaps_port) and site.lmtp_socket.exists(), what="Dovecot answers")
        postfix.wait_until(lambda: answers(site.smtp_port) and answers(site.submission_port), what="Postfix answers")
        yield
    except BaseException:
        for log in ("postfix.log", "dovecot.log", "delivery.log"):
            print(log, last_lines(site.state / log), sep="\n")  # noqa: T201 pytest shows it with the failure
        raise
    finally:
        postfix.stop()
        dovecot.stop()
