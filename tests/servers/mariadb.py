"""A private MariaDB. It listens on a socket file, on a port only if asked, and forgets nothing but at a power cut."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import MySQLdb

from .process import LOOPBACK, Process, free_port, run

# Durability costs an fsync per transaction, and a test's data need not outlive the machine.
FAST = [
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-log-file-size=32M",
    "--innodb-buffer-pool-size=256M",
    "--skip-log-bin",
    "--performance-schema=OFF",
]


class MariaDB:
    """Where another process has started it in the directory, it can be used without `start`."""

    def __init__(self, directory: Path, options: Sequence[str] = FAST) -> None:
        self.directory = directory
        self.options = options
        self.socket = directory / "mariadb.sock"
        self.port = 0
        self._process: Process | None = None

    def listen_on_a_port(self) -> None:
        """To be called before `start`."""
        self.port = free_port()

    @property
    def _networking(self) -> list[str]:
        return [f"--port={self.port}", f"--bind-address={LOOPBACK}"] if self.port else ["--skip-networking"]

    def start(self) -> None:
        self.directory.mkdir(parents=True)
        data = self.directory / "data"
        # In /tmp two that start at once take each other's files away.
        temporary = self.directory / "tmp"
        temporary.mkdir()
        environment = {"TMPDIR": str(temporary)}
        command = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root", "--skip-test-db"]
        run([*command, "--auth-root-authentication-method=normal"], env=environment)
        self._process = Process(
            [
                "mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={self.socket}", "--user=root",
                *self._networking,
                "--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin", *self.options,
            ],
            log=self.directory / "mariadb.log",
            env=environment,
        )  # fmt: skip
        self._process.wait_until(self._answers, what="MariaDB answers")

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def execute(self, *statements: str, database: str = "") -> list[tuple[Any, ...]]:
        """Run the statements as MariaDB's root and return the rows of the last."""
        connection = MySQLdb.connect(unix_socket=str(self.socket), user="root", database=database, charset="utf8mb4")
        try:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            connection.commit()
            return list(cursor.fetchall())
        finally:
            connection.close()

    def create_database(self, name: str) -> str:
        """An empty database as a site has it; returns its DATABASE_URL."""
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        return self.url(name)

    def drop_database(self, name: str) -> None:
        self.execute(f"DROP DATABASE `{name}`")

    def grant_select(self, user: str, password: str, database: str, tables: Iterable[str]) -> None:
        self.execute(f"CREATE USER IF NOT EXISTS {user}@localhost IDENTIFIED BY '{password}'")
        for table in tables:
            self.execute(f"GRANT SELECT ON `{database}`.`{table}` TO {user}@localhost")

    def url(self, name: str) -> str:
        return f"mysql://root@localhost/{name}?unix_socket={self.socket}"

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except MySQLdb.OperationalError:
            return False
        return True
