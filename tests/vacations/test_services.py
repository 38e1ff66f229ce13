"""The services of vacation replies: what they write, whom they let, what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailadmin.revisions import revision
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox, restore_mailbox
from tests.factories import actor_of, make_mailbox, system
from tests.refusals import nothing_written
from vacations.models import NO_BEGINNING, OPEN_END, State, Vacation, VacationNotification
from vacations.services import (
    BODY_AT_MOST,
    end_past_vacations,
    end_vacation,
    set_vacation,
    state_of,
    vacation_of,
)

pytestmark = pytest.mark.django_db

MOMENT = timezone.now().replace(second=0, microsecond=0) + timedelta(days=30)
LATER = MOMENT + timedelta(days=18)


@pytest.fixture
def joe(example_org: Domain) -> Mailbox:
    return make_mailbox("joe@example.org")


@pytest.fixture
def host(db: None) -> MailHost:
    return MailHost.objects.get_or_create(name="main")[0]


def payload(**overrides: Any) -> dict[str, Any]:
    return {
        "active": True,
        "subject": "I am away",
        "body": "Back on Monday.\n",
        "from_at": MOMENT,
        "until_at": LATER,
        "interval_days": 3,
        "known_domains_only": False,
        **overrides,
    }


def put(mailbox: Mailbox, actor: Any = None, **overrides: Any) -> Vacation:
    return set_vacation(mailbox=mailbox, **payload(**overrides), actor=actor or system())


def queued(key: str) -> int:
    return PendingWork.objects.open().filter(kind=Kind.SIEVE, key=key).count()


# -- What is written
def test_a_reply_is_written_as_postfixadmin_has_it(joe: Mailbox, host: MailHost) -> None:
    put(joe)

    row = Vacation.objects.values(
        "address", "domain", "subject", "body", "cache", "active", "from_at", "until_at", "interval_seconds"
    ).get()
    assert row == {
        "address": "joe@example.org",
        "domain": "example.org",
        "subject": "I am away",
        "body": "Back on Monday.\n",
        "cache": "",
        "active": True,
        "from_at": MOMENT,
        "until_at": LATER,
        "interval_seconds": 3 * 86_400,
    }
    assert queued("joe@example.org") == 1


def test_without_times_it_begins_now_and_has_no_end(joe: Mailbox) -> None:
    before = timezone.now()
    vacation = put(joe, from_at=None, until_at=None)

    assert before - timedelta(minutes=1) < vacation.from_at <= timezone.now()
    assert (vacation.until_at, vacation.is_open_ended, vacation.state) == (OPEN_END, True, State.ON)


def test_switched_off_it_keeps_its_text(joe: Mailbox) -> None:
    put(joe)
    put(joe, active=False)

    assert Vacation.objects.values_list("active", "subject", "body").get() == (False, "I am away", "Back on Monday.\n")
    assert state_of(joe) == State.OFF


def test_saved_again_unchanged_it_is_no_new_absence(joe: Mailbox, host: MailHost) -> None:
    put(joe)
    VacationNotification.objects.create(vacation_id=joe.pk, notified="ben@elsewhere.test")
    with nothing_written():
        put(joe)

    put(joe, subject="Still away")
    assert VacationNotification.objects.count() == 0
    assert queued(joe.pk) == 2


def test_the_lines_of_a_text_end_with_line_feeds(joe: Mailbox) -> None:
    assert put(joe, body="one\r\ntwo\rthree\n\tfour  ").body == "one\ntwo\nthree\n\tfour  "


def test_a_row_of_another_program_is_complete(joe: Mailbox) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO vacation (email, subject, body, domain) VALUES (%s, %s, %s, %s)",
                       ["joe@example.org", "Weg", "Bis bald", "example.org"])  # fmt: skip
        cursor.execute("INSERT INTO vacation_notification (on_vacation, notified) VALUES (%s, %s)",
                       ["joe@example.org", "ben@elsewhere.test"])  # fmt: skip

    vacation = Vacation.objects.get()
    assert (vacation.active, vacation.from_at, vacation.until_at) == (True, NO_BEGINNING, OPEN_END)
    assert (vacation.interval_seconds, vacation.known_domains_only, vacation.cache) == (0, False, "")
    assert VacationNotification.objects.get().pk == ("joe@example.org", "ben@elsewhere.test")


@pytest.mark.parametrize(("seconds", "days"), [(0, 0), (1, 1), (86_400, 1), (86_401, 2), (-5, 0)])
def test_an_interval_of_another_program_in_days(seconds: int, days: int) -> None:
    assert Vacation(interval_seconds=seconds).interval_days == days


@pytest.mark.parametrize(
    ("active", "now", "state"),
    [
        (False, MOMENT, State.OFF),
        (True, MOMENT - timedelta(seconds=1), State.PLANNED),
        (True, MOMENT, State.ON),
        (True, LATER - timedelta(seconds=1), State.ON),
        (True, LATER, State.ENDED),
    ],
)
def test_the_state_of_a_moment(active: bool, now: datetime, state: State) -> None:
    assert Vacation(active=active, from_at=MOMENT, until_at=LATER).state_at(now) == state


# -- Who may
def test_the_person_and_the_administrators_may_and_the_audit_says_who(
    joe: Mailbox, charlie: Account, charlies_mailbox: Mailbox, alice: Account, root: Account, bob: Account
) -> None:
    put(charlies_mailbox, actor_of(charlie))
    put(charlies_mailbox, actor_of(alice), subject="Charlie is ill")
    put(charlies_mailbox, actor_of(root), subject="Charlie left us")

    entries = Entry.objects.filter(object_type="vacation").order_by("id")
    told = [(entry.actor, entry.action, entry.after.get("subject")) for entry in entries]
    assert told == [
        ("charlie@example.org", "vacation.set", "I am away"),
        ("alice@example.net", "vacation.set", "Charlie is ill"),
        ("root@example.net", "vacation.set", "Charlie left us"),
    ]
    assert entries[1].before == {"subject": "I am away"}
    for stranger in (bob, charlie):
        with nothing_written(), pytest.raises(PermissionDenied):
            put(joe, actor_of(stranger))
        with nothing_written(), pytest.raises(PermissionDenied):
            end_vacation(mailbox=joe, actor=actor_of(stranger))


# -- Refusals
def refused(call: Callable[[], object]) -> dict[str, list[str]]:
    with nothing_written(), pytest.raises(ValidationError) as caught:
        call()
    return {field: [str(error.code) for error in errors] for field, errors in caught.value.error_dict.items()}


@pytest.mark.parametrize(
    ("overrides", "errors"),
    [
        ({"until_at": MOMENT}, {"until_at": ["until_before_from"]}),
        ({"until_at": MOMENT - timedelta(days=1)}, {"until_at": ["until_before_from"]}),
        (
            {"from_at": datetime(2026, 1, 1, tzinfo=UTC), "until_at": datetime(2026, 1, 9, tzinfo=UTC)},
            {"until_at": ["until_past"]},
        ),
        ({"from_at": datetime(1999, 12, 31, tzinfo=UTC)}, {"from_at": ["date_out_of_range"]}),
        ({"from_at": OPEN_END, "until_at": None}, {"from_at": ["date_out_of_range"]}),
        ({"until_at": datetime(2040, 1, 1, tzinfo=UTC)}, {"until_at": ["date_out_of_range"]}),
        ({"subject": "Away\r\nBcc: all@elsewhere.test"}, {"subject": ["text_control"]}),
        ({"subject": "Away\nX: y"}, {"subject": ["text_control"]}),
        ({"subject": "Away\x00"}, {"subject": ["text_control"]}),
        ({"subject": "\ud83d"}, {"subject": ["text_control"]}),
        ({"subject": "a" * 256}, {"subject": ["subject_long"]}),
        ({"body": "a\x00b"}, {"body": ["text_control"]}),
        ({"body": "\x1b[31m"}, {"body": ["text_control"]}),
        ({"body": "half \udc00"}, {"body": ["text_control"]}),
        ({"body": " \r\n "}, {"body": ["body_missing"]}),
        ({"body": "a" * 2**20}, {"body": ["body_long"]}),
        ({"body": "\U0001f600" * (BODY_AT_MOST + 1)}, {"body": ["body_long"]}),
        ({"interval_days": -1}, {"interval_days": ["days_invalid"]}),
        ({"interval_days": 366}, {"interval_days": ["days_invalid"]}),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    joe: Mailbox, overrides: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    put(joe)
    assert refused(lambda: put(joe, **overrides)) == errors


def test_the_longest_text_fits_into_its_column(joe: Mailbox) -> None:
    put(joe, body="\U0001f600" * BODY_AT_MOST)
    assert Vacation.objects.get().body == "\U0001f600" * BODY_AT_MOST


def test_a_stale_form_is_refused(joe: Mailbox) -> None:
    shown = revision(vacation_of(joe))
    assert shown == revision(vacation_of(joe))
    put(joe, expected_revision=shown)
    with nothing_written(), pytest.raises(ValidationError) as caught:
        put(joe, subject="Other", expected_revision=shown)
    assert caught.value.code == "stale"


# -- The end
def test_ending_it_keeps_the_text_and_tells_the_mail_host(joe: Mailbox, host: MailHost) -> None:
    put(joe)
    end_vacation(mailbox=joe, actor=system())
    with nothing_written():
        end_vacation(mailbox=joe, actor=system())

    assert Vacation.objects.values_list("active", "body").get() == (False, "Back on Monday.\n")
    entry = Entry.objects.filter(action="vacation.end").get()
    assert (entry.before, entry.after) == ({"active": True}, {"active": False})
    assert queued(joe.pk) == 2


def test_what_is_past_is_switched_off_and_the_rest_stays(joe: Mailbox) -> None:
    put(joe)
    put(make_mailbox("ann@example.org"), until_at=LATER + timedelta(seconds=1))
    put(make_mailbox("ben@example.org"), until_at=None)

    assert end_past_vacations(before=LATER, actor=system()) == 1
    assert end_past_vacations(before=LATER, actor=system()) == 0

    assert set(Vacation.objects.active().values_list("pk", flat=True)) == {"ann@example.org", "ben@example.org"}


# -- With the mailbox's own life
def test_it_goes_with_a_renamed_mailbox(joe: Mailbox, host: MailHost, example_com: Domain) -> None:
    put(joe)
    VacationNotification.objects.create(vacation_id=joe.pk, notified="ben@elsewhere.test")
    rename_mailbox(mailbox=joe, address="joseph@example.com", actor=system())

    assert Vacation.objects.values_list("pk", "domain_id", "subject").get() == (
        "joseph@example.com", "example.com", "I am away",
    )  # fmt: skip
    assert VacationNotification.objects.count() == 0
    assert queued("joseph@example.com") == 1


def test_it_goes_to_the_archive_with_its_mailbox_and_comes_back(joe: Mailbox, host: MailHost) -> None:
    put(joe)
    VacationNotification.objects.create(vacation_id=joe.pk, notified="ben@elsewhere.test")
    row = Vacation.objects.values().get()
    archived = delete_mailbox(mailbox=joe, actor=system())
    assert (Vacation.objects.count(), VacationNotification.objects.count()) == (0, 0)

    restore_mailbox(archived=archived, actor=system())
    assert Vacation.objects.values().get() == row
    assert queued(joe.pk) == 2


def test_a_new_mailbox_of_that_name_has_none(joe: Mailbox) -> None:
    put(joe)
    delete_mailbox(mailbox=joe, actor=system())
    assert state_of(make_mailbox("joe@example.org")) == State.OFF
    assert Vacation.objects.count() == 0
