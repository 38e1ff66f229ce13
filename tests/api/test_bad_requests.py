"""Requests that are wrong before REST sees them, to the real server: answered with 4xx, and nothing comes of them."""

from __future__ import annotations

import json
import socket
from http.client import HTTPResponse
from typing import Any

import pytest

from tests.servers.gunicorn import Gunicorn
from tests.servers.mariadb import MariaDB
from tests.servers.process import LOOPBACK

BODY = b'{"name": "bad.example"}'
JSON = b"Content-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
# What is behind the first line and the token.
PROBLEMS = {
    "a body of 100 MB": JSON + b"Content-Length: 100000000\r\n\r\n" + BODY,
    "a body in chunks, whose length is not told": JSON
    + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
    "a body that ends before its end": JSON + b"Content-Length: 1000\r\n\r\n" + BODY,
    "no body": JSON + b"\r\n",
    "no type": LENGTH + b"\r\n" + BODY,
}
REFUSED_BY_THE_SERVER = {
    "two lengths": JSON + LENGTH + b"Content-Length: 1\r\n\r\n" + BODY,
    "a length and chunks": JSON + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": JSON + b"Content-Length: -1\r\n\r\n" + BODY,
    "a length that is no number": JSON + b"Content-Length: 0x17\r\n\r\n" + BODY,
    "a header with NUL": JSON + LENGTH + b"X: a\0b\r\n\r\n" + BODY,
    "a header on two lines": JSON + LENGTH + b"X: a\r\n b\r\n\r\n" + BODY,
    "a header without a name": JSON + LENGTH + b": x\r\n\r\n" + BODY,
    "a header of 100,000 bytes": JSON + LENGTH + b"X: " + b"x" * 100_000 + b"\r\n\r\n" + BODY,
    "1,000 headers": JSON + LENGTH + b"X: x\r\n" * 1000 + b"\r\n" + BODY,
}


@pytest.fixture(scope="module")
def token(site: Gunicorn) -> str:
    return site.project.add_token("bad-requests", "all")


def answer(site: Gunicorn, token: str, rest: bytes, path: str = "/api/v1/domains/") -> tuple[int, str, bytes]:
    """The status, type and body of what is answered, once we have said that no more will come."""
    head = f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
    with socket.create_connection((LOOPBACK, site.port), timeout=20) as connection:
        connection.sendall(head.encode() + rest)
        connection.shutdown(socket.SHUT_WR)
        response = HTTPResponse(connection)
        response.begin()
        return response.status, response.headers.get_content_type(), response.read()


def domains(site: Gunicorn, mariadb: MariaDB) -> list[tuple[Any, ...]]:
    return mariadb.execute("SELECT domain FROM domain ORDER BY domain", database=site.project.database)


@pytest.mark.parametrize("what", PROBLEMS)
def test_a_problem_is_told(site: Gunicorn, mariadb: MariaDB, token: str, what: str) -> None:
    before = domains(site, mariadb)
    status, kind, body = answer(site, token, PROBLEMS[what])

    assert 400 <= status < 500, body
    assert kind == "application/problem+json"
    assert json.loads(body)["code"]
    assert domains(site, mariadb) == before


@pytest.mark.parametrize("what", REFUSED_BY_THE_SERVER)
def test_what_the_server_itself_refuses(site: Gunicorn, mariadb: MariaDB, token: str, what: str) -> None:
    before = domains(site, mariadb)
    status, _kind, body = answer(site, token, REFUSED_BY_THE_SERVER[what])

    assert 400 <= status < 500, body
    assert domains(site, mariadb) == before


@pytest.mark.parametrize("path", ["/api/v1/domains/" + "x" * 10_000, "/api/v1/domains/?" + "x" * 10_000])
def test_a_line_that_is_too_long(site: Gunicorn, token: str, path: str) -> None:
    assert 400 <= answer(site, token, JSON + LENGTH + b"\r\n" + BODY, path)[0] < 500
