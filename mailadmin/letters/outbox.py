"""Sends what is due. Each letter is claimed before, so that of two workers one sends it; a worker that is killed
between sending and saying so sends it once more."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from mailadmin.letters.composing import compose
from mailadmin.letters.drafts import draft
from mailadmin.letters.models import Kind, Letter

log = logging.getLogger(__name__)
AT_ONCE = 500
CLAIM_MINUTES = 10
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
# Then nobody waits for it any more. A person who asked for a link an hour ago has asked again, or found another way.
GIVE_UP_AFTER = timedelta(days=3)
GIVE_UP_LINK_AFTER = timedelta(hours=1)
KEEP_CLOSED = timedelta(days=7)


def send_due() -> int:
    """How many were sent. What fails is tried again, later each time."""
    sent = 0
    connection = get_connection()
    try:
        while letters := _due():
            sent += sum(_send(letter, connection) for letter in letters if _claim(letter))
    except _ServerAway:
        log.warning("The mail server is away; the letters wait.")
    finally:
        connection.close()
    return sent


def _due() -> list[Letter]:
    due = Letter.objects.open().filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    return list(due.select_related("account__mailbox__domain")[:AT_ONCE])


class _ServerAway(Exception):
    """No letter is to blame."""


def _claim(letter: Letter) -> bool:
    """A guarded update: nobody else sends it until the claim is over."""
    until = timezone.now() + timedelta(minutes=CLAIM_MINUTES)
    unclaimed = Letter.objects.open().filter(pk=letter.pk, due_at=letter.due_at)
    letter.attempts += 1
    return unclaimed.update(due_at=until, attempts=letter.attempts) == 1


def _send(letter: Letter, connection: BaseEmailBackend) -> bool:
    if timezone.now() > _end(letter):
        _close(letter, error=letter.error or "too old")
        return False
    drafted = None
    try:
        drafted = draft(letter)
        if drafted is None:
            _close(letter)
            return False
        message = compose(letter, drafted)
        connection.open()  # stays so for the next letter
        connection.send_messages([message])
    except Exception as error:  # whatever it is, it is kept with the letter, and the next one has its turn
        if drafted:
            drafted.undo()
        _failed(letter, error)
        return False
    letter.recipient = drafted.recipient
    _close(letter, sent_at=timezone.now())
    return True


def _end(letter: Letter) -> datetime:
    after = GIVE_UP_LINK_AFTER if letter.kind == Kind.RESET else GIVE_UP_AFTER
    return letter.queued_at + after


def _close(letter: Letter, *, sent_at: datetime | None = None, error: str = "") -> None:
    letter.sent_at, letter.closed_at, letter.error = sent_at, timezone.now(), error
    letter.data = {}
    letter.save(update_fields=["sent_at", "closed_at", "error", "data", "recipient"])


def _failed(letter: Letter, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"[:1000]
    log.warning("Letter %s (%s, try %s): %s", letter.pk, letter.kind, letter.attempts, text)
    if _is_final(error):
        _close(letter, error=text)
        return
    wait = min(FIRST_WAIT_SECONDS * 4 ** (letter.attempts - 1), LONGEST_WAIT_SECONDS)
    letter.error, letter.due_at = text, timezone.now() + timedelta(seconds=wait)
    letter.save(update_fields=["error", "due_at"])
    if isinstance(error, OSError) and not _is_about_this_letter(error):
        raise _ServerAway


def _is_about_this_letter(error: Exception) -> bool:
    kinds = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError)
    return isinstance(error, kinds)


def _is_final(error: Exception) -> bool:
    """The server refuses this recipient or this text for good (RFC 5321, 4.2.1: 5yz)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500


def forget_closed() -> int:
    """Rows of a week ago: what they told is told."""
    count, _by_model = Letter.objects.filter(closed_at__lt=timezone.now() - KEEP_CLOSED).delete()
    return count
