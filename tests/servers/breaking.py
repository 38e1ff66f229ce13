"""A way to a server on which connections break: of one after the other, as it is told."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

from .process import LOOPBACK

BLOCK = 65_536


class Breaking(ThreadingTCPServer):
    """`moments`: for each connection "before the request", "before the answer" (it is done, and the answer is lost), or
    "busy" (503, as a reverse proxy says it); when they are used up, all goes well."""

    daemon_threads = True

    def __init__(self, port: int, moments: Iterable[str]) -> None:
        super().__init__((LOOPBACK, 0), _Connection)
        self.port = port
        self.moments = iter(moments)
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def __enter__(self) -> Breaking:
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class _Connection(BaseRequestHandler):
    server: Breaking

    def handle(self) -> None:
        moment = next(self.server.moments, "never")
        self.server.seen.append(moment)
        if moment == "before the request":
            return
        request = _message(self.request)
        if moment == "busy":
            self.request.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection((LOOPBACK, self.server.port)) as onward:
            onward.sendall(request)
            answer = _message(onward)
        if moment != "before the answer":
            self.request.sendall(answer)


def _message(connection: socket.socket) -> bytes:
    """Head and body of one HTTP message that has its Content-Length."""
    read = b""
    while b"\r\n\r\n" not in read:
        read += _more(connection)
    head, _end, body = read.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields.get(b"content-length", 0)):
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    if not (block := connection.recv(BLOCK)):
        raise ConnectionError("It ended too early.")
    return block
