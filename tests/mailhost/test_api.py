"""/api/v1/jobs/: what is its own beside tests/api/test_contracts.py."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from tests.api.conftest import ApiClient
from tests.factories import make_alias_domain, make_domain

pytestmark = pytest.mark.django_db
LIST = "/api/v1/jobs/"


@pytest.fixture
def jobs() -> dict[str, PendingWork]:
    """By key; those of an alias domain, of another domain, and of no domain among them."""
    make_alias_domain("old.org", make_domain())
    make_domain("example.com")
    host, now = MailHost.objects.get(), timezone.now()
    PendingWork.objects.all().delete()
    states = {
        "joe@example.org": {},
        "example.org": {"error": "The disk is full.", "due_at": now + timedelta(hours=1)},
        "joe@old.org": {"done_at": now},
        "ann@example.com": {},
        "": {"kind": Kind.REBUILD},
    }
    made = {"host": host, "kind": Kind.ADDRESS}
    return {key: PendingWork.objects.create(key=key, **{**made, **state}) for key, state in states.items()}


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", ["", "ann@example.com", "joe@old.org", "example.org", "joe@example.org"]),
        ("state=open", ["", "ann@example.com", "example.org", "joe@example.org"]),
        ("state=failed", ["example.org"]),
        ("state=done", ["joe@old.org"]),
        ("key=Joe@example.org&host=main", ["joe@example.org"]),
        ("host=other", []),
    ],
)
def test_found_by(query: str, keys: list[str], jobs: dict[str, PendingWork], api: ApiClient) -> None:
    assert [row["key"] for row in api("jobs:read").get(f"{LIST}?{query}").json()["results"]] == keys


def test_a_token_sees_those_of_its_domains(jobs: dict[str, PendingWork], api: ApiClient) -> None:
    client = api("all", domains=["example.org"])

    shown = {row["key"]: (row["state"], row["live"]) for row in client.get(LIST).json()["results"]}

    assert shown == {
        "joe@old.org": ("done", True),
        "example.org": ("failed", False),
        "joe@example.org": ("open", False),
    }
    assert client.get(f"{LIST}{jobs[''].pk}/").status_code == 404


def test_tried_again_now(jobs: dict[str, PendingWork], api: ApiClient) -> None:
    failed = jobs["example.org"]

    told = api("jobs:write").post(f"{LIST}{failed.pk}/retry/", content_type="application/json").json()

    assert (told["id"], told["state"]) == (failed.pk, "failed")
    assert PendingWork.objects.get(pk=failed.pk).due_at <= timezone.now()
