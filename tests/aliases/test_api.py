"""/api/v1/aliases/: wired to the services; what is its own beside tests/api/test_contracts.py."""

from __future__ import annotations

from typing import Any

import pytest

from aliases.models import Alias
from mailboxes.services import set_forwarding
from tests.api.conftest import ApiClient
from tests.factories import make_alias, make_domain, make_mailbox, system
from tests.refusals import nothing_written

pytestmark = pytest.mark.django_db
JSON = "application/json"
LIST = "/api/v1/aliases/"


def test_created_changed_and_deleted(api: ApiClient) -> None:
    make_domain()
    client = api("all", domains=["example.org"])

    made = client.post(LIST, {"address": "Team@example.org", "goto": ["X@Elsewhere.test"]}, content_type=JSON)
    assert (made.status_code, made["Location"]) == (201, f"{LIST}team@example.org/")
    assert client.patch(made["Location"], {"goto": ["y@elsewhere.test"]}, content_type=JSON).status_code == 200
    assert Alias.objects.get().targets == ["y@elsewhere.test"]
    assert client.delete(made["Location"]).status_code == 204
    assert not Alias.objects.exists()


def test_a_catch_all_has_nothing_before_the_at(api: ApiClient) -> None:
    make_domain()
    client = api("all")

    assert client.put(f"{LIST}@example.org/", {"goto": ["x@elsewhere.test"]}, content_type=JSON).status_code == 201
    assert client.get(f"{LIST}@example.org/").json()["address"] == "@example.org"


def test_the_forwarding_of_a_mailbox_is_no_alias(api: ApiClient) -> None:
    joe = make_mailbox("joe@example.org")
    set_forwarding(mailbox=joe, targets=["x@elsewhere.test"], keep_copy=False, actor=system())
    client = api("all")

    assert client.get(LIST).json()["results"] == []
    assert client.get(f"{LIST}joe@example.org/").status_code == 404
    taken = client.put(f"{LIST}joe@example.org/", {"goto": ["y@elsewhere.test"]}, content_type=JSON)
    assert (taken.status_code, taken.json()["existing"]) == (409, "/api/v1/mailboxes/joe@example.org/")


def test_found_by_where_it_leads(api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org", "x@elsewhere.test")
    make_alias("info@example.org", "x@elsewhere.test")
    client = api("aliases:read")

    def found(query: str) -> list[str]:
        return [row["address"] for row in client.get(f"{LIST}?{query}").json()["results"]]

    assert found("target=joe@example.org") == ["team@example.org"]
    assert found("target=x@elsewhere.test") == ["info@example.org", "team@example.org"]
    assert found("q=te&domain=example.org&active=true") == ["team@example.org"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"goto": []}, "empty"),
        ({"goto": ["no address"]}, "address_no_at"),
        ({"goto": ["|/bin/sh"]}, "target_not_address"),
        ({"goto": ["team@example.org"]}, "alias_loop"),
    ],
)
def test_a_refused_target_is_told_at_goto(body: dict[str, Any], code: str, api: ApiClient) -> None:
    make_domain()
    client = api("all")

    with nothing_written():
        refused = client.put(f"{LIST}team@example.org/", body, content_type=JSON)

    assert (refused.status_code, refused.json()["errors"]["goto"][0]["code"]) == (400, code)
