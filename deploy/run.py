"""`make run`: the whole site on one machine, for a first look or for development.

Only the standard library. Installs what is missing, prepares var/, starts gunicorn and one worker, says where they
are when they answer, and ends them both on Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import FrameType
from typing import NoReturn

from install import BASE_DIR, STAMP, VENV, install

HOST = "127.0.0.1"
READY_SECONDS = 60
STOP_SECONDS = 15


class Stopped(Exception):
    """Someone asked for the end."""


def main() -> None:
    port = _port()
    _refuse_used_port(port)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        install(for_tests=False)
        sign_in = _prepare(port)
        for command in _commands(port):
            # Sessions of their own: a Ctrl-C reaches this process alone, which ends them in order.
            processes.append(subprocess.Popen(command, cwd=BASE_DIR, start_new_session=True))
        _wait_until_ready(port, processes)
        print(
            f"\nmailadmin is ready: http://{HOST}:{port}/\n\n{sign_in}{_where_mails_are()}\nCtrl-C ends it.", flush=True
        )
        _wait_for_end(processes)
    except Stopped:
        print("\nStopping.", flush=True)
    finally:
        _end(processes)


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 0 < int(text) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _refuse_used_port(port: int) -> None:
    with socket.socket() as probe:
        # As gunicorn does: a connection of the run before that still closes does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            sys.exit(f"Port {port} cannot be used ({error.strerror}). Choose another: make run PORT={port + 1}")


def _prepare(port: int) -> str:
    """Key, tables, demo data and static files; returns the lines of the demo's sign-in."""
    var = Path(os.environ.setdefault("VAR_DIR", str(BASE_DIR / "var")))
    var.mkdir(mode=0o700, parents=True, exist_ok=True)  # hashes, and the key that signs sessions
    os.environ.setdefault("SITE_URL", f"http://{HOST}:{port}")
    if not (os.environ.get("EMAIL_URL") or os.environ.get("EMAIL_URL_FILE")):
        # There is no mail server to hand them to: each mail is a file to look at.
        os.environ["EMAIL_URL"] = f"filemail:///{var.resolve() / 'letters'}"
    if not (os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE")):
        os.environ["SECRET_KEY_FILE"] = str(_secret_key(var / "secret_key"))
    _manage("migrate", "--verbosity=0")
    _collect_static(var)
    sign_in = var / "demo-sign-in"
    if not sign_in.exists():
        _manage("demo", quiet=True)
    return sign_in.read_text() if sign_in.exists() else "Sign in with an account of yours.\n"


def _where_mails_are() -> str:
    directory = os.environ.get("EMAIL_URL", "").removeprefix("filemail:///")
    return f"its mails    files in {directory}\n" if directory.startswith("/") else ""


def _secret_key(file: Path) -> Path:
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as key:
            key.write(secrets.token_urlsafe(50))
    return file


def _collect_static(var: Path) -> None:
    """Compressing takes seconds, so only when a file or a package has changed."""
    stamp = var / "static-collected"
    digest = hashlib.sha256(STAMP.read_bytes())
    for file in sorted((BASE_DIR / "static").rglob("*")):
        digest.update(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}\n".encode())
    if not (stamp.exists() and stamp.read_text() == digest.hexdigest()):
        _manage("collectstatic", "--noinput", "--verbosity=0")
        stamp.write_text(digest.hexdigest())


def _manage(*arguments: str, quiet: bool = False) -> None:
    command = [str(VENV / "bin" / "python"), "manage.py", *arguments]
    if subprocess.run(command, cwd=BASE_DIR, stdout=subprocess.DEVNULL if quiet else None, check=False).returncode:
        sys.exit(f"manage.py {arguments[0]} failed: see above.")


def _commands(port: int) -> Iterator[list[str]]:
    log_level = os.environ.setdefault("LOG_LEVEL", "WARNING")
    yield [
        str(VENV / "bin" / "gunicorn"), "mailadmin.wsgi", "--bind", f"{HOST}:{port}",
        "--workers", "2", "--threads", "4", "--log-level", log_level.lower(),
    ]  # fmt: skip
    yield [
        str(VENV / "bin" / "celery"), "-A", "mailadmin", "--quiet", "worker", "-B",
        # One process, which ends in half the time; and nobody else is there to talk to.
        "--pool", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", log_level,
    ]  # fmt: skip


def _wait_until_ready(port: int, processes: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _is_healthy(port):
        _refuse_ended(processes)
        if time.monotonic() > deadline:
            sys.exit(f"Nothing answers on port {port} after {READY_SECONDS} s.")
        time.sleep(0.1)


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _wait_for_end(processes: list[subprocess.Popen[bytes]]) -> NoReturn:
    while True:
        _refuse_ended(processes)
        time.sleep(0.5)


def _refuse_ended(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is not None:
            sys.exit(f"{Path(process.args[0]).name} ended by itself: see above.")  # type: ignore[index]


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    # A second Ctrl-C must not leave one of them behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped


if __name__ == "__main__":
    main()
