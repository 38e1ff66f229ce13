"""The web process, as a site runs it."""

from __future__ import annotations

from http.client import HTTPConnection

from .process import LOOPBACK, Process, free_port
from .project import BASE_DIR, BIN, Project


class Gunicorn:
    def __init__(self, project: Project, *, workers: int = 1) -> None:
        self.project = project
        self.workers = workers
        self.port = free_port()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        self.project.manage("collectstatic", "--noinput", "--verbosity=0")
        self._process = Process(
            [
                BIN / "gunicorn", "mailadmin.wsgi", "--bind", f"{LOOPBACK}:{self.port}",
                "--workers", str(self.workers), "--threads", "4", "--access-logfile", "-",
            ],
            log=self.project.directory / "gunicorn.log",
            env=self.project.environment,
            cwd=BASE_DIR,
        )  # fmt: skip
        self._process.wait_until(self._is_healthy, what="gunicorn answers /healthz")

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def _is_healthy(self) -> bool:
        connection = HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
