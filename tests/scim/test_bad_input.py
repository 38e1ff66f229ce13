"""Whatever is sent, the answer is SCIM's, never a fault of ours, and nothing is half done."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox

from .conftest import ENTERPRISE, GROUP, MEDIA_TYPE, PATCH, USER, ScimClient

pytestmark = pytest.mark.django_db
DEEP: Any = "x"
for _level in range(15):
    DEEP = {"a": DEEP}
VALUES = [None, 0, -1, 1.5, 10**25, True, "", "x" * 5000, "\x00", "\ud800", [], [[]], {}, {"value": {}}, DEEP]
ATTRIBUTES = [
    "userName", "name", "displayName", "title", "preferredLanguage", "active", "password", "emails", "externalId",
    "id", "meta", ENTERPRISE, "unknown",
]  # fmt: skip


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_user_of_strange_values(scim: ScimClient, attribute: str) -> None:
    for number, value in enumerate([*VALUES, [{"value": each} for each in VALUES]]):
        body = {"schemas": [USER, ENTERPRISE], "userName": f"u{number}@example.org", attribute: value}
        made = scim("POST", "Users", body)
        assert made.status_code in (201, 400), (value, made.content)
        assert Mailbox.objects.filter(uid=made.json().get("id", "")).exists() == (made.status_code == 201)


@pytest.mark.parametrize(
    "attribute", [*ATTRIBUTES, 'emails[type eq "work"].value', "name.givenName", "a[", "", "schemas"]
)
def test_a_patch_of_strange_values(scim: ScimClient, attribute: str) -> None:
    path = f"Users/{scim.user('joe@example.org')['id']}"
    for value in VALUES:
        for op in ("add", "replace", "remove"):
            answer = scim.patch(path, {"op": op, "path": attribute, "value": value})
            assert answer.status_code in (200, 400), (op, value, answer.content)
    assert scim("GET", path).status_code == 200


@pytest.mark.parametrize(
    "operations",
    [
        [], {}, None, "x", [[]], [{}], [{"op": "copy", "path": "title"}], [{"op": "remove"}], [{"op": "add"}],
        [{"op": "replace", "path": "id", "value": "x"}], [{"op": "replace", "path": "meta.location", "value": "x"}],
        [{"op": "remove", "path": "userName"}], [{"op": "replace", "value": "x"}], [{"op": "replace", "path": 5}],
    ],
)  # fmt: skip
def test_what_is_no_patch_is_refused(scim: ScimClient, operations: Any) -> None:
    user = scim.user("joe@example.org")

    refused = scim("PATCH", f"Users/{user['id']}", {"schemas": [PATCH], "Operations": operations})

    assert refused.status_code == 400
    assert scim("GET", f"Users/{user['id']}").json() == user


def test_the_second_operation_is_refused_and_the_first_undone(scim: ScimClient) -> None:
    user = scim.user("joe@example.org")
    count = Entry.objects.count()

    refused = scim.patch(
        f"Users/{user['id']}",
        {"op": "replace", "path": "title", "value": "Engineer"},
        {"op": "replace", "path": "userName", "value": "joe@elsewhere.test"},
    )

    assert refused.status_code in (400, 403)
    assert (scim("GET", f"Users/{user['id']}").json(), Entry.objects.count()) == (user, count)


@pytest.mark.parametrize("value", VALUES)
def test_a_group_of_strange_values(scim: ScimClient, value: Any) -> None:
    path = f"Groups/{scim.group('Team')['id']}"
    bodies = ({"displayName": value}, {"displayName": "x", "members": value}, {"displayName": "y", "externalId": value})
    for body in bodies:
        assert scim("POST", "Groups", {"schemas": [GROUP], **body}).status_code in (201, 400, 409)
        assert scim("PUT", path, {"schemas": [GROUP], **body}).status_code in (200, 400)
    for op in ("add", "replace", "remove"):
        assert scim.patch(path, {"op": op, "path": "members", "value": [{"value": value}]}).status_code in (200, 400)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"5", b'{"schemas": ["x"], "schemas": []}', b'{"a": NaN}', b"\xff\xfe",
        b"[" * 10_000,
        b'{"schemas": []}', b'{"schemas": ["urn:nonsense"], "userName": "a@example.org"}',
        b'{"userName": "a@example.org"}',
        b'{"schemas": "urn:ietf:params:scim:schemas:core:2.0:User", "userName": "a@example.org"}',
    ],
)  # fmt: skip
def test_a_body_that_is_none_is_refused(scim: ScimClient, body: bytes) -> None:
    for path in ("Users", "Groups", "Users/.search", ".search", "Bulk"):
        refused = scim("POST", path, body)
        assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidSyntax"), path


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_another_media_type_is_refused(scim: ScimClient, api: Any, media_type: str) -> None:
    refused = api("scim").post("/scim/v2/Users", b"{}", content_type=media_type)

    assert (refused.status_code, refused["Content-Type"]) == (415, MEDIA_TYPE)


@pytest.mark.parametrize("media_type", ["application/json", "application/scim+json; charset=utf-8"])
def test_json_is_taken_under_both_its_names(scim: ScimClient, api: Any, media_type: str) -> None:
    body = {"schemas": [USER], "userName": "joe@example.org"}

    assert api("scim").post("/scim/v2/Users", body, content_type=media_type).status_code == 201


@pytest.mark.parametrize(
    "path", ["Nothing", "", "Users/", "Users/x/y", "users", "Schemas/x", "Users/%00", "Users/" + "x" * 999]
)
def test_what_is_not_there_is_404(scim: ScimClient, path: str) -> None:
    for method in ("GET", "DELETE") if path.startswith("Users/") else ("GET",):
        assert scim(method, path).status_code in (404, 405)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_nobody_is_me(scim: ScimClient, method: str) -> None:
    assert scim(method, "Me").status_code == 501


@pytest.mark.parametrize("path", ["Users", "Groups", "Schemas", "ServiceProviderConfig", "Nothing", "Me", "Bulk"])
def test_without_its_scope_there_is_nothing(scim: ScimClient, api: Any, path: str) -> None:
    nobody, other = ScimClient(Client()), ScimClient(api("mailboxes:read"))

    assert (nobody("POST", path).status_code, other("POST", path).status_code) == (401, 403)
