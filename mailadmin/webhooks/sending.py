"""One POST over HTTPS to a server that nobody here trusts: it gets little time, and little of what it says is read."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from threading import Timer

from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.response import HTTPResponse
from urllib3.util import Retry, parse_url

from .networks import Resolver, checked_addresses

CONNECT_SECONDS = 5.0  # with the TLS handshake's answers
TOTAL_SECONDS = 15.0
ANSWER_AT_MOST = 4096
ADDRESSES_AT_MOST = 3


@dataclass(frozen=True)
class Answer:
    """`status` is None if there was no answer; `error` says why, or what is wrong with the answer."""

    status: int | None = None
    text: str = ""
    error: str = ""
    retry_after_seconds: int = 0
    duration_ms: int = 0


def post(url: str, body: str, headers: dict[str, str], *, resolve: Resolver | None = None) -> Answer:
    """Redirects are not followed, and no proxy is asked. Raises nothing that a server could bring about."""
    begun = time.monotonic()
    try:
        status, text, retry_after = _exchange(url, body.encode(), headers, resolve)
    except (OSError, HTTPError, HTTPException, _TooLate) as error:
        return Answer(error=_told(error), duration_ms=_milliseconds(begun))
    return Answer(status, text, _fault(status), retry_after, _milliseconds(begun))


def _exchange(url: str, body: bytes, headers: dict[str, str], resolve: Resolver | None) -> tuple[int, str, int]:
    parts = parse_url(url)
    connection = _Connection((parts.host or "").strip("[]"), parts.port or 443, resolve)
    fixed = {"Content-Type": "application/json", "User-Agent": "mailadmin", "Accept-Encoding": "identity"}
    with closing(connection), _limited(connection):
        connection.request("POST", parts.request_uri, body, {**fixed, **headers}, preload_content=False)
        response = connection.getresponse()
        if connection.is_cut_off:  # to the library, headers that end midway are all there are
            raise _TooLate
        return response.status, _beginning(response), _retry_after(response)


class _TooLate(Exception):
    pass


class _Connection(HTTPSConnection):
    """To an address that was checked, while SNI and certificate are those of the name.

    `cut_off` ends it from another thread, whatever it waits for: time limits of a socket begin anew with each byte.
    """

    def __init__(self, host: str, port: int, resolve: Resolver | None) -> None:
        super().__init__(host, port, timeout=TOTAL_SECONDS)
        self._resolve = resolve
        self._handle: socket.socket | None = None
        self.is_cut_off = False

    def _new_conn(self) -> socket.socket:
        addresses = checked_addresses(self.host, self.port, self._resolve)[:ADDRESSES_AT_MOST]
        connected = _first_of(addresses, self.port)
        self._handle = connected.dup()  # TLS takes the socket over; this goes on leading to it
        if self.is_cut_off:
            raise _TooLate
        return connected

    def cut_off(self) -> None:
        self.is_cut_off = True
        if self._handle is not None:
            with suppress(OSError):  # it is closed already
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        super().close()
        if self._handle is not None:
            self._handle.close()


def _first_of(addresses: list[str], port: int) -> socket.socket:
    for number, address in enumerate(addresses, start=1):
        try:
            return socket.create_connection((address, port), CONNECT_SECONDS / len(addresses))
        except OSError:
            if number == len(addresses):
                raise
    raise OSError("The name has no address.")


@contextmanager
def _limited(connection: _Connection) -> Iterator[None]:
    timer = Timer(TOTAL_SECONDS, connection.cut_off)
    timer.start()
    try:
        yield
    except (OSError, HTTPError, HTTPException) as error:
        if connection.is_cut_off:
            raise _TooLate from error
        raise
    finally:
        timer.cancel()


def _beginning(response: HTTPResponse) -> str:
    """What came of the body in time: the status has said already whether the event was taken."""
    data = b""
    with suppress(OSError, HTTPError, HTTPException):
        while len(data) < ANSWER_AT_MOST and (part := response.read1(ANSWER_AT_MOST - len(data), decode_content=False)):
            data += part
    return "".join(letter if letter.isprintable() else " " for letter in data.decode(errors="replace"))


def _retry_after(response: HTTPResponse) -> int:
    try:
        return max(0, int(Retry().parse_retry_after(response.headers.get("Retry-After", "0"))))
    except InvalidHeader:
        return 0


def _fault(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return f"HTTP {status}: redirects are not followed." if 300 <= status < 400 else f"HTTP {status}"


def _told(error: Exception) -> str:
    if isinstance(error, _TooLate):
        return f"No answer within {TOTAL_SECONDS:.0f} seconds."
    return f"{type(error).__name__}: {error}"[:1000]


def _milliseconds(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
