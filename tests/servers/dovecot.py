"""A running Dovecot, on whatever configuration it is given."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .process import Process, ServerFailed, answers, run


class Dovecot:
    def __init__(self, config: Path, *, log: Path, port: int, auth_socket: Path) -> None:
        self.config = config
        self.log = log
        self.port = port  # of IMAPS
        self.auth_socket = auth_socket
        self._process: Process | None = None

    def start(self) -> None:
        self._process = Process(["dovecot", "-F", "-c", self.config], log=self.log)
        self._process.wait_until(lambda: answers(self.port) and self.auth_socket.exists(), what="Dovecot answers")

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def accepts(self, address: str, password: str) -> bool:
        """Whether the password opens the mailbox, as Dovecot's own passdb sees it."""
        with contextlib.suppress(ServerFailed):
            # Without the penalty, which makes each failure of an address wait longer than the one before.
            run(["doveadm", "-c", self.config, "auth", "test", "-x", "no-penalty", address, password])
            return True
        return False
