"""What every resource does, shown on domains."""

from __future__ import annotations

import pytest

from domains.models import Domain
from mailadmin.audit.models import Entry

from .conftest import ApiClient

pytestmark = pytest.mark.django_db
JSON = "application/json"


def test_created_shown_changed_and_deleted(api: ApiClient) -> None:
    client = api("all")

    made = client.post("/api/v1/domains/", {"name": "Example.ORG"}, content_type=JSON)
    assert (made.status_code, made["Location"]) == (201, "/api/v1/domains/example.org/")
    changed = client.patch(made["Location"], {"description": "Ours"}, content_type=JSON)
    assert (changed.status_code, changed.json()["description"]) == (200, "Ours")
    assert client.get("/api/v1/domains/").json() == {"results": [changed.json()], "next": None}
    assert client.delete(made["Location"]).status_code == 204
    assert client.get(made["Location"]).status_code == 404
    actions = Entry.objects.filter(face="api").order_by("id").values_list("action", "actor")
    assert [action for action, _actor in actions] == ["domain.create", "domain.edit", "domain.delete"]


def test_put_creates_then_changes(api: ApiClient) -> None:
    client = api("domains:create", "domains:write")

    assert client.put("/api/v1/domains/example.org/", {"max_mailboxes": 3}, content_type=JSON).status_code == 201
    assert client.put("/api/v1/domains/example.org/", {"max_mailboxes": 5}, content_type=JSON).status_code == 200
    assert Domain.objects.get().max_mailboxes == 5


def test_without_a_token_nothing(client: object, db: None) -> None:
    response = client.get("/api/v1/domains/")  # type: ignore[attr-defined]

    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_rehearsal_tells_all_and_writes_nothing(api: ApiClient) -> None:
    told = api("all").post("/api/v1/domains/?dry_run=true", {"name": "example.org"}, content_type=JSON).json()

    assert (told["status"], told["result"]["name"]) == (201, "example.org")
    assert [each["action"] for each in told["changes"]] == ["domain.create"]
    assert not Domain.objects.exists()


def test_the_same_key_gets_the_first_answer(api: ApiClient) -> None:
    client = api("all")
    first, second = (
        client.post("/api/v1/domains/", {"name": "example.org"}, content_type=JSON, headers={"Idempotency-Key": "k1"})
        for _time in range(2)
    )
    other = client.post(
        "/api/v1/domains/", {"name": "example.net"}, content_type=JSON, headers={"Idempotency-Key": "k1"}
    )

    assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Domain.objects.count() == 1
