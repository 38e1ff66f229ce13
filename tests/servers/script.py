"""A script without anybody watching: it calls REST with its token, over connections that break if it is told so."""

from __future__ import annotations

import json
import random
import socket
import struct
import time
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from typing import Any

from .process import LOOPBACK

TRIES = 100
TIMEOUT_SECONDS = 60
# How often a connection breaks at each moment, in parts of ten.
MOMENTS = {"never": 5, "in the request": 1, "before the answer": 2, "in the answer": 2}
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is on its way is thrown away, in both directions


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: Any  # of JSON; None if it is empty


class Script:
    """With a `seed`, half of its connections break, at moments that the seed says."""

    def __init__(self, port: int, token: str, *, seed: int | None = None) -> None:
        self.port = port
        self.token = token
        self._random = random.Random(seed) if seed is not None else None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send it again and again, until it is answered by something else than `busy, try again`."""
        request = self._request(method, path, json.dumps(body).encode() if body is not None else b"", headers)
        for _number in range(TRIES):
            answer = self._try(request)
            if answer is not None and answer.status not in (429, 503):
                return answer
            if answer is not None:
                time.sleep(min(float(answer.headers["Retry-After"]), 1))
        raise AssertionError(f"{method} {path}: no answer to {TRIES} requests")

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        fields = {
            "Host": LOOPBACK,
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _try(self, request: bytes) -> Answer | None:
        """The answer, or None if the connection broke."""
        moment = self._random.choices([*MOMENTS], [*MOMENTS.values()])[0] if self._random else "never"
        with socket.create_connection((LOOPBACK, self.port), TIMEOUT_SECONDS) as connection:
            if moment == "never":
                connection.sendall(request)
                return _read(connection)
            self._break(connection, request, moment)
        return None

    def _break(self, connection: socket.socket, request: bytes, moment: str) -> None:
        assert self._random
        connection.sendall(request[: self._random.randrange(len(request))] if moment == "in the request" else request)
        if moment == "before the answer":
            time.sleep(self._random.uniform(0, 0.03))
        elif moment == "in the answer":
            connection.recv(self._random.randint(1, 200))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def _read(connection: socket.socket) -> Answer:
    response = HTTPResponse(connection)
    response.begin()
    content = response.read()
    return Answer(response.status, response.headers, json.loads(content) if content else None)
