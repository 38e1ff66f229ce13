"""The list of what was sent, for superadmins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mailadmin.accounts.models import Account
from mailadmin.accounts.services import request_reset
from mailadmin.letters import outbox
from mailadmin.letters.models import Kind, Letter
from mailadmin.letters.services import notify
from tests.servers.letters import Outside

pytestmark = pytest.mark.django_db
URL = "/letters/"


@pytest.fixture
def client(root: Account, signed_in: Callable[[Account], Client]) -> Client:
    return signed_in(root)


def listed(client: Client, **filters: str) -> list[str]:
    return [letter.recipient for letter in client.get(URL, filters).context["page"].rows]


@pytest.fixture
def letters(charlie: Account, smtp_server: Outside) -> None:
    """One that was sent, one that failed, one that waits."""
    for number, address in enumerate(("sent@elsewhere.test", "failed@elsewhere.test", "waits@elsewhere.test")):
        notify(charlie, Kind.FACTOR_ON, also_to=address)
        Letter.objects.filter(recipient=charlie.address).delete()
        if not number:
            outbox.send_due()
    Letter.objects.filter(recipient="failed@elsewhere.test").update(
        error="SMTPRecipientsRefused: 451 greylisted", attempts=2, due_at=timezone.now() + timedelta(hours=1)
    )


def test_it_shows_what_was_sent_and_what_failed_and_why(client: Client, letters: None) -> None:
    content = client.get(URL).content.decode()

    assert listed(client) == ["waits@elsewhere.test", "failed@elsewhere.test", "sent@elsewhere.test"]
    assert "451 greylisted" in content
    assert "Second factor on" in content


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"state": "sent"}, ["sent"]),
        ({"state": "open"}, ["waits", "failed"]),
        ({"state": "failed"}, ["failed"]),
        ({"q": "SENT@elsewhere.test"}, ["sent"]),
        ({"q": "nobody@elsewhere.test"}, []),
    ],
)
def test_filters(client: Client, letters: None, filters: dict[str, str], found: list[str]) -> None:
    assert listed(client, **filters) == [f"{name}@elsewhere.test" for name in found]


def test_what_strangers_ask_for_is_not_listed(client: Client) -> None:
    request_reset(identifier="nobody@example.org", client_address="192.0.2.7")

    assert Letter.objects.count() == 1
    assert listed(client) == []


def test_what_failed_is_tried_at_once(client: Client, letters: None, smtp_server: Outside) -> None:
    response = client.post("/letters/retry/")

    assert response.url == URL  # type: ignore[attr-defined]
    assert outbox.send_due() == 2
    assert sorted(recipients[0] for recipients, _message in smtp_server.letters) == [
        "failed@elsewhere.test",
        "sent@elsewhere.test",
        "waits@elsewhere.test",
    ]


def test_number_of_queries_does_not_grow(
    client: Client, charlie: Account, django_assert_num_queries: Callable[..., Any]
) -> None:
    notify(charlie, Kind.FACTOR_ON)
    client.get(URL)
    with django_assert_num_queries(3):
        client.get(URL)
    for number in range(3):
        notify(charlie, Kind.FACTOR_ON, also_to=f"user{number}@elsewhere.test")

    with django_assert_num_queries(3):
        client.get(URL)
