"""Mail as people have it: posted to Postfix from outside, and read from Dovecot over IMAPS."""

from __future__ import annotations

import base64
import email
import imaplib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage, Message
from itertools import count

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from .process import LOOPBACK, free_port

SENDER = "stranger@elsewhere.test"
_numbers = count(1)


@dataclass(frozen=True)
class Answer:
    code: int
    text: str


def ask(port: int, recipient: str) -> Answer:
    """Postfix's answer to RCPT TO, for a client from outside."""
    with _outsider(port) as client:
        client.mail(SENDER)
        code, text = client.rcpt(recipient)
        return Answer(code, text.decode())


def post(port: int, *recipients: str, subject: str = "") -> str:
    """A letter from outside, one transaction for all recipients. Returns its subject."""
    subject = subject or f"letter {next(_numbers):04}"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, ", ".join(recipients), subject
    message.set_content("Hello.\n")
    with _outsider(port) as client:
        client.send_message(message, SENDER, recipients)
    return subject


def submit(port: int, address: str, password: str, recipient: str, **headers: str) -> None:
    """A letter by a mailbox user, signed in on the submission port. `Message_ID="<1@x>"` for the header Message-ID."""
    message = EmailMessage()
    message["From"], message["To"] = address, recipient
    for name, value in {"Subject": "submitted", **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content("Hello.\n")
    with smtplib.SMTP(LOOPBACK, port, timeout=10) as client:
        client.starttls(context=_unverified())
        client.ehlo()
        # By hand, because smtplib sends ASCII only.
        code, text = client.docmd("AUTH PLAIN", base64.b64encode(_plain(address, password)).decode())
        if code != 235:
            raise SignInRefused(text.decode())
        client.send_message(message)


class SignInRefused(Exception):
    """The address was not accepted with this password."""


def subjects(port: int, address: str, password: str, folder: str = "INBOX") -> list[str]:
    """The subjects in a folder, oldest first."""
    return [str(letter["Subject"]) for letter in letters(port, address, password, folder)]


def folders(port: int, address: str, password: str) -> set[str]:
    with signed_in(port, address, password) as client:
        _status, lines = client.list()
        return {line.decode().rpartition(" ")[2].strip('"') for line in lines if isinstance(line, bytes)}


class Outside:
    """Every other mail server of the world, on one port. `letters` is what it was sent, to whom."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], Message]] = []
        self.port = free_port()
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname=LOOPBACK, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.letters.append((list(envelope.rcpt_tos), email.message_from_bytes(content)))
        return "250 taken"


def _outsider(port: int) -> smtplib.SMTP:
    client = smtplib.SMTP(LOOPBACK, port, local_hostname="elsewhere.test", timeout=10)
    client.ehlo()
    code, text = client.docmd("XCLIENT", "ADDR=192.0.2.10 NAME=elsewhere.test")
    assert code == 220, text
    client.ehlo()
    return client


def letters(port: int, address: str, password: str, folder: str = "INBOX") -> list[Message]:
    """What lies in a folder, oldest first."""
    with signed_in(port, address, password) as client:
        status, _count = client.select(folder, readonly=True)
        assert status == "OK", folder
        _status, found = client.search(None, "ALL")
        fetched = [client.fetch(number, "(BODY.PEEK[])")[1][0] for number in found[0].split()]
        return [email.message_from_bytes(part[1]) for part in fetched if isinstance(part, tuple)]


def signed_in(port: int, address: str, password: str) -> imaplib.IMAP4_SSL:
    client = imaplib.IMAP4_SSL(LOOPBACK, port, ssl_context=_unverified(), timeout=10)
    try:
        # AUTHENTICATE PLAIN rather than LOGIN, which imaplib sends in ASCII only.
        client.authenticate("PLAIN", lambda _challenge: _plain(address, password))
    except imaplib.IMAP4.error as refusal:
        client.shutdown()
        raise SignInRefused(str(refusal)) from None
    return client


def _plain(address: str, password: str) -> bytes:
    return f"\0{address}\0{password}".encode()


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
