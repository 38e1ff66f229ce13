"""An HTTPS server that receives webhooks, and answers as a test wants it to."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from .certificate import Certificate
from .process import LOOPBACK

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes


def reply(status: int, body: bytes = b"", **headers: str) -> Answer:
    """`reply(503, Retry_After="7")`."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


class Receiver(ThreadingHTTPServer):
    """`received` grows with each request; `answers` are used up in turn, and then all is taken (204)."""

    daemon_threads = True

    def __init__(self, certificate: Certificate) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, host: str = LOOPBACK) -> str:
        return f"https://{host}:{self.port}/events?from=mail"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave before they were answered are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.path, headers, body))
        answer = self.server.answers.pop(0) if self.server.answers else reply(204)
        answer(self)

    def log_message(self, *arguments: Any) -> None:
        pass
