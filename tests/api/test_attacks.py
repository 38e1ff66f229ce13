"""What somebody tries who has one token too few: of another domain, or one that may only create."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from domains.models import Domain
from tests.factories import make_mailbox

from .conftest import ApiClient
from .writes import NEW_PASSWORD, WRITES, Write

pytestmark = pytest.mark.django_db
JSON = "application/json"
BEN = {"address": "ben@example.org", "password": NEW_PASSWORD}
# Keys as in the table, and the like of each that is nowhere.
NOWHERE = {"example.org": "nowhere.org", "joe@example.org": "nobody@nowhere.org", "team@example.org": "x@nowhere.org"}


@pytest.fixture
def stranger(api: ApiClient, things: Mapping[str, str], example_com: Domain) -> Client:
    """It may do everything, in example.com."""
    return api("all", name="stranger", domains=["example.com"])


@pytest.fixture
def newcomers(api: ApiClient, things: Mapping[str, str]) -> Client:
    """It may only create mailboxes, and only in example.org."""
    return api("mailboxes:create", "onboardings:create", name="newcomers", domains=["example.org"])


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(path, body, content_type=JSON, headers=headers)


@pytest.mark.parametrize("write", [each for each in WRITES if each.args and each.args[0] in NOWHERE], ids=str)
def test_what_is_elsewhere_is_answered_as_what_is_nowhere(
    stranger: Client, things: Mapping[str, str], write: Write
) -> None:
    there = write.of(things)
    nowhere = there.at(*(NOWHERE.get(each, each) for each in there.args))
    answers = [each.send(stranger, json.dumps(write.body)) for each in (there, nowhere)]

    assert answers[0].status_code == answers[1].status_code
    assert without_keys(answers[0]) == without_keys(answers[1])
    shown = [stranger.get(each.path) for each in (there, nowhere)]
    assert shown[0].status_code == shown[1].status_code
    assert without_keys(shown[0]) == without_keys(shown[1])


def without_keys(answer: Any) -> str:
    text: str = answer.content.decode()
    for there, nowhere in NOWHERE.items():
        text = text.replace(there, "...").replace(nowhere, "...")
    return text


def test_a_taken_name_of_another_domain_is_not_told(stranger: Client) -> None:
    taken, free = (post(stranger, "/api/v1/mailboxes/", {**BEN, "address": address}) for address in (
        "joe@example.org", "nobody@example.org"))  # fmt: skip

    assert (taken.status_code, taken.content) == (free.status_code, free.content)


def test_the_lists_of_a_stranger_show_nothing(stranger: Client) -> None:
    names = ("mailboxes", "aliases", "alias-domains", "jobs", "audit", "onboardings", "offboardings", "imports")
    for name in names:
        assert (name, b"example.org" in stranger.get(f"/api/v1/{name}/?limit=500").content) == (name, False)
    for query in ("q=joe", "domain=example.org", "order=-address", "active=true"):
        assert stranger.get(f"/api/v1/mailboxes/?{query}").json()["results"] == []


@pytest.mark.parametrize("query", ["order=password", "order=-token", "fields=password", "fields=maildir", "password=x"])
def test_nothing_is_asked_by_what_is_not_shown(api: ApiClient, things: Mapping[str, str], query: str) -> None:
    assert api("all").get(f"/api/v1/mailboxes/?{query}").status_code == 400


def test_a_token_that_creates_reads_and_changes_nothing(newcomers: Client) -> None:
    assert post(newcomers, "/api/v1/mailboxes/", BEN).status_code == 201
    for method in ("get", "patch", "put", "delete"):
        send = getattr(newcomers, method)
        body = {} if method == "get" else {"data": "{}", "content_type": JSON}
        assert (method, send("/api/v1/mailboxes/ben@example.org/", **body).status_code) == (method, 403)
    assert newcomers.get("/api/v1/mailboxes/").status_code == 403


def test_an_answer_is_told_again_to_its_own_token_only(api: ApiClient, newcomers: Client, stranger: Client) -> None:
    first = post(newcomers, "/api/v1/mailboxes/", BEN, Idempotency_Key="one")
    other = api("mailboxes:create", name="other", domains=["example.org"])

    assert first.status_code == 201
    assert post(newcomers, "/api/v1/mailboxes/", BEN, Idempotency_Key="one").content == first.content
    assert post(other, "/api/v1/mailboxes/", BEN, Idempotency_Key="one").status_code == 409
    assert post(stranger, "/api/v1/mailboxes/", BEN, Idempotency_Key="one").status_code == 403


def test_a_dry_run_shows_no_more_than_the_token_may_read(newcomers: Client) -> None:
    """Who is in a distribution list, for one."""
    make_mailbox("secret@example.org")
    body = {
        "domain": "example.org",
        "person": {"given_name": "Zoe", "family_name": "Ray", "external_id": "99"},
        "groups": ["team@example.org"],
        "password": NEW_PASSWORD,
    }
    told = post(newcomers, "/api/v1/onboardings/?dry_run=true", body)

    assert (told.status_code, told.json()["status"]) == (200, 201)
    assert "joe@example.org" not in told.content.decode()


def test_a_dry_run_shows_no_password(api: ApiClient, things: Mapping[str, str]) -> None:
    root = api("all")
    answers = [
        post(root, "/api/v1/mailboxes/?dry_run=true", BEN),
        root.delete("/api/v1/mailboxes/joe@example.org/?dry_run=true"),
        post(root, "/api/v1/webhooks/hr/rotate/?dry_run=true", {}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer for answer in answers if "$argon2" in answer.content.decode() or NEW_PASSWORD in str(answer)] == []


def test_a_cursor_of_another_list_moves_nothing(stranger: Client, api: ApiClient) -> None:
    for number in range(3):
        make_mailbox(f"u{number}@example.org")
    following = api("all").get("/api/v1/mailboxes/?limit=1&domain=example.org").json()["next"]
    after = following.rpartition("after=")[2].partition("&")[0]

    assert stranger.get(f"/api/v1/mailboxes/?after={after}").json()["results"] == []
    assert stranger.get(f"/api/v1/audit/?after={after}").status_code in (200, 400)


@pytest.mark.parametrize("name", ["Sales2\n", "x\r\nSet-Cookie: a=b", "a\u2028b"])
def test_a_name_breaks_no_header(api: ApiClient, things: Mapping[str, str], name: str) -> None:
    bodies = {
        "templates": {"name": name, "source": "quota_mb: 1\n", "department": "Other"},
        "webhooks": {"name": name, "url": "https://hr.elsewhere.test/"},
    }
    root = api("all")
    assert {kind: post(root, f"/api/v1/{kind}/", body).status_code for kind, body in bodies.items()} == {
        "templates": 400,
        "webhooks": 400,
    }
