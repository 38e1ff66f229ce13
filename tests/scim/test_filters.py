from __future__ import annotations

import pytest

from mailadmin.scim.filters import LENGTH_AT_MOST
from tests.factories import make_mailbox

from .conftest import ENTERPRISE, ScimClient

pytestmark = pytest.mark.django_db
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture
def people(scim: ScimClient) -> ScimClient:
    """Ada in Engines, Bob who is off, and Carl whom no directory knows."""
    scim.user(
        "ada@example.org",
        externalId="E1",
        displayName="Ada Lovelace",
        name={"givenName": "Ada", "familyName": "Lovelace"},
        title="Countess",
        emails=[{"value": "ada@example.org", "type": "work"}, {"value": "countess@example.org", "type": "home"}],
        **{ENTERPRISE: {"department": "Engines", "manager": {"value": "M1"}}},
    )
    scim.user("bob@example.org", externalId="E2", displayName="Bob", active=False)
    make_mailbox("carl@example.org", name="Carl")
    return scim


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('userName eq "ADA@example.org"', "ada"),
        ('username Eq "ada@example.org"', "ada"),
        ('urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.org"', "ada"),
        ('userName ne "ada@example.org"', "bob carl"),
        ('userName sw "a"', "ada"),
        ('userName co "@example"', "ada bob carl"),
        ('userName ew "b@example.org"', "bob"),
        ('userName gt "b"', "bob carl"),
        ('externalId eq "E1"', "ada"),
        ('externalId eq "e1"', ""),
        ('not (externalId eq "E1")', "bob carl"),
        ('externalId ne "E1"', "bob carl"),
        ("externalId pr", "ada bob"),
        ("externalId eq null", "carl"),
        ("not (title pr)", "bob carl"),
        ('title eq "COUNTESS"', "ada"),
        ('title ne "countess"', "bob carl"),
        ('name.familyName sw "love"', "ada"),
        ('displayName eq "ada lovelace"', "ada"),
        ("active eq false", "bob"),
        ('active eq true and userName sw "c"', "carl"),
        ('emails eq "countess@example.org"', "ada"),
        ('emails.value sw "carl"', "carl"),
        ('emails[type eq "home" and value eq "countess@example.org"]', "ada"),
        ('emails[type eq "work"].value eq "bob@example.org"', "bob"),
        ('emails.value ne "countess@example.org"', "bob carl"),
        (f'{ENTERPRISE}:department eq "engines"', "ada"),
        (f'{ENTERPRISE}:manager eq "M1"', "ada"),
        ('(userName sw "a" or userName sw "b") and not (active eq false)', "ada"),
        ('meta.created gt "2020-01-01T00:00:00Z"', "ada bob carl"),
        ('meta.lastModified lt "2020-01-01T00:00:00+02:00"', ""),
        ('userName eq "nobody"', ""),
        ('id eq "no such"', ""),
    ],
)
def test_a_filter_finds(people: ScimClient, text: str, names: str) -> None:
    found = people.found("Users", text)

    assert [user["userName"].partition("@")[0] for user in found] == names.split()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        'userName eq "a',
        "userName eq",
        'userName like "a"',
        'nonsense eq "a"',
        'password eq "a"',
        'emails.type eq "work"',
        'emails[display eq "x"]',
        'emails[type eq "work"]',
        "active gt true",
        'active eq "perhaps"',
        'meta.created gt "yesterday"',
        'meta.created co "2026"',
        "userName eq 5",
        'schemas eq "x"',
        '(((userName eq "a"))',
        "not (" * 40 + 'userName eq "a"' + ")" * 40,
        " or ".join(['userName eq "a"'] * 100) + " or title pr" * 60,
        'userName eq "' + "a" * LENGTH_AT_MOST + '"',
        "\x00",
    ],
)
def test_what_is_no_filter_is_refused(scim: ScimClient, text: str) -> None:
    refused = scim("GET", "Users", {"filter": text})

    assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidFilter")


def test_groups_are_found_by_name_and_member(people: ScimClient) -> None:
    (ada,) = people.found("Users", 'externalId eq "E1"')
    group = people.group("Countesses", ada, externalId="G1")
    texts = ('displayName eq "countesses"', 'externalId eq "G1"', f'members eq "{ada["id"]}"')

    for text in (*texts, f'id eq "{group["id"]}" and members[value eq "{ada["id"]}"]'):
        assert [each["id"] for each in people.found("Groups", text)] == [group["id"]]
    assert people.found("Groups", 'members.value eq "nobody"') == []


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"sortBy": "userName", "sortOrder": "descending"}, "carl bob ada"),
        ({"sortBy": "displayName"}, "ada bob carl"),
        ({"sortBy": "meta.created", "sortOrder": "descending"}, "carl bob ada"),
        ({"startIndex": "2"}, "bob carl"),
        ({"startIndex": "2", "count": "1"}, "bob"),
        ({"startIndex": "-7", "count": "2"}, "ada bob"),
        ({"startIndex": "9" * 30}, ""),
        ({"count": "0"}, ""),
        ({"count": "-1"}, ""),
        ({"count": "9" * 30}, "ada bob carl"),
    ],
)
def test_a_list_is_sorted_and_paged(people: ScimClient, parameters: dict[str, str], names: str) -> None:
    told = people("GET", "Users", parameters).json()

    assert [user["userName"].partition("@")[0] for user in told.get("Resources", [])] == names.split()
    assert (told["totalResults"], told["itemsPerPage"]) == (3, len(names.split()))


@pytest.mark.parametrize(
    "parameters", [{"sortBy": "title"}, {"sortBy": "nonsense"}, {"count": "x"}, {"sortOrder": "up"}]
)
def test_what_a_list_cannot_be_is_refused(scim: ScimClient, parameters: dict[str, str]) -> None:
    assert scim("GET", "Users", {"sortBy": "userName", **parameters}).status_code == 400


def test_attributes_are_chosen(people: ScimClient) -> None:
    (few,) = people.found("Users", 'userName sw "a"', attributes="userName,emails.value")
    (most,) = people.found("Users", 'userName sw "a"', excludedAttributes="emails,meta,name.familyName")
    one = people("GET", f"Users/{few['id']}", {"attributes": f"{ENTERPRISE}:department"}).json()

    assert few.keys() == {"schemas", "id", "userName", "emails"}
    assert [email.keys() for email in few["emails"]] == [{"value"}, {"value"}]
    assert (most["name"], "emails" in most, "meta" in most) == ({"givenName": "Ada"}, False, False)
    assert one[ENTERPRISE] == {"department": "Engines"}


def test_search_by_post(people: ScimClient) -> None:
    people.group("Team", *people.found("Users", 'userName sw "a"'))
    wanted = {"schemas": [SEARCH], "filter": 'externalId sw "E"', "attributes": ["userName"], "count": 1}

    users = people("POST", "Users/.search", wanted).json()
    everything = people("POST", ".search", {"schemas": [SEARCH], "startIndex": 3}).json()
    titled = people("POST", ".search", {"schemas": [SEARCH], "filter": "title pr"}).json()

    assert (users["totalResults"], users["Resources"][0]["userName"]) == (2, "ada@example.org")
    assert everything["totalResults"] == 4
    assert [each["meta"]["resourceType"] for each in everything["Resources"]] == ["User", "Group"]
    assert [each["userName"] for each in titled["Resources"]] == ["ada@example.org"]
