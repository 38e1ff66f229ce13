"""A private Redis as Celery's broker. It can be stopped and started again, and then knows what it knew."""

from __future__ import annotations

from pathlib import Path

from .process import LOOPBACK, Process, answers, free_port


class Redis:
    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.port = free_port()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        self._process = Process(
            [
                "redis-server", "--port", str(self.port), "--bind", LOOPBACK, "--dir", self.directory,
                "--appendonly", "yes", "--save", "",
            ],
            log=self.directory / "redis.log",
        )  # fmt: skip
        self._process.wait_until(lambda: answers(self.port), what="Redis answers")

    def stop(self) -> None:
        if self._process:
            self._process.stop()
