"""Who is let in by the rendered passdbs: a real Dovecot is asked, on the database of the tests."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from app_passwords.models import AppPassword, AppPasswordUse
from app_passwords.secret import new_secret, stored
from domains.models import Domain
from mailadmin.mailhost.configuration import Database, render
from mailboxes.models import NEVER, Mailbox
from tests.factories import PASSWORD, make_domain
from tests.factories import make_mailbox as make_slow_mailbox
from tests.servers.process import Process, answers, run

from .running import database_for_servers, make_site, open_directory

pytestmark = pytest.mark.django_db(transaction=True)
ANN = "ann@example.org"
SERVICES = ("imap", "smtp", "sieve", "pop3")


class AuthServer:
    """Dovecot, asked as its own services and Postfix ask it."""

    def __init__(self, directory: Path, database: Database, *, auth_cache_size: str) -> None:
        self.database = database
        self.config = directory / "dovecot" / "dovecot.conf"
        self.site = make_site(directory, database, auth_cache_size=auth_cache_size)
        render(self.site, directory)
        self.process = Process(["dovecot", "-F", "-c", self.config], log=directory / "dovecot.out")
        self.process.wait_until(lambda: answers(self.site.imaps_port), what="Dovecot answers")

    def lets_in(self, password: str, *, service: str = "imap", user: str = ANN) -> bool:
        command = ["doveadm", "-c", str(self.config), "auth", "test", "-x", f"service={service}"]
        command += ["-x", "rip=192.0.2.9", "-x", "no-penalty", user, password]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode in (0, 77), answer.stdout + answer.stderr  # 75: it could not tell
        return answer.returncode == 0

    def services_of(self, password: str) -> list[str]:
        return [service for service in SERVICES if self.lets_in(password, service=service)]

    def forget(self) -> None:
        """As the worker does after each change."""
        run(["doveadm", "-c", self.config, "auth", "cache", "flush", ANN])

    def uses(self) -> list[tuple[int, str, str]]:
        """Of each app password the service and the client's address."""
        if self.database.driver == "mysql":
            return list(AppPasswordUse.objects.order_by("pk").values_list("pk", "service", "client_address"))
        columns = "app_password_id, service, client_address"
        with sqlite3.connect(self.database.name) as copy:
            return copy.execute(f"SELECT {columns} FROM mailadmin_app_password_use ORDER BY 1").fetchall()


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture
def server(directory: Path, request: pytest.FixtureRequest) -> Iterator[AuthServer]:
    """On the rows that are there by now: on SQLite Dovecot sees a copy. The parameter is its auth_cache_size."""
    server = AuthServer(directory, database_for_servers(directory), auth_cache_size=getattr(request, "param", "0"))
    yield server
    server.process.stop()


def make_mailbox(address: str) -> Mailbox:
    """With a hash that is verified at once: the tests ask often."""
    digest = hashlib.md5(PASSWORD.encode(), usedforsecurity=False).hexdigest()
    return make_slow_mailbox(address, password_hash=f"{{PLAIN-MD5}}{digest}")


def make(name: str, *protocols: str, address: str = ANN, expires_at: datetime | None = None) -> str:
    """A row with the secret that is returned."""
    secret = new_secret()
    flags = {f"for_{protocol}": True for protocol in protocols}
    AppPassword.objects.create(address=address, name=name, password=stored(secret), expires_at=expires_at, **flags)
    return secret


@pytest.fixture
def secrets() -> dict[str, str]:
    make_mailbox(ANN)
    make_mailbox("ben@example.org")
    now = timezone.now()
    return {
        "read": make("read", "imap"),
        "send": make("send", "smtp"),
        "rules": make("rules", "sieve"),
        "all": make("all", "imap", "smtp", "sieve", "dav", expires_at=now + timedelta(minutes=5)),
        "none": make("none"),
        "expired": make("expired", "imap", "smtp", "sieve", expires_at=now - timedelta(seconds=2)),
        "ben's": make("read", "imap", "smtp", "sieve", address="ben@example.org"),
    }


@pytest.mark.parametrize("server", ["0", "10M"], indirect=True)
def test_each_app_password_is_good_for_its_own_protocols(secrets: dict[str, str], server: AuthServer) -> None:
    good_for = {name: server.services_of(secret) for name, secret in secrets.items()}

    assert good_for == {
        "read": ["imap"],
        "send": ["smtp"],
        "rules": ["sieve"],
        "all": ["imap", "smtp", "sieve"],
        "none": [],
        "expired": [],
        "ben's": [],
    }
    # One that was refused must not be remembered for another one, nor for the person's own password.
    assert server.services_of(PASSWORD) == list(SERVICES)
    assert server.services_of(secrets["read"]) == ["imap"]


@pytest.mark.parametrize("server", ["0"], indirect=True)
def test_nothing_else_is_let_in(secrets: dict[str, str], server: AuthServer) -> None:
    secret = secrets["read"]
    digest = stored(secret)
    others = [
        digest,
        digest.removeprefix("{SHA256.HEX}"),
        secret.upper(),
        secret.replace("-", ""),
        secret + " ",
        "' OR '1'='1",
        '" OR ""="',
        "\\' OR 1=1 -- ",
        f"{secret}' OR '1'='1",
        "%{passdb:app_password}",
        "%w",
    ]
    assert [other for other in others if server.lets_in(other)] == []
    users = ["' OR '1'='1", f"{ANN}' -- ", "%", "nobody@example.org"]
    assert [user for user in users if server.lets_in(secret, user=user)] == []
    assert server.lets_in(secret)


@pytest.mark.parametrize("server", ["0"], indirect=True)
def test_the_use_is_noted_and_a_failure_is_not(secrets: dict[str, str], server: AuthServer) -> None:
    keys = dict(AppPassword.objects.filter(address=ANN).values_list("name", "pk"))
    server.lets_in(secrets["expired"])
    server.lets_in(secrets["read"], service="smtp")
    server.lets_in(PASSWORD)
    assert server.uses() == []

    server.lets_in(secrets["read"])
    server.lets_in(secrets["send"], service="smtp")
    server.lets_in(secrets["all"], service="sieve")
    server.lets_in(secrets["all"], service="imap")  # within the same minute

    assert server.uses() == [
        (keys["read"], "imap", "192.0.2.9"),
        (keys["send"], "smtp", "192.0.2.9"),
        (keys["all"], "sieve", "192.0.2.9"),
    ]
    if connection.vendor == "mysql":
        assert abs(AppPasswordUse.objects.all()[0].used_at - timezone.now()) < timedelta(minutes=1)
        AppPasswordUse.objects.update(used_at=timezone.now() - timedelta(seconds=90))
        server.lets_in(secrets["all"], service="imap")
        assert server.uses()[2] == (keys["all"], "imap", "192.0.2.9")


@pytest.mark.parametrize("server", ["0"], indirect=True)
def test_a_program_that_opens_many_connections_at_once_gets_them_all(
    secrets: dict[str, str], server: AuthServer
) -> None:
    """They write the same row for the first time."""
    with ThreadPoolExecutor(16) as threads:
        let_in = list(threads.map(lambda _number: server.lets_in(secrets["read"]), range(32)))

    assert let_in == [True] * 32
    assert len(server.uses()) == 1


@pytest.fixture
def closed() -> dict[str, str]:
    """Mailboxes that one thing or another closes, and an app password of each for everything."""
    make_domain("closed.org")
    expiring = make_domain("expiring.org", password_expiry_days=30)
    for address in (ANN, "off@example.org", "mute@example.org", "x@closed.org"):
        make_mailbox(address)
    for name in ("past", "future", "never"):
        make_mailbox(f"{name}@{expiring}")
    Mailbox.objects.filter(pk=ANN).update(app_passwords_only=True)
    Mailbox.objects.filter(pk="off@example.org").update(active=False)
    Mailbox.objects.filter(pk="mute@example.org").update(smtp_active=False)
    Domain.objects.filter(pk="closed.org").update(active=False)
    now = datetime.now(UTC)
    for name, end in (("past", now - timedelta(seconds=5)), ("future", now + timedelta(minutes=5)), ("never", NEVER)):
        Mailbox.objects.filter(pk=f"{name}@expiring.org").update(password_expires_at=end)
    boxes = Mailbox.objects.values_list("pk", flat=True)
    return {box: make("all", "imap", "smtp", "sieve", address=box) for box in boxes}


@pytest.mark.parametrize("server", ["0"], indirect=True)
def test_who_is_closed_out(closed: dict[str, str], server: AuthServer) -> None:
    """For each mailbox what its own password opens, and what an app password does: it outlives an expired one, which
    the portal obliges its owner to change."""

    def opened(user: str, password: str) -> str:
        return " ".join(s for s in ("imap", "smtp") if server.lets_in(password, service=s, user=user))

    assert {user: (opened(user, PASSWORD), opened(user, secret)) for user, secret in closed.items()} == {
        ANN: ("", "imap smtp"),
        "off@example.org": ("", ""),
        "mute@example.org": ("imap", "imap"),
        "x@closed.org": ("", ""),
        "past@expiring.org": ("", "imap smtp"),
        "future@expiring.org": ("imap smtp", "imap smtp"),
        "never@expiring.org": ("imap smtp", "imap smtp"),
    }


@pytest.mark.parametrize("server", ["10M"], indirect=True)
def test_a_revoked_one_is_refused_once_the_cache_is_flushed(secrets: dict[str, str], server: AuthServer) -> None:
    if connection.vendor != "mysql":
        delete = "DELETE FROM mailbox_app_password WHERE description = 'read'"
        with sqlite3.connect(server.database.name) as copy:
            assert server.lets_in(secrets["read"])
            copy.execute(delete)
    else:
        assert server.lets_in(secrets["read"])
        AppPassword.objects.filter(name="read").delete()

    server.forget()

    assert not server.lets_in(secrets["read"])
    assert server.lets_in(secrets["all"])
