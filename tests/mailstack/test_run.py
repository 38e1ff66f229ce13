"""`make run`: the launcher, as a new user starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.servers.process import free_port
from tests.servers.project import BASE_DIR

Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    """`make run` with nothing but a var/ and a port of its own in the environment."""
    started: list[subprocess.Popen[str]] = []
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}

    def run() -> subprocess.Popen[str]:
        launcher = subprocess.Popen(
            [sys.executable, "deploy/run.py"],
            cwd=BASE_DIR,
            env={**environment, "VAR_DIR": str(tmp_path / "var"), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(launcher)
        return launcher

    yield run
    for launcher in started:
        if launcher.poll() is None:
            launcher.send_signal(signal.SIGTERM)
        launcher.communicate(timeout=60)


def printed_until_ready(launcher: subprocess.Popen[str]) -> str:
    assert launcher.stdout is not None
    said = ""
    for line in launcher.stdout:
        said += line
        if "Ctrl-C" in line:
            return said
    raise AssertionError(f"it ended: {said}")


def overview(port: int, password: str) -> str:
    """What the superadmin of the demo sees after the sign-in."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    address = f"http://127.0.0.1:{port}/sign-in/"
    form = opener.open(address).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    fields = {"csrfmiddlewaretoken": token[1], "identifier": "root@example.org", "password": password}
    with opener.open(address, urlencode(fields).encode()) as answer:
        assert answer.url == f"http://127.0.0.1:{port}/"
        return str(answer.read().decode())


def test_run_starts_keeps_its_data_and_ends_all(start: Start, port: int, tmp_path: Path) -> None:
    launcher = start()
    said = printed_until_ready(launcher)
    assert f"http://127.0.0.1:{port}/" in said
    password = re.search(r"superadmin +root@example\.org +(\S+)", said)
    assert password
    assert "Overview" in overview(port, password[1])
    assert (tmp_path / "var/secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700

    launcher.send_signal(signal.SIGINT)
    launcher.communicate(timeout=60)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert not [each for each in Path("/proc").glob("[0-9]*/environ") if str(tmp_path / "var").encode() in _read(each)]

    assert password[0] in printed_until_ready(start()), "the second start keeps the data of the first"
    assert "Overview" in overview(port, password[1])


def test_port_in_use_is_a_clear_error_before_anything_starts(start: Start, port: int, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        launcher = start()
        said, _nothing = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    assert (
        said.strip() == f"Port {port} cannot be used (Address already in use). Choose another: make run PORT={port + 1}"
    )
    assert not (tmp_path / "var").exists()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it ended, or belongs to someone else
        return b""
