"""/api/v1/audit/: what is its own beside tests/api/test_contracts.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.audit.models import Entry
from tests.api.conftest import ApiClient
from tests.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db
LIST = "/api/v1/audit/"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"action": "domain.create"}, 2),
        ({"object": "joe@example.org"}, 1),
        ({"domain": "Example.COM"}, 1),
        ({"actor": "token hr"}, 1),
        ({"domain": "example.org", "action": "mailbox.create"}, 1),
        ({"since": (timezone.now() + timedelta(hours=1)).isoformat()}, 0),
        ({"until": (timezone.now() + timedelta(hours=1)).isoformat(), "object": "example.org"}, 1),
    ],
)
def test_found_by(query: dict[str, str], count: int, api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    api("all", name="hr").post("/api/v1/domains/", {"name": "example.com"}, content_type="application/json")

    assert len(api("audit:read").get(LIST, query).json()["results"]) == count


def test_the_newest_first_and_only_of_its_domains(api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    make_domain("example.com")

    rows = api("all", domains=["example.org"]).get(LIST).json()["results"]

    assert [row["action"] for row in rows] == ["mailbox.create", "domain.create"]
    assert rows[0]["before"] == {}
    assert rows[0]["after"]["address"] == "joe@example.org"
    assert rows[0]["after"]["password"].startswith("•••")
    assert Entry.objects.filter(domain_name="").exists()


@pytest.mark.parametrize("text", ["yesterday", "2026-11-21", "2026-11-21T09:00:00", "2026-13-21T09:00:00Z"])
def test_a_time_needs_its_offset(text: str, api: ApiClient) -> None:
    refused = api("all").get(LIST, {"since": text})

    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["since"])
