"""The whole site with its mail server, as one machine has them: database, Redis, web, worker, Postfix, Dovecot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.servers import mailserver
from tests.servers.gunicorn import Gunicorn
from tests.servers.mariadb import MariaDB
from tests.servers.process import ServerFailed, free_port, last_lines, wait_until
from tests.servers.project import Project
from tests.servers.redis import Redis
from tests.servers.worker import Worker

SWEEP_SECONDS = "1"
ADD_MAILBOXES = """
from domains.models import Domain
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.schemes import hash_password
from mailboxes.services import create_mailbox

password_hash = hash_password("correct horse battery")
for address in {addresses!r}:
    local_part, _at, name = address.partition("@")
    domain = Domain.objects.get(pk=name)
    create_mailbox(domain=domain, local_part=local_part, password_hash=password_hash, actor=Actor.of_command())
"""


class Stack:
    """`seed=True`: Postfix and Dovecot as the installation guide configured them for Postfixadmin."""

    def __init__(self, directory: Path, mariadb: MariaDB, database_url: str, *, seed: bool = False) -> None:
        self.mariadb = mariadb
        self.redis = Redis(directory / "redis")
        self.project = Project(
            directory,
            database_url=database_url,
            broker_url=self.redis.url,
            MAPS_TYPE="sql" if seed else "lmdb",
            MAIL_OWNER=f"{mailserver.OWNER}:{mailserver.OWNER}",
            SWEEP_SECONDS=SWEEP_SECONDS,
        )
        self.sieve_port = 0 if seed else free_port()
        self.project.set_up()
        self.mail = (
            mailserver.as_in_the_guide(self.project, mariadb)
            if seed
            else mailserver.rendered(self.project, mariadb, sieve_port=self.sieve_port)
        )
        self.web = Gunicorn(self.project)
        self.worker = Worker(self.project, with_beat=True)

    def start(self) -> None:
        self.project.manage("mailhost", "rebuild")
        self.redis.start()
        self.mail.start()
        self.worker.start(wait=False)
        self.web.start()

    def stop(self) -> None:
        self.web.stop()
        self.worker.kill()  # it loses nothing, and to end by itself takes seconds
        self.mail.stop()
        self.redis.stop()

    def wait_until_live(self, *, seconds: float = 30) -> None:
        """Until the mail host has done all that was asked of it."""
        try:
            wait_until(lambda: not self.open_work(), what="all pending work is done", seconds=seconds)
        except ServerFailed as failure:
            raise ServerFailed(f"{failure}\n{self.open_work()}\n{last_lines(self.worker.log)}") from None

    def open_work(self) -> list[tuple[Any, ...]]:
        rows = "SELECT kind, `key`, attempts, error FROM mailadmin_pending_work WHERE done_at IS NULL"
        return self.mariadb.execute(rows, database=self.project.database)

    def verify(self) -> None:
        """Database, tables and disk agree: `mailhost verify` fails, and says where, if they do not."""
        self.project.manage("mailhost", "verify")

    def letters_in(self, maildir: str) -> int:
        """How many letters lie in a Maildir's INBOX, read or not. It is named from the mail volume."""
        inbox = self.project.mail_volume / maildir
        return sum(len(list((inbox / part).iterdir())) for part in ("new", "cur"))

    def add_domain(self, name: str) -> None:
        self.project.manage("domain", "add", name)

    def add_mailbox(self, address: str, password: str) -> None:
        self.project.manage("mailbox", "add", address, "--password-stdin", text=f"{password}\n")

    def add_mailboxes(self, *addresses: str) -> None:
        """Many at once, in one process, but each in its own transaction. Nobody can sign in to them."""
        self.project.manage("shell", "--no-imports", "-c", ADD_MAILBOXES.format(addresses=addresses))
