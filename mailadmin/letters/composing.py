"""What a letter says, written at the moment when it is sent: in the person's language, with the present facts."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.utils import make_msgid, parseaddr
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import formats, timezone, translation

from mailadmin.accounts.time_zones import time_zone_of
from mailadmin.addresses import show_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailadmin.accounts.models import Account
    from mailadmin.letters.models import Letter

LINE_LENGTH = 72
# RFC 3834 keeps vacation replies away; the other header says so to Exchange.
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


@dataclass
class Draft:
    """What one kind of letter has to say. `undo` takes back what was made for it if it could not be sent."""

    recipient: str
    account: Account | None
    facts: dict[str, Any]
    undo: Callable[[], object] = lambda: None


def compose(letter: Letter, draft: Draft) -> EmailMessage:
    language = _language(draft.account)
    zone = time_zone_of(draft.account) if draft.account else timezone.get_default_timezone()
    context = {
        "address": show_address(draft.account.address) if draft.account else "",
        "site": settings.SITE_URL,
        **draft.facts,
    }
    with _as_read_by(language, zone):
        context["when"] = _when(letter.queued_at)
        subject = _in_one_line(render_to_string(f"letters/{letter.kind}_subject.txt", context))
        body = render_to_string(f"letters/{letter.kind}.txt", context)
    domain = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]
    headers = {**HEADERS, "Message-ID": make_msgid(f"letter-{letter.pk}", domain=domain), "Content-Language": language}
    return EmailMessage(subject, _tidy(body), settings.MAIL_FROM, [draft.recipient], headers=headers)


@contextmanager
def _as_read_by(language: str, zone: tzinfo) -> Iterator[None]:
    with translation.override(language), timezone.override(zone):
        yield


def _language(account: Account | None) -> str:
    offered = dict(settings.LANGUAGES)
    return account.language if account and account.language in offered else settings.LANGUAGE_CODE


def _when(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{formats.date_format(local, 'DATETIME_FORMAT')} ({local:%Z})"


def _in_one_line(text: str) -> str:
    """Non-breaking spaces, as French has them before a colon, stay."""
    return re.sub(r"[ \t\n]+", " ", text).strip(" ")


def _tidy(body: str) -> str:
    """Paragraphs of short lines (RFC 5322, 2.1.1), whatever the template's tags left behind. A link stays whole."""
    paragraphs = [_in_one_line(paragraph) for paragraph in re.split(r"\n\s*\n", body)]
    lines = [
        textwrap.fill(paragraph, LINE_LENGTH, break_long_words=False, break_on_hyphens=False)
        for paragraph in paragraphs
        if paragraph
    ]
    return "\n\n".join(lines) + "\n"


def _line(text: str) -> str:
    """All in one line. French keeps its no-break spaces, which str.split() would take for blanks."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")
