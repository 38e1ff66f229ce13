"""/api/v1/mailboxes/{address}/vacation/: what is its own beside tests/api/test_contracts.py."""

from __future__ import annotations

import pytest

from mailadmin.audit.models import Entry
from tests.api.conftest import ApiClient
from tests.factories import make_mailbox
from vacations.models import Vacation

pytestmark = pytest.mark.django_db
JSON = "application/json"
URL = "/api/v1/mailboxes/joe@example.org/vacation/"
REPLY = {"active": True, "subject": "Away", "body": "Back soon.", "from_at": None, "until_at": None}


def test_off_to_begin_with_then_on_and_off(api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    client = api("vacations:read", "vacations:write")

    assert (client.get(URL).json()["active"], client.get(URL).json()["state"]) == (False, "off")
    assert client.put(URL, REPLY, content_type=JSON).json()["state"] == "on"
    assert client.patch(URL, {"until_at": "2037-01-01T00:00:00+01:00"}, content_type=JSON).status_code == 200
    assert client.get(URL).json()["until_at"] == "2036-12-31T23:00:00Z"
    assert client.delete(URL).status_code == 204
    kept = Vacation.objects.get()
    assert (kept.active, kept.subject, kept.body) == (False, "Away", "Back soon.")


def test_what_has_begun_at_once_goes_on_with_the_same_request(api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    client = api("all")
    first = client.put(URL, REPLY, content_type=JSON)
    moved = Vacation.objects.get().from_at.replace(year=2025)
    Vacation.objects.update(from_at=moved)  # it was sent long ago
    count = Entry.objects.count()

    again = client.put(URL, REPLY, content_type=JSON)

    assert (first.status_code, again.status_code, Entry.objects.count()) == (200, 200, count)
    assert Vacation.objects.get().from_at == moved


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"body": ""}, "body", "body_missing"),
        ({"until_at": "2020-01-01T00:00:00Z", "from_at": "2019-01-01T00:00:00Z"}, "until_at", "until_past"),
        ({"interval_days": 366}, "interval_days", "max_value"),
        ({"address": "ann@example.org"}, "address", "key_differs"),
    ],
)
def test_what_is_refused_is_told_at_its_field(
    changes: dict[str, object], field: str, code: str, api: ApiClient
) -> None:
    make_mailbox("joe@example.org")

    refused = api("all").put(URL, {**REPLY, **changes}, content_type=JSON)

    assert (refused.status_code, refused.json()["errors"][field][0]["code"]) == (400, code)


def test_a_mailbox_that_is_not_there_has_none(api: ApiClient) -> None:
    assert api("all").put(URL, REPLY, content_type=JSON).status_code == 404
