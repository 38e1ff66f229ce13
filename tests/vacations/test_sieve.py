"""The script of a vacation reply, by what Dovecot's own Sieve engine does with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sievelib.parser import Parser

from tests.servers.sieve import SieveEngine
from vacations.models import OPEN_END
from vacations.services import BODY_AT_MOST, SUBJECT_AT_MOST, checked_body, checked_subject
from vacations.sieve import ROBOTS, Reply, is_carried_as_typed, script

JOE = "joe@example.org"
BEN = "ben@elsewhere.test"
NOW = datetime.now(UTC)
REPLY = Reply(
    subject="I am away",
    body="Back on Monday.\n",
    from_at=NOW - timedelta(days=1),
    until_at=NOW + timedelta(days=1),
    interval_days=7,
    addresses=[JOE],
)
LETTER = "From: Ben <{sender}>\nTo: {to}\nSubject: Lunch?\nMessage-ID: <2@elsewhere.test>\n"
LETTER += "In-Reply-To: <1@example.org>\nReferences: <0@example.org> <1@example.org>\n{more}\nHello.\n"
# All that the services let through: no control characters but tab and line feed, and no halves of letters.
letters = st.characters(exclude_categories=("Cc", "Cs"))
# What has a meaning in Sieve, in MIME or in SMTP, and letters that are hard to carry.
AWKWARD = [
    '"', "\\", '\\"', ".", "..", "\n.\n", "\nFrom ", "${", "${hex:41}", "${unicode:41}", "}", ";", "{", "text:",
    "*/", "/*", "#", "=?", "?=", "=?utf-8?q?x?=", "=", "=3D", "=\n", " \n", "\t", "\n\n", "stop;", "%s", "$SUBJECT",
    "a b " * 40, "x" * 1200, "ü" * 80, "\u2028", "\u00a0", "\ufeff", "\u202e", "e\u0301", "\U0001f600",
    "\U0001f468\u200d\U0001f469",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(letters, max_size=60)), max_size=12).map("".join)


@pytest.fixture(scope="module")
def engine() -> Iterator[SieveEngine]:
    # Not pytest's own directory, which root alone may enter.
    with TemporaryDirectory(prefix="sieve-") as directory:
        Path(directory).chmod(0o755)
        yield SieveEngine(Path(directory) / "engine")


def letter(*, sender: str = BEN, to: str = JOE, more: str = "") -> str:
    return LETTER.format(sender=sender, to=to, more=more)


def is_answered(engine: SieveEngine, reply: Reply, *, sender: str = BEN, to: str = JOE, more: str = "") -> bool:
    text = letter(sender=sender, to=to, more=more)
    return bool(engine.replies(script(reply), text, sender=sender, recipient=JOE))


# -- What arrives
@settings(max_examples=150, deadline=None)
@given(subject=texts, body=texts)
@example(subject='"; stop; discard; #', body='"; discard; redirect "eve@elsewhere.test"; #')
@example(subject="=?utf-8?b?SGVsbG8=?=", body="text:\n.\n${env.x}\n..\n.\n")
@example(subject="   two   blanks\u00a0", body="trailing \nand\t\nno end")
@example(subject="\U0001f600" * SUBJECT_AT_MOST, body="\U0001f600" * BODY_AT_MOST)
@example(subject="x" * SUBJECT_AT_MOST, body="x" * BODY_AT_MOST)
@example(subject="", body="")
def test_any_text_arrives_as_typed(engine: SieveEngine, subject: str, body: str) -> None:
    subject = subject.replace("\n", " ").replace("\t", " ").strip()[:SUBJECT_AT_MOST]
    assume(is_carried_as_typed(subject))
    subject, body = checked_subject(subject), checked_body(body, required=False)

    [answer] = engine.replies(script(replace(REPLY, subject=subject, body=body)), letter(), sender=BEN, recipient=JOE)

    # Where a long header is folded, a tab stands for a blank; nobody can type one.
    assert answer["Subject"].replace("\t", " ") == (subject or "Auto: Lunch?")
    # A text in the mail always ends with its line.
    assert answer.get_content().replace("\r\n", "\n") == (body if body.endswith("\n") else f"{body}\n")
    assert (answer["To"], answer["From"], answer["Bcc"]) == (f"Ben <{BEN}>", JOE, None)
    assert sorted({name.lower() for name in answer} - HEADERS) == []
    assert max(map(len, answer.as_bytes().splitlines())) <= 998


HEADERS = {
    "x-sieve", "message-id", "date", "from", "to", "subject", "in-reply-to", "references", "auto-submitted",
    "precedence", "x-auto-response-suppress", "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip


@settings(deadline=None)
@given(subject=texts, body=texts)
def test_another_reader_of_sieve_finds_one_action_in_any_script(subject: str, body: str) -> None:
    parser = Parser()

    assert parser.parse(script(replace(REPLY, subject=subject, body=body))), parser.error
    assert [command.name for command in parser.result] == ["require", "if"]
    assert [command.name for command in parser.result[1].children] == ["vacation"]


def test_the_answer_is_a_reply_and_says_that_it_is_automatic(engine: SieveEngine) -> None:
    [answer] = engine.replies(script(REPLY), letter(), sender=BEN, recipient=JOE)

    assert answer["In-Reply-To"] == "<2@elsewhere.test>"
    assert answer["References"] == "<0@example.org> <1@example.org> <2@elsewhere.test>"
    assert answer["Auto-Submitted"] == "auto-replied (vacation)"


def test_what_other_programs_stored_spoils_no_script(engine: SieveEngine) -> None:
    """Their rows were never checked: the subject stays one header, and what is no address is left out."""
    reply = replace(
        REPLY,
        subject="Away\r\nBcc: eve@elsewhere.test\x00",
        body="one\x00two\x1b",
        addresses=[JOE, "", "@example.org", "a b@example.org", 'x"@example.org', "a\r\nb@example.org", "no-at"],
        known_domains=["elsewhere.test", 'odd"; stop; "'],
    )
    engine.compile(script(reply))
    [answer] = engine.replies(script(reply), letter(), sender=BEN, recipient=JOE)

    assert (answer["Subject"], answer["Bcc"]) == ("Away Bcc: eve@elsewhere.test", None)
    assert answer.get_content() == "one\x00two\x1b\n"


# -- When
@pytest.mark.parametrize(
    ("begins", "ends", "answered"),
    [
        (timedelta(hours=-1), timedelta(hours=1), True),
        (timedelta(hours=-1), None, True),
        (timedelta(hours=1), timedelta(hours=2), False),
        (timedelta(hours=1), None, False),
        (timedelta(hours=-2), timedelta(hours=-1), False),
        (timedelta(days=-400), timedelta(days=400), True),
        (timedelta(days=-9000), timedelta(minutes=-1), False),
    ],
)
def test_it_answers_within_its_time_alone(
    engine: SieveEngine, begins: timedelta, ends: timedelta | None, answered: bool
) -> None:
    now = datetime.now(UTC)
    reply = replace(REPLY, from_at=now + begins, until_at=None if ends is None else now + ends)

    assert is_answered(engine, reply) == answered


def test_the_moments_are_written_in_universal_time() -> None:
    at_noon = datetime.fromisoformat("2027-08-02T12:00:00+02:00")
    text = script(replace(REPLY, from_at=at_noon, until_at=OPEN_END))

    assert '"2027-08-02T10:00:00"' in text
    assert '"2038-01-18T00:00:00"' in text
    assert text.count('currentdate :zone "+0000"') == 2


# -- For which addresses
def test_it_answers_for_all_its_addresses_and_for_no_other(engine: SieveEngine) -> None:
    reply = replace(REPLY, addresses=[JOE, "team@example.org", "joe@old.org", "a+b#c/d@example.org"])
    answered = [JOE, "team@example.org", "TEAM@Example.ORG", "joe@old.org", "a+b#c/d@example.org"]

    assert [to for to in [*answered, "others@example.org"] if is_answered(engine, reply, to=to)] == answered
    assert is_answered(engine, reply, to="x@elsewhere.test", more="Cc: Team <team@example.org>\n")


def test_a_reply_to_known_domains_answers_nobody_else(engine: SieveEngine) -> None:
    reply = replace(REPLY, known_domains=["example.com", "example.org"])
    senders = ["ann@example.com", "ANN@EXAMPLE.ORG", "ann@elsewhere.test", "ann@sub.example.com", "ann@notexample.com"]

    assert [each for each in senders if is_answered(engine, reply, sender=each)] == senders[:2]
    assert not is_answered(engine, replace(REPLY, known_domains=[]))


# -- Never
@pytest.mark.parametrize(
    "header",
    [
        "List-Id: <all.example.org>",
        "List-Unsubscribe: <mailto:leave@elsewhere.test>",
        "List-Post: NO",
        "Mailing-List: contact all-help@elsewhere.test",
        "Precedence: bulk",
        "Precedence: Junk",
        "precedence: list",
        "Precedence: auto_reply",
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (cron)",
        "Auto-Submitted: auto-notified; owner-email=x@elsewhere.test",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-Autoreply: yes",
        "X-Autorespond: weg",
        "Feedback-ID: 1:campaign:elsewhere",
        "X-Spam-Flag: YES",
        "X-Spam-Status: Yes, score=9.3",
        "Sender: all-request@elsewhere.test",
        "Reply-To: noreply@elsewhere.test",
    ],
)
def test_lists_and_automatic_mail_are_never_answered(engine: SieveEngine, header: str) -> None:
    assert not is_answered(engine, REPLY, more=f"{header}\n")


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: No",
        "X-Auto-Response-Suppress: None",
        "Precedence: normal",
        "X-Spam-Flag: NO",
        "X-Spam-Status: No, score=0.1 required=5 tests=YES_WORDS",
        "Sender: secretary@elsewhere.test",
    ],
)
def test_a_persons_mail_is_answered(engine: SieveEngine, header: str) -> None:
    assert is_answered(engine, REPLY, more=f"{header}\n")


def test_senders_behind_whom_nobody_reads_are_never_answered(engine: SieveEngine) -> None:
    senders = [f"{pattern.replace('*', 'x').replace('x-', 'my-')}@elsewhere.test" for pattern in ROBOTS]
    senders += ["NoReply@elsewhere.test", "no-reply-1234@elsewhere.test", "bounces+joe=example.org@elsewhere.test"]
    people = ["norene.ply@elsewhere.test", "downer@elsewhere.test", "bob.request@elsewhere.test"]

    assert [each for each in senders if is_answered(engine, REPLY, sender=each)] == []
    assert [each for each in people if is_answered(engine, REPLY, sender=each)] == people
    assert not is_answered(engine, REPLY, sender=JOE)


# -- Once
def test_another_text_or_another_beginning_is_another_absence() -> None:
    def handle(reply: Reply) -> str:
        return script(reply).partition(':handle "')[2].partition('"')[0]

    changed = [
        replace(REPLY, subject="Gone"),
        replace(REPLY, body="Back never.\n"),
        replace(REPLY, from_at=NOW),
    ]
    to_the_minute = replace(REPLY, from_at=REPLY.from_at.replace(second=0, microsecond=0))
    same = [to_the_minute, replace(REPLY, until_at=None), replace(REPLY, addresses=[JOE, "team@example.org"])]

    assert len({handle(reply) for reply in [REPLY, *changed]}) == 4
    assert {handle(reply) for reply in [REPLY, *same]} == {handle(REPLY)}


@pytest.mark.parametrize(("interval_days", "days"), [(0, 365), (1, 1), (30, 30), (365, 365)])
def test_the_same_sender_is_answered_again_after_some_days(interval_days: int, days: int) -> None:
    assert f"vacation :days {days}\n" in script(replace(REPLY, interval_days=interval_days))
