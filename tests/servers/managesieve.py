"""A person's own Sieve script, put in place as mail programs do it: by ManageSieve (RFC 5804)."""

from __future__ import annotations

import base64
import socket
import ssl
from typing import BinaryIO

from .process import LOOPBACK, ServerFailed


def put_script(port: int, address: str, password: str, script: str, *, name: str = "own") -> None:
    """Upload and activate."""
    with socket.create_connection((LOOPBACK, port), timeout=10) as plain:
        _ask(plain.makefile("rwb"), None)
        _ask(plain.makefile("rwb"), b"STARTTLS")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as secret, secret.makefile("rwb") as stream:
            _ask(stream, None)
            initial = base64.b64encode(f"\0{address}\0{password}".encode())
            _ask(stream, b'AUTHENTICATE "PLAIN" "%s"' % initial)
            text = script.encode()
            _ask(stream, b'PUTSCRIPT "%s" {%d+}\r\n%s' % (name.encode(), len(text), text))
            _ask(stream, b'SETACTIVE "%s"' % name.encode())


def _ask(stream: BinaryIO, command: bytes | None) -> None:
    """Send, and read on until the answer is complete; without a command only that."""
    if command is not None:
        stream.write(command + b"\r\n")
        stream.flush()
    while line := stream.readline():
        if line.startswith(b"OK"):
            return
        if line.startswith((b"NO", b"BYE")):
            raise ServerFailed(line.decode())
    raise ServerFailed("the connection ended")
