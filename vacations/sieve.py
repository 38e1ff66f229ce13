"""The Sieve script of a vacation reply, made of values alone.

RFC 5228 (Sieve), RFC 5230 (vacation), RFC 5260 (currentdate), RFC 5231 (relational). What a person types is never part
of the script as typed: the text travels as a MIME entity in quoted-printable or base64, the subject as encoded words
unless it is plain, and each string is quoted by sievelib. The extension "variables", which gives "${" a meaning, is not
asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import base64mime, quoprimime
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Any

from sievelib.tools import quote

# RFC 5230 asks for at most seven days between replies to be possible; "never again" is as good as a year.
ONCE_DAYS = 365
# Letters of :subject beyond which the vacation action cuts it (sieve_vacation_max_subject_codepoints).
SUBJECT_AT_MOST = 256
UNFOLDED_AT_MOST = 60
DELICATE = ("=?", "  ")  # which the vacation action does not keep
ENCODED_WORD_AT_MOST = 75  # RFC 2047, section 2
EXTENSIONS = ("date", "envelope", "relational", "vacation")
# RFC 5230, section 4.6, RFC 3834, section 2, and what mail programs write beside them.
LIST_FIELDS = (
    "List-Id",
    "List-Help",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "Mailing-List",
    "X-Mailing-List",
    "Feedback-ID",
    "X-Autoreply",
    "X-Autorespond",
)
BULK_PRECEDENCES = ("auto_reply", "bulk", "junk", "list")
SUPPRESSED_RESPONSES = ("All", "AutoReply", "OOF")
# Local parts behind which nobody reads an answer.
ROBOTS = (
    "*-bounce*",
    "*-noreply",
    "*-no-reply",
    "*-owner",
    "*-request",
    "auto-reply*",
    "autoreply*",
    "bounce*",
    "do-not-reply*",
    "do_not_reply*",
    "donotreply*",
    "listserv",
    "mailer-daemon",
    "majordomo",
    "no-reply*",
    "no_reply*",
    "noreply*",
    "owner-*",
    "postmaster",
)
# Addresses as they stand in a header: whatever else other programs may have stored is left out.
_ATOM = r"""[^\x00-\x20\x7f()<>\[\]:;@\\,."]+"""
_ADDRESS = re.compile(rf"{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class Reply:
    """`until_at` None: no end. `interval_days` 0: each sender once. `known_domains` None: whoever writes."""

    subject: str  # empty: "Auto: " and the subject that is answered, as the vacation action has it
    body: str
    from_at: datetime
    until_at: datetime | None
    interval_days: int
    addresses: Sequence[str]
    known_domains: Sequence[str] | None = None


def script(reply: Reply) -> str:
    return (
        "# Written by mailadmin, and anew with each change. It runs before the person's own scripts.\n"
        f"require {_strings(EXTENSIONS)};\n\n"
        f"if allof (\n  {_tests(reply)}\n) {{\n  vacation {_arguments(reply)};\n}}\n"
    )


def entity(body: str) -> EmailMessage:
    """The text as MIME has it, whatever it holds: any letter, lines of any length, blanks at the end of lines."""
    message = EmailMessage(policy=SMTP)
    message.set_content(body, cte=_transfer_encoding(body))
    del message["MIME-Version"]  # the vacation action writes it
    return message


def header_subject(subject: str) -> str:
    """On one line, for a line break would end the header; encoded (RFC 2047) unless it is plain. The vacation action
    would do so too, but folds at blanks, and leaves what looks encoded already."""
    line = re.sub(r"[\x00-\x1f\x7f]+", " ", subject).strip(" ")
    if line.isascii() and len(line) <= UNFOLDED_AT_MOST and not any(delicate in line for delicate in DELICATE):
        return line
    encoded = min((_encoded_words(line, way) for way in (base64mime, quoprimime)), key=len)
    return encoded if len(encoded) <= SUBJECT_AT_MOST else line


def is_carried_as_typed(subject: str) -> bool:
    """Not if it looks encoded, or has several blanks in a row, and is too long to be encoded."""
    return header_subject(subject) != subject or not any(delicate in subject for delicate in DELICATE)


def _encoded_words(line: str, way: Any) -> str:
    words = [""]
    for letter in line:
        if len(way.header_encode((words[-1] + letter).encode(), "utf-8")) > ENCODED_WORD_AT_MOST:
            words.append("")
        words[-1] += letter
    return " ".join(way.header_encode(word.encode(), "utf-8") for word in words)


def usable(addresses: Iterable[str]) -> list[str]:
    return sorted({address for address in addresses if _ADDRESS.fullmatch(address)})


def _tests(reply: Reply) -> str:
    tests = [f'currentdate :zone "+0000" :value "ge" "iso8601" {quote(_moment(reply.from_at))}']
    if reply.until_at is not None:
        tests.append(f'currentdate :zone "+0000" :value "lt" "iso8601" {quote(_moment(reply.until_at))}')
    if reply.known_domains is not None:
        tests.append(f'envelope :domain :is "from" {_strings(reply.known_domains or [""])}')
    tests += [
        f"not anyof (\n    {_each(f'exists {quote(name)}' for name in LIST_FIELDS)}\n  )",
        f'not header :contains "Precedence" {_strings(BULK_PRECEDENCES)}',
        'anyof (not exists "Auto-Submitted", header :is "Auto-Submitted" "no")',
        f'not header :contains "X-Auto-Response-Suppress" {_strings(SUPPRESSED_RESPONSES)}',
        'not header :contains "X-Spam-Flag" "yes"',
        'not header :matches "X-Spam-Status" "yes*"',
        f'not envelope :localpart :matches "from" {_strings(ROBOTS)}',
        f'not address :localpart :matches ["From", "Sender", "Reply-To"] {_strings(ROBOTS)}',
    ]
    return ",\n  ".join(tests)


def _arguments(reply: Reply) -> str:
    subject = header_subject(reply.subject)
    arguments = [
        f":days {reply.interval_days or ONCE_DAYS}",
        f":handle {quote(_handle(reply))}",
        *([f":subject {quote(subject)}"] if subject else []),
        *([f":addresses {_strings(known)}"] if (known := usable(reply.addresses)) else []),
        f":mime {quote(_as_text(entity(reply.body)))}",
    ]
    return "\n    ".join(arguments)


def _as_text(message: EmailMessage) -> str:
    """Line feeds alone, as in the rest of the script: the engine makes them CRLF, and ends the last line by itself."""
    return message.as_string().replace("\r\n", "\n").removesuffix("\n")


def _handle(reply: Reply) -> str:
    """Who was answered already is answered again when there is another text, or another absence. To the minute, as the
    page shows the beginning: saved again there, one with seconds from elsewhere is the same absence."""
    parts = "\0".join((reply.subject, reply.body, f"{reply.from_at.astimezone(UTC):%Y-%m-%d %H:%M}"))
    return sha256(parts.encode()).hexdigest()[:32]


def _moment(moment: datetime) -> str:
    """To be compared letter by letter with "iso8601", which has the zone behind it: the beginning is within, the end
    is not."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _transfer_encoding(body: str) -> str:
    """Quoted-printable, which an administrator can read in the script, unless base64 is shorter."""
    octets = body.encode()
    to_quote = sum(octet == 0x3D or not 0x20 <= octet < 0x7F for octet in octets)
    return "quoted-printable" if len(octets) + 2 * to_quote <= len(octets) * 4 // 3 + 200 else "base64"


def _strings(values: Iterable[str]) -> str:
    return f"[{', '.join(quote(value) for value in values)}]"


def _each(tests: Iterable[str]) -> str:
    return ",\n    ".join(tests)
