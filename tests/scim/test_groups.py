"""What a Group is here: a distribution alias."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from aliases.models import Alias
from aliases.services import set_alias_active
from domains.models import Domain
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox
from tests.factories import make_alias, make_mailbox, system

from .conftest import GROUP, ScimClient

pytestmark = pytest.mark.django_db


def test_a_group_is_made_at_the_address_that_its_name_gives(scim: ScimClient) -> None:
    joe = scim.user("joe@example.org")

    by_name, by_address = scim.group("Équipe Nord", joe, externalId="g1"), scim.group("team@example.org", joe)

    alias = Alias.objects.get(uid=by_name["id"])
    assert (alias.address, alias.description, alias.external_id) == ("equipe-nord@example.org", "Équipe Nord", "g1")
    assert (alias.targets, alias.active) == (["joe@example.org"], True)
    assert Alias.objects.get(uid=by_address["id"]).address == "team@example.org"
    assert by_name["members"] == [{"value": joe["id"], "$ref": joe["meta"]["location"], "type": "User"}]
    taken = scim("POST", "Groups", {"schemas": [GROUP], "displayName": "équipe nord"})
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize("name", ["***", "", "team@example.com", "@example.org", "a b@example.org"])
def test_a_name_that_gives_no_address_is_refused(scim: ScimClient, name: str) -> None:
    refused = scim("POST", "Groups", {"schemas": [GROUP], "displayName": name})

    assert refused.status_code in (400, 403)
    assert not Alias.objects.exists()


def test_a_token_of_several_domains_gives_whole_addresses(api: Callable[..., Client], scim: ScimClient) -> None:
    make_mailbox("joe@example.com")
    every = ScimClient(api("scim"))

    refused = every("POST", "Groups", {"schemas": [GROUP], "displayName": "Team"})

    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
    assert every("POST", "Groups", {"schemas": [GROUP], "displayName": "team@example.com"}).status_code == 201
    assert scim("GET", "Groups").json()["totalResults"] == 0


def test_groups_in_groups_and_people_elsewhere_are_members(scim: ScimClient) -> None:
    inner = scim.group("inner@example.org", scim.user("joe@example.org"))
    members = [{"value": inner["id"]}, {"value": "x@elsewhere.test"}]

    outer = scim("POST", "Groups", {"schemas": [GROUP], "displayName": "outer", "members": members}).json()

    assert Alias.objects.get(uid=outer["id"]).targets == ["inner@example.org", "x@elsewhere.test"]
    assert [each.get("type") for each in outer["members"]] == ["Group", None]
    assert outer["members"][1] == {"value": "x@elsewhere.test"}
    circle = scim.patch(f"Groups/{inner['id']}", {"op": "add", "path": "members", "value": [{"value": outer["id"]}]})
    assert (circle.status_code, Alias.objects.get(uid=inner["id"]).targets) == (400, ["joe@example.org"])


def test_members_of_other_domains_are_not_known_to_the_token(scim: ScimClient, example_com: Domain) -> None:
    stranger = make_mailbox(f"stranger@{example_com}")

    unknown = scim("POST", "Groups", {"schemas": [GROUP], "displayName": "Team", "members": [{"value": stranger.uid}]})
    make_alias("team@example.org", "stranger@example.com", description="Team")
    (group,) = scim("GET", "Groups").json()["Resources"]

    assert (unknown.status_code, unknown.json()["scimType"]) == (400, "invalidValue")
    assert group["members"] == [{"value": "stranger@example.com"}]


def test_what_is_no_group(scim: ScimClient) -> None:
    make_mailbox("joe@example.org")
    make_alias("j@example.org", "joe@example.org")  # an address of Joe's
    make_alias("@example.org", "joe@example.org")  # the catch-all
    make_alias("team@example.org", "joe@example.org", "x@elsewhere.test")

    assert [each["displayName"] for each in scim("GET", "Groups").json()["Resources"]] == ["team@example.org"]


def test_a_group_outlives_its_last_member(scim: ScimClient) -> None:
    group = scim.group("Team", scim.user("joe@example.org"), externalId="g1")

    delete_mailbox(mailbox=Mailbox.objects.get(), actor=system())

    assert "members" not in scim("GET", f"Groups/{group['id']}").json()
    assert not Alias.objects.get(uid=group["id"]).active


def test_an_alias_that_is_on_has_a_target(scim: ScimClient) -> None:
    group = scim.group("Team")

    with pytest.raises(ValidationError) as refused:
        set_alias_active(alias=Alias.objects.get(uid=group["id"]), active=True, actor=system())

    assert [each.code for each in refused.value.error_dict["targets"]] == ["target_missing"]
    assert not Alias.objects.get().active


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_asks_as_often_for_many_as_for_one(
    scim: ScimClient, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    users = [scim.user(f"user{number}@example.org") for number in range(count)]
    for number in range(count):
        scim.group(f"Group {number}", *users)

    # The token; how many; the keys; the rows; the members among the mailboxes, and among the groups.
    with django_assert_num_queries(6):
        assert len(scim("GET", "Groups").json()["Resources"]) == count
