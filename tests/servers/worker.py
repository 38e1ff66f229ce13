"""The Celery worker of a mail host. It can be killed at any moment, and started again."""

from __future__ import annotations

import time

from .process import Process
from .project import BASE_DIR, BIN, Project


class Worker:
    def __init__(self, project: Project, *, with_beat: bool = False) -> None:
        self.project = project
        self.with_beat = with_beat
        self.log = project.directory / "worker.log"
        self._process: Process | None = None

    def start(self, *, wait: bool = True) -> None:
        begin = self.log.stat().st_size if self.log.exists() else 0
        arguments = [BIN / "celery", "-A", "mailadmin", "worker", "--concurrency", "1", "--loglevel", "INFO"]
        if self.with_beat:
            arguments.append("-B")
        self._process = Process(arguments, log=self.log, env=self.project.environment, cwd=BASE_DIR)
        if wait:
            self._wait_for(b" ready.", begin)

    def start_and_kill(self, task: bytes, *, seconds: float) -> None:
        """SIGKILL so long after the worker has said that it received a task of this name."""
        begin = self.log.stat().st_size
        self.start(wait=False)
        self._wait_for(b"Task mailadmin." + task, begin)
        time.sleep(seconds)
        self.kill()

    def _wait_for(self, text: bytes, begin: int) -> None:
        if self._process:
            what = f"the worker says {text.decode()!r}"
            self._process.wait_until(lambda: text in self.log.read_bytes()[begin:], what=what)

    def kill(self) -> None:
        """SIGKILL, to it and its children at once: nothing of it may tidy up."""
        if self._process:
            self._process.kill()

    def stop(self) -> None:
        if self._process:
            self._process.stop()
            self._process.kill()
