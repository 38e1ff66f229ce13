"""One person's browser, as far as the time of a page goes: a connection that is kept, and cookies."""

from __future__ import annotations

import re
import time
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.servers.project import PASSWORD, SUPERADMIN

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


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
