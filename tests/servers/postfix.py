"""A running Postfix, on whatever configuration it is given."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from .process import Process, ServerFailed, answers, last_lines, run, wait_until

DAEMONS = Path("/usr/lib/postfix/sbin")


class Postfix:
    def __init__(self, config: Path, *, log: Path, port: int, submission_port: int) -> None:
        self.config = config
        self.log = log
        self.port = port
        self.submission_port = submission_port
        self._process: Process | None = None

    def start(self) -> None:
        # What `postfix start` does: its check makes the queue's directories, and then master is started. It is
        # started from here, so that it ends with the tests.
        run(["postfix", "-c", self.config, "check"])
        self._process = Process([DAEMONS / "master", "-c", self.config, "-s"], log=self.log)
        self._process.wait_until(lambda: answers(self.port) and answers(self.submission_port), what="Postfix answers")

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def reload(self) -> None:
        run(["postfix", "-c", self.config, "reload"])

    def lookup(self, setting: str, key: str) -> str | None:
        """What Postfix itself finds in the table that `setting` of main.cf names."""
        table = run(["postconf", "-c", self.config, "-hx", setting]).strip()
        with contextlib.suppress(ServerFailed):
            return run(["postmap", "-c", self.config, "-q", key, table]).rstrip("\n")
        return None

    def queue(self) -> list[dict[str, object]]:
        """The mail that is still on its way."""
        return [json.loads(line) for line in run(["postqueue", "-c", self.config, "-j"]).splitlines()]

    def wait_until_delivered(self) -> None:
        try:
            wait_until(lambda: not self.queue(), what="Postfix's queue is empty")
        except ServerFailed as failure:
            raise ServerFailed(f"{failure}\n{last_lines(self.log)}") from None
