from __future__ import annotations

from typing import Any

import pytest

from aliases.models import Alias
from mailadmin.scim.provider import OPERATIONS_AT_MOST
from mailboxes.models import Mailbox

from .conftest import GROUP, PATCH, USER, ScimClient

pytestmark = pytest.mark.django_db
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def _bulk(*operations: Any, **more: Any) -> dict[str, Any]:
    return {"schemas": [BULK], "Operations": list(operations), **more}


def _user(bulk_id: str, name: str = "", **fields: Any) -> dict[str, Any]:
    data = {"schemas": [USER], "userName": name or f"{bulk_id}@example.org", **fields}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def _group(bulk_id: str, *members: str) -> dict[str, Any]:
    data = {"schemas": [GROUP], "displayName": bulk_id, "members": [{"value": member} for member in members]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def test_what_one_makes_another_names_before_it(scim: ScimClient) -> None:
    patch = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "Head"}]}

    told = scim(
        "POST",
        "Bulk",
        _bulk(
            _group("team", "bulkId:joe", "bulkId:jane"),
            {"method": "PATCH", "path": "/Users/bulkId:joe", "data": patch},
            _user("joe"),
            _user("jane"),
        ),
    )

    results = told.json()["Operations"]
    assert [(each["method"], each["status"]) for each in results] == [
        ("POST", "201"), ("PATCH", "200"), ("POST", "201"), ("POST", "201"),
    ]  # fmt: skip
    assert Alias.objects.get(pk="team@example.org").targets == ["joe@example.org", "jane@example.org"]
    assert results[2]["location"].endswith(f"/Users/{Mailbox.objects.get(pk='joe@example.org').uid}")
    shown = scim("GET", results[2]["location"].partition("/scim/v2/")[2]).json()
    assert shown["title"] == "Head"


def test_what_is_refused_leaves_the_others(scim: ScimClient) -> None:
    taken = scim.user("taken@example.org")

    told = scim(
        "POST",
        "Bulk",
        _bulk(
            _user("joe"),
            _user("again", "taken@example.org"),
            _user("wrong", active=[]),
            {"method": "DELETE", "path": "/Users/nobody"},
            {"method": "DELETE", "path": f"/Users/{taken['id']}", "version": 'W/"stale"'},
            {"method": "POST", "path": "/Nonsense", "bulkId": "x", "data": {}},
            _group("team", "bulkId:nobody"),
            "nonsense",
            {"method": "DELETE", "path": f"/Users/{taken['id']}"},
        ),
    )

    results = told.json()["Operations"]
    assert [each.get("status") for each in results] == ["201", "409", "400", "404", "412", "400", "400", "400", "204"]
    assert results[1]["response"]["scimType"] == "uniqueness"
    assert Mailbox.objects.filter(pk="joe@example.org").exists()


def test_it_ends_at_so_many_errors(scim: ScimClient) -> None:
    told = scim("POST", "Bulk", _bulk(_user("a", "no address@"), _user("b"), failOnErrors=1))

    assert [each["status"] for each in told.json()["Operations"]] == ["400"]
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"schemas": [BULK]}, 400),
        (_bulk(_user("a"), _user("a", "b@example.org")), 400),
        (_bulk(_group("a", "bulkId:b"), _group("b", "bulkId:a")), 409),
        (_bulk(*({"method": "DELETE", "path": "/Users/x"},) * (OPERATIONS_AT_MOST + 1)), 413),
        (_bulk(_user("a", "x" * 1_100_000)), 413),
        ([], 400),
    ],
)
def test_a_bulk_that_is_none_is_refused_whole(scim: ScimClient, body: Any, status: int) -> None:
    assert scim("POST", "Bulk", body).status_code == status
    assert not Mailbox.objects.exists()
