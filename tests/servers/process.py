"""Starting a program, waiting until it answers, and ending it: what all the servers share."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.005
_taken: set[int] = set()


class ServerFailed(Exception):
    """A server did not do what it was started for; the text ends with the last lines of its log."""


def free_port() -> int:
    """A port that was free a moment ago, and that this process was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in _taken:
            _taken.add(port)
            return port


def wait_until(condition: Callable[[], object], *, what: str, seconds: float = 20) -> None:
    """Return as soon as `condition()` is true, or raise ServerFailed naming `what` did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise ServerFailed(f"Not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


def last_lines(log: Path, count: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) if log.exists() else ""


def run(
    arguments: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    text: str | None = None,
    seconds: float = 120,
) -> str:
    """Run to the end and return standard output; raise ServerFailed with both outputs if it fails."""
    result = subprocess.run(
        [str(argument) for argument in arguments],
        env=_environment(env), cwd=cwd, input=text, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    if result.returncode:
        raise ServerFailed(f"{arguments[0]} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


class Process:
    """A program in the foreground, with its output in a log file. It dies with the test run that started it."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.log = log
        command = ["setpriv", "--pdeathsig", "TERM", *map(str, arguments)]
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                command, env=_environment(env), cwd=cwd,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    def wait_until(self, condition: Callable[[], object], *, what: str, seconds: float = 20) -> None:
        try:
            wait_until(lambda: not self.is_running or condition(), what=what, seconds=seconds)
        except ServerFailed as failure:
            raise ServerFailed(f"{failure}\n{last_lines(self.log)}") from None
        if not self.is_running:
            raise ServerFailed(f"Ended before {what}\n{last_lines(self.log)}")

    def stop(self, *, seconds: float = 10) -> None:
        if self.is_running:
            self._popen.terminate()
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the program and the children that it forked: its session is its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(extra or {})}
