"""What a person does with the letters: read them, and open the link."""

from __future__ import annotations

import re
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser

from mailadmin.letters import outbox
from tests.servers.letters import Outside

from .conftest import SITE


def read(message: Message) -> EmailMessage:
    parsed = BytesParser(policy=policy.default).parsebytes(message.as_bytes())
    assert isinstance(parsed, EmailMessage)
    return parsed


def text_of(message: Message) -> str:
    return str(read(message).get_content())


def flat(message: Message) -> str:
    return " ".join(text_of(message).split())


def posted(server: Outside) -> list[tuple[str, str]]:
    """(recipient, subject) of what the worker sends now."""
    begin = len(server.letters)
    outbox.send_due()
    return [(recipients[0], str(read(message)["Subject"])) for recipients, message in server.letters[begin:]]


def last_link(server: Outside) -> str:
    """The path of the link in the last letter."""
    (link,) = re.findall(rf"^{re.escape(SITE)}(/link/[\w-]+/)$", text_of(server.letters[-1][1]), re.MULTILINE)
    return link
