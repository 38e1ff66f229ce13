"""Letters as a mail server gets them: what they say, and what happens to those that it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from django.utils import timezone

from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.letters import outbox
from mailadmin.letters.models import Kind, Letter
from mailadmin.letters.services import notify, queue_letter
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox
from tests.factories import make_superadmin, system
from tests.servers.letters import Outside
from tests.servers.process import LOOPBACK, free_port

from .conftest import SITE
from .reading import read, text_of

pytestmark = pytest.mark.django_db


# -- What is sent
def test_a_notice_goes_to_the_account_and_to_its_recovery_address(
    charlie: Account, charlies_mailbox: Mailbox, site_url: str, smtp_server: Outside
) -> None:
    Mailbox.objects.filter(pk=charlies_mailbox.pk).update(email_other="charlie@elsewhere.test")
    charlie.confirmed_recovery_address = "charlie@elsewhere.test"
    charlie.save()

    notify(Account.objects.get(pk=charlie.pk), Kind.PASSWORD_CHANGED, client_address="192.0.2.7")
    sent = outbox.send_due()

    assert sent == 2
    assert [recipients for recipients, _message in smtp_server.letters] == [
        ["charlie@example.org"],
        ["charlie@elsewhere.test"],
    ]
    text = text_of(smtp_server.letters[0][1])
    assert "192.0.2.7" in text
    assert f"{SITE}/account/password/" in text.splitlines()


def test_an_address_that_was_not_confirmed_is_told_nothing(
    charlie: Account, charlies_mailbox: Mailbox, smtp_server: Outside
) -> None:
    Mailbox.objects.filter(pk=charlies_mailbox.pk).update(email_other="charlie@elsewhere.test")

    notify(Account.objects.get(pk=charlie.pk), Kind.PASSWORD_CHANGED)
    outbox.send_due()

    assert [recipients for recipients, _message in smtp_server.letters] == [["charlie@example.org"]]


def test_the_old_recovery_address_is_told_as_well(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.RECOVERY_CHANGED, also_to="old@elsewhere.test")
    outbox.send_due()

    assert [recipients for recipients, _message in smtp_server.letters] == [
        ["charlie@example.org"],
        ["old@elsewhere.test"],
    ]


def test_headers_are_those_of_an_automatic_mail(charlie: Account, site_url: str, smtp_server: Outside) -> None:
    notify(charlie, Kind.FACTOR_ON)
    outbox.send_due()

    message = read(smtp_server.letters[0][1])
    assert message["Subject"] == "Second factor added: charlie@example.org"
    assert message["From"] == "Mail of Example <postmaster@example.net>"
    assert message["To"] == "charlie@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Message-ID"].endswith("@example.net>")
    assert message["Content-Language"] == "en"
    assert abs(message["Date"].datetime.replace(tzinfo=UTC) - timezone.now()) < timedelta(minutes=1)
    assert message.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "kind", [kind for kind in Kind if kind not in (Kind.RESET, Kind.SET_UP, Kind.CONFIRM_RECOVERY)]
)
@pytest.mark.parametrize("site", ["", SITE])
def test_every_notice_is_a_whole_text(
    kind: Kind, site: str, charlie: Account, smtp_server: Outside, settings: Any
) -> None:
    settings.SITE_URL = site
    expires_at = timezone.now() + timedelta(days=7)
    Mailbox.objects.filter(pk="charlie@example.org").update(password_expires_at=expires_at)
    data = {"by": "root@example.net", "name": "Phone & <tablet>", "expires_at": expires_at.isoformat()}

    queue_letter(kind=kind, recipient="charlie@example.org", account=charlie, data=data)
    outbox.send_due()

    (_recipients, message), subject = smtp_server.letters[0], str(smtp_server.letters[0][1]["Subject"])
    text = text_of(message)
    assert "charlie@example.org" in subject
    assert "charlie@example.org" in text
    assert "\n\n\n" not in text
    assert [line for line in text.splitlines() if len(line) > 72 and "http" not in line] == []
    assert not [word for word in ("{{", "{%", "&amp;", "&lt;", "None") if word in subject + text]
    assert (SITE in text) == bool(site)


def test_nothing_is_escaped_as_in_a_page(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.APP_PASSWORD_ADDED, name="Ann's <phone> & tablet")
    outbox.send_due()

    assert "“Ann's <phone> & tablet”" in " ".join(text_of(smtp_server.letters[0][1]).split())


def test_a_line_feed_in_a_name_makes_no_header(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.APP_PASSWORD_ADDED, name="Phone\r\nBcc: victim@elsewhere.test\r\n\r\nHello")
    outbox.send_due()

    (recipients, message) = smtp_server.letters[0]
    assert recipients == ["charlie@example.org"]
    assert message["Bcc"] is None


def test_the_time_is_that_of_the_person(charlie: Account, smtp_server: Outside) -> None:
    Account.objects.filter(pk=charlie.pk).update(time_zone="Asia/Tokyo")
    notify(charlie, Kind.PASSWORD_CHANGED)
    Letter.objects.update(queued_at=timezone.now().replace(hour=20, minute=30))
    outbox.send_due()

    text = " ".join(text_of(smtp_server.letters[0][1]).split())
    assert re.search(r"\b0?5:30\b.{0,6}\(JST\)", text)


def test_a_french_letter_keeps_its_no_break_spaces(charlie: Account, site_url: str, smtp_server: Outside) -> None:
    Account.objects.filter(pk=charlie.pk).update(language="fr")
    notify(charlie, Kind.APP_PASSWORD_ADDED, name="Téléphone")
    outbox.send_due()

    message = read(smtp_server.letters[0][1])
    assert message["Subject"].strip(" ") == "Nouveau mot de passe d’application\N{NO-BREAK SPACE}: charlie@example.org"
    assert "«\N{NO-BREAK SPACE}Téléphone\N{NO-BREAK SPACE}»" in message.get_content()
    assert message["Content-Language"] == "fr"


# -- How it is queued
def test_a_letter_is_gone_with_the_change_that_failed(charlie: Account) -> None:
    @atomic
    def change(*, fails: bool) -> None:
        notify(charlie, Kind.FACTOR_ON)
        if fails:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change(fails=True)
    assert not Letter.objects.exists()

    change(fails=False)
    assert Letter.objects.count() == 1


def test_a_worker_is_asked_once_on_commit(
    charlie: Account, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        notify(charlie, Kind.FACTOR_ON, also_to="other@elsewhere.test")

    assert Letter.objects.count() == 2
    assert [callback.message for callback in callbacks] == [("mailadmin.letters.tasks.send_letters", (), "mailadmin")]


# -- When it is sent
def test_what_was_sent_is_not_sent_again_and_its_data_are_forgotten(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.FACTOR_OFF, by="root@example.net")

    assert (outbox.send_due(), outbox.send_due()) == (1, 0)
    letter = Letter.objects.get()
    assert (letter.attempts, letter.error, letter.data) == (1, "", {})
    assert letter.sent_at is not None
    assert letter.closed_at is not None


def test_a_letter_that_another_worker_has_claimed_is_left_alone(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.FACTOR_OFF)
    mine, theirs = Letter.objects.get(), Letter.objects.get()

    assert outbox._claim(theirs)
    assert not outbox._claim(mine)
    assert outbox.send_due() == 0


def test_a_letter_whose_worker_was_killed_is_sent_after_its_claim(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.FACTOR_OFF)
    outbox._claim(Letter.objects.get())
    Letter.objects.update(due_at=timezone.now())

    assert outbox.send_due() == 1


def test_the_letter_of_an_account_that_is_gone_is_dropped(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.FACTOR_OFF)
    delete_mailbox(mailbox=Mailbox.objects.get(pk="charlie@example.org"), actor=system())

    assert outbox.send_due() == 0
    assert smtp_server.letters == []
    assert Letter.objects.get().closed_at is not None


def test_old_rows_are_forgotten_and_open_ones_are_not(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.FACTOR_OFF)
    outbox.send_due()
    notify(charlie, Kind.FACTOR_ON)
    Letter.objects.filter(kind=Kind.FACTOR_OFF).update(closed_at=timezone.now() - timedelta(days=8))

    assert (outbox.forget_closed(), outbox.forget_closed()) == (1, 0)
    assert [letter.kind for letter in Letter.objects.all()] == [Kind.FACTOR_ON]


# -- What is refused
class Strict(Outside):
    """Says to RCPT and DATA what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.to_rcpt: dict[str, str] = {}
        self.to_data = "250 taken"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.to_rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.to_data.startswith("250"):
            await super().handle_DATA(server, session, envelope)
        return self.to_data


@pytest.fixture
def strict(settings: Any) -> Iterator[Strict]:
    server = Strict()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = LOOPBACK, server.port, 5
    yield server
    server.stop()


def later() -> None:
    """The waiting time is over."""
    Letter.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_recipient_refused_for_good_is_given_up_and_the_others_are_served(charlie: Account, strict: Strict) -> None:
    strict.to_rcpt = {"charlie@example.org": "550 no such user"}
    notify(charlie, Kind.FACTOR_ON, also_to="other@elsewhere.test")

    assert outbox.send_due() == 1
    refused, sent = Letter.objects.all()
    assert refused.sent_at is None
    assert refused.closed_at is not None
    assert "550" in refused.error
    assert "no such user" in refused.error
    assert sent.sent_at is not None


def test_a_recipient_refused_for_now_is_tried_again_later(charlie: Account, strict: Strict) -> None:
    strict.to_rcpt = {"charlie@example.org": "451 greylisted"}
    notify(charlie, Kind.FACTOR_ON)

    assert (outbox.send_due(), outbox.send_due()) == (0, 0)
    letter = Letter.objects.get()
    assert (letter.attempts, letter.closed_at) == (1, None)
    assert "greylisted" in letter.error
    assert 20 < (letter.due_at - timezone.now()).total_seconds() <= 30

    strict.to_rcpt = {}
    later()
    assert outbox.send_due() == 1
    assert Letter.objects.get().error == ""


def test_the_waits_grow_to_an_hour(charlie: Account, strict: Strict) -> None:
    strict.to_rcpt = {"charlie@example.org": "451 greylisted"}
    notify(charlie, Kind.FACTOR_ON)
    waits = []
    for _try in range(6):
        outbox.send_due()
        waits.append(round((Letter.objects.get().due_at - timezone.now()).total_seconds() / 30))
        later()

    assert waits == [1, 4, 16, 64, 120, 120]


def test_a_text_refused_for_good_is_given_up(charlie: Account, strict: Strict) -> None:
    strict.to_data = "554 looks like spam"
    notify(charlie, Kind.FACTOR_ON)

    assert outbox.send_due() == 0
    letter = Letter.objects.get()
    assert letter.closed_at is not None
    assert "spam" in letter.error


def test_after_three_days_a_letter_is_given_up(charlie: Account, smtp_server: Outside) -> None:
    notify(charlie, Kind.FACTOR_ON)
    Letter.objects.update(queued_at=timezone.now() - timedelta(days=3, minutes=1), error="ConnectionRefusedError")

    assert outbox.send_due() == 0
    assert smtp_server.letters == []
    assert Letter.objects.get().error == "ConnectionRefusedError"


def test_a_server_that_is_away_is_asked_once_and_loses_nothing(charlie: Account, settings: Any) -> None:
    port = free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, port
    notify(charlie, Kind.FACTOR_ON, also_to="other@elsewhere.test")

    assert outbox.send_due() == 0
    assert [letter.attempts for letter in Letter.objects.all()] == [1, 0]

    outside = Outside()
    outside.port = port
    outside._controller = Controller(outside, hostname=LOOPBACK, port=port)
    outside._controller.start()
    later()
    assert outbox.send_due() == 2
    outside.stop()
    assert [letter.error for letter in Letter.objects.all()] == ["", ""]


def test_one_letter_that_cannot_be_written_holds_up_no_other(charlie: Account, smtp_server: Outside) -> None:
    queue_letter(kind=Kind.EXPIRY, recipient="charlie@example.org", account=charlie, data={"expires_at": "no date"})
    notify(charlie, Kind.FACTOR_ON)

    assert outbox.send_due() == 1
    broken, sent = Letter.objects.all()
    assert "ValueError" in broken.error
    assert sent.sent_at is not None


def test_letters_are_no_change_and_not_in_the_audit(charlie: Account, smtp_server: Outside) -> None:
    before = Entry.objects.count()
    notify(charlie, Kind.FACTOR_ON)
    outbox.send_due()

    assert Entry.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_letter_once(smtp_server: Outside, site_url: str) -> None:
    root = make_superadmin("root@example.net")
    for number in range(20):
        queue_letter(kind=Kind.FACTOR_ON, recipient=f"user{number}@elsewhere.test", account=root)
    counts = []

    def work() -> None:
        try:
            counts.append(outbox.send_due())
        finally:
            connection.close()

    workers = [Thread(target=work) for _worker in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(counts) == 20
    recipients = [recipients[0] for recipients, _message in smtp_server.letters]
    assert sorted(recipients) == sorted(f"user{number}@elsewhere.test" for number in range(20))
