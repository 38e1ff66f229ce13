"""Who asks, as far as time goes: one person's browser, with its cookies, or one script, with its token.
Either keeps its connection."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from tests.servers.project import PASSWORD, SUPERADMIN

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
ROUNDS = 60
WARM_ROUNDS = 5


def in_turns(get: Callable[[str], float], paths: Mapping[str, str]) -> dict[str, list[float]]:
    """Milliseconds of each, one after another and again, so that a moment in which the machine had other work is in
    all of them."""
    times: dict[str, list[float]] = {what: [] for what in paths}
    for number in range(WARM_ROUNDS + ROUNDS):
        for what, path in paths.items():
            seconds = get(path)
            if number >= WARM_ROUNDS:
                times[what].append(seconds * 1000)
    return times


class Client:
    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=600)
        self._cookies: dict[str, str] = {}

    def sign_in(self, identifier: str = SUPERADMIN, password: str = PASSWORD) -> float:
        """Seconds of the POST."""
        self.get("/sign-in/")
        return self.post("/sign-in/", identifier=identifier, password=password)

    def get(self, path: str) -> float:
        """Seconds until the whole page was there."""
        return self._ask("GET", path, expected=200)

    def post(self, path: str, **fields: str) -> float:
        """With the token of the page that was asked for last. Anything but a redirect is a refusal, and fails."""
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": self._token, **fields}), expected=302)

    def _ask(self, method: str, path: str, body: str | None = None, *, expected: int) -> float:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        start = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read().decode()
        seconds = time.perf_counter() - start
        assert answer.status == expected, f"{method} {path}: {answer.status}\n{content[:2000]}"
        for name, morsel in SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or [])).items():
            self._cookies[name] = morsel.value
        if token := TOKEN.search(content):
            self._token = token[1]
        return seconds


class Script:
    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=600)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> float:
        """Seconds until the whole answer was there."""
        return self.ask("GET", path)[0]

    def ask(self, method: str, path: str, body: Any = None, *, expected: int = 200) -> tuple[float, Any]:
        """The seconds, and what was answered."""
        start = time.perf_counter()
        self._connection.request(method, path, json.dumps(body) if body is not None else None, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - start
        assert answer.status == expected, f"{method} {path}: {answer.status}\n{content[:2000]!r}"
        return seconds, json.loads(content)
