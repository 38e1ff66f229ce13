"""Requests in the order and the words in which Microsoft Entra ID, Okta and Keycloak send them."""

from __future__ import annotations

import pytest

from aliases.models import Alias
from mailboxes.models import Mailbox
from people.models import Offboarding, State

from .conftest import ENTERPRISE, GROUP, USER, ScimClient

pytestmark = pytest.mark.django_db
ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def test_entra_id_provisions_a_user(scim: ScimClient) -> None:
    assert scim.found("Users", 'userName eq "Ada.Lovelace@example.org"') == []
    made = scim(
        "POST",
        "Users",
        {
            "schemas": [USER, ENTERPRISE],
            "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
            "userName": "Ada.Lovelace@example.org",
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": "Ada.Lovelace@example.org"}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
            "roles": [],
            ENTERPRISE: {"department": "Engines", "employeeNumber": "7"},
        },
    )
    assert (made.status_code, made["Location"]) == (201, made.json()["meta"]["location"])
    user = made.json()
    path = f"Users/{user['id']}"
    assert user["userName"] == "Ada.Lovelace@example.org"
    assert user["emails"] == [{"value": "ada.lovelace@example.org", "type": "work", "primary": True}]

    changed = scim.patch(
        path,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ada@example.org"},
        {"op": "Replace", "path": "name.familyName", "value": "King"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "a-manager"},
    )
    assert (changed.status_code, changed.json()["name"]["familyName"]) == (200, "King")
    assert changed.json()["emails"] == [{"value": "ada@example.org", "type": "work", "primary": True}]
    assert changed.json()[ENTERPRISE]["manager"] == {"value": "a-manager"}
    assert Alias.objects.get(pk="ada@example.org").targets == ["ada.lovelace@example.org"]

    off = scim.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    assert (off.status_code, off.json()["active"]) == (200, False)
    assert not Mailbox.objects.get(pk="ada.lovelace@example.org").active
    on = scim.patch(path, {"op": "Replace", "value": {"active": "True", "name.givenName": "Augusta"}})
    assert (on.json()["active"], on.json()["name"]["givenName"]) == (True, "Augusta")

    renamed = scim.patch(path, {"op": "Replace", "path": "userName", "value": "ada.king@example.org"})
    assert (renamed.json()["id"], renamed.json()["userName"]) == (user["id"], "ada.king@example.org")
    assert Alias.objects.get(pk="ada@example.org").targets == ["ada.king@example.org"]

    assert scim("DELETE", path).status_code == 204
    assert scim("GET", path).status_code == 404
    assert Offboarding.objects.get(address="ada.king@example.org").state == State.RUNNING


def test_entra_id_provisions_a_group(scim: ScimClient) -> None:
    joe, jane = scim.user("joe@example.org"), scim.user("jane@example.org")
    assert scim.found("Groups", 'displayName eq "Sales Team"', excludedAttributes="members") == []
    made = scim(
        "POST",
        "Groups",
        {
            "schemas": [GROUP, ADSCIM],
            "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
            "displayName": "Sales Team",
            "meta": {"resourceType": "Group"},
        },
    )
    assert made.status_code == 201
    path = f"Groups/{made.json()['id']}"
    alias = Alias.objects.get(pk="sales-team@example.org")
    assert (alias.targets, alias.active) == ([], False)

    for user in (joe, jane):
        add = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user["id"]}]}
        assert scim.patch(path, add).status_code == 200
    alias.refresh_from_db()
    assert (alias.targets, alias.active) == (["joe@example.org", "jane@example.org"], True)
    shown = scim("GET", path, {"excludedAttributes": "members"}).json()
    assert (shown["displayName"], "members" in shown) == ("Sales Team", False)

    remove = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": joe["id"]}]}
    assert [each["value"] for each in scim.patch(path, remove).json()["members"]] == [jane["id"]]
    renamed = scim.patch(path, {"op": "Replace", "path": "displayName", "value": "Vendors"})
    assert renamed.json()["displayName"] == "Vendors"
    assert [each["id"] for each in scim.found("Groups", 'displayName eq "vendors"')] == [made.json()["id"]]
    assert scim("DELETE", path).status_code == 204
    assert not Alias.objects.filter(pk="sales-team@example.org").exists()


def test_okta_provisions_and_deactivates_a_user(scim: ScimClient) -> None:
    assert scim("GET", "Users", {"startIndex": 1, "count": 2}).json()["totalResults"] == 0
    assert scim("GET", "Groups", {"startIndex": 1, "count": 100}).status_code == 200
    assert scim.found("Users", 'userName eq "test.user@example.org"', startIndex=1, count=100) == []
    profile = {
        "schemas": [USER],
        "userName": "test.user@example.org",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "test.user@example.org", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq correct horse",
        "active": True,
    }
    made = scim("POST", "Users", profile)
    assert made.status_code == 201
    user = made.json()
    assert "password" not in user
    assert scim("POST", "Users", profile).status_code == 409

    # An update is the whole user that was read, with its changes.
    user["name"]["familyName"] = "Renamed"
    user["emails"].append({"value": "t.user@example.org", "type": "other"})
    put = scim("PUT", f"Users/{user['id']}", user)
    assert (put.status_code, put.json()["name"]["familyName"]) == (200, "Renamed")
    assert [email["value"] for email in put.json()["emails"]] == ["test.user@example.org", "t.user@example.org"]

    off = scim.patch(f"Users/{user['id']}", {"op": "replace", "value": {"active": False}})
    assert (off.status_code, off.json()["active"]) == (200, False)
    assert not Mailbox.objects.get(pk="test.user@example.org").active


def test_okta_pushes_a_group(scim: ScimClient) -> None:
    joe, jane = scim.user("joe@example.org"), scim.user("jane@example.org")
    group = scim.group("Test SCIMv2", joe)
    path = f"Groups/{group['id']}"
    member = {"value": jane["id"], "display": "jane@example.org"}

    named = scim.patch(path, {"op": "replace", "value": {"id": group["id"], "displayName": "Test SCIMv2 new"}})
    both = scim.patch(
        path,
        {"op": "remove", "path": f'members[value eq "{joe["id"]}"]'},
        {"op": "add", "path": "members", "value": [member]},
    )
    whole = scim("PUT", path, {"schemas": [GROUP], "id": group["id"], "displayName": "Whole", "members": []})

    assert (named.status_code, named.json()["displayName"]) == (200, "Test SCIMv2 new")
    assert [each["value"] for each in both.json()["members"]] == [jane["id"]]
    assert (whole.status_code, whole.json().get("members"), whole.json()["displayName"]) == (200, None, "Whole")


def test_keycloak_names_users_without_their_domain(scim: ScimClient) -> None:
    user = scim.user("jdoe", externalId="f:1:jdoe", emails=[{"value": "jdoe@example.org", "primary": True}])

    assert (user["userName"], Mailbox.objects.get().address) == ("jdoe", "jdoe@example.org")
    assert [each["id"] for each in scim.found("Users", 'userName eq "jdoe"')] == [user["id"]]
    assert [each["id"] for each in scim.found("Users", 'externalId eq "f:1:jdoe"')] == [user["id"]]
