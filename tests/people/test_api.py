from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aliases.models import Alias
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost
from mailboxes.models import Mailbox
from people.models import Offboarding, Onboarding, Person, ReservedAddress, Template
from tests.api.conftest import ApiClient
from tests.factories import make_alias, make_mailbox, password_hash

pytestmark = pytest.mark.django_db
JSON = "application/json"
ONBOARDINGS, OFFBOARDINGS, TEMPLATES = "/api/v1/onboardings/", "/api/v1/offboardings/", "/api/v1/templates/"
Post = Callable[..., Any]


def _person(**overrides: Any) -> dict[str, Any]:
    person = {"external_id": "4711", "given_name": "Joe", "family_name": "Doe", "department": "Sales"}
    return {"domain": "example.org", "person": person, "password_hash": password_hash(), **overrides}


@pytest.fixture
def group(sales: Template) -> Alias:
    return make_alias("sales@example.org", make_mailbox("ann@example.org").pk)


def test_one_call_makes_all_and_tells_where(api: ApiClient, group: Alias) -> None:
    client = api("onboardings:create", "onboardings:read", domains=["example.org"])

    response = client.post(ONBOARDINGS, _person(), content_type=JSON)

    assert response.status_code == 201
    told = dict(response.json())
    assert told.pop("created_at")
    assert told.pop("id")
    assert told == {
        "domain": "example.org",
        "address": "jdoe@example.org",
        "template": "Sales",
        "aliases": ["joe.doe@example.org"],
        "groups": ["sales@example.org"],
        "forwarding": [],
        "invitation_sent_to": "",
        "links": {
            "jdoe@example.org": "/api/v1/mailboxes/jdoe@example.org/",
            "joe.doe@example.org": "/api/v1/aliases/joe.doe@example.org/",
            "sales@example.org": "/api/v1/aliases/sales@example.org/",
        },
        "created_by": "token onboardings:create-onboardings:read0",
        "live": False,
    }
    assert client.get(response["Location"]).json() == response.json()
    assert client.get(f"{ONBOARDINGS}?external_id=4711").json()["results"] == [response.json()]
    assert client.get(f"{ONBOARDINGS}?external_id=1").json()["results"] == []
    assert client.get(f"{ONBOARDINGS}?address=JDoe@example.org").json()["results"] == [response.json()]


def test_the_same_again_changes_nothing(api: ApiClient, group: Alias) -> None:
    client = api("all")
    first = client.post(ONBOARDINGS, _person(), content_type=JSON, headers={"Idempotency-Key": "k1"})
    entries = Entry.objects.count()

    replayed = client.post(ONBOARDINGS, _person(), content_type=JSON, headers={"Idempotency-Key": "k1"})
    again = client.post(ONBOARDINGS, _person(), content_type=JSON)

    assert (replayed.status_code, replayed.json()) == (201, first.json())
    assert (again.status_code, again.json()["code"]) == (409, "person_exists")
    assert again.json()["existing"] == "/api/v1/mailboxes/jdoe@example.org/"
    assert again.json()["errors"].keys() == {"person.external_id"}
    assert Entry.objects.count() == entries


def test_a_person_of_another_domain_has_no_link(api: ApiClient, group: Alias, example_com: Any) -> None:
    api("all").post(ONBOARDINGS, _person(), content_type=JSON)

    told = api("all", domains=["example.com"]).post(ONBOARDINGS, _person(domain="example.com"), content_type=JSON)

    assert (told.status_code, told.json()["code"], "existing" in told.json()) == (409, "person_exists", False)


def test_without_anything_to_know_the_person_by_a_key_is_wanted(api: ApiClient, group: Alias) -> None:
    client, person = api("all"), _person(person={"given_name": "Joe", "family_name": "Doe"})

    refused = client.post(ONBOARDINGS, person, content_type=JSON)
    made = client.post(ONBOARDINGS, person, content_type=JSON, headers={"Idempotency-Key": "k1"})

    assert (refused.status_code, refused.json()["code"], made.status_code) == (400, "person_anonymous", 201)


def test_a_rehearsal_makes_nothing_and_tells_all(api: ApiClient, group: Alias) -> None:
    told = api("all").post(f"{ONBOARDINGS}?dry_run=true", _person(), content_type=JSON).json()

    assert (told["status"], told["result"]["address"]) == (201, "jdoe@example.org")
    actions = [each["action"] for each in told["changes"]]
    assert actions == ["mailbox.create", "person.save", "alias.create", "alias.edit", "person.onboard"]
    assert not Onboarding.objects.exists()
    assert not Person.objects.exists()


def test_prefer_wait_says_what_is_not_live(api: ApiClient, group: Alias) -> None:
    MailHost.objects.get_or_create(name="main")
    response = api("all").post(ONBOARDINGS, _person(), content_type=JSON, headers={"Prefer": "wait=0"})
    assert (response.status_code, response.json()["live"]) == (202, False)
    assert response["Location"].startswith("/api/v1/jobs/")


@pytest.mark.parametrize(
    ("overrides", "status", "field"),
    [
        ({"shoe_size": 44}, 400, "shoe_size"),
        ({"person": {"given_name": 5}}, 400, "person.given_name"),
        ({"person": []}, 400, "person"),
        ({"aliases": "j@example.org"}, 400, "aliases"),
        ({"quota_bytes": "1"}, 400, "quota_bytes"),
        ({"template": "None"}, 400, "template"),
        ({"domain": None}, 400, "domain"),
        ({"domain": ""}, 400, "domain"),
        ({"address": "ann@example.org"}, 409, "address"),
        ({"language": "xx"}, 400, "language"),
        ({"groups": ["no@example.org"]}, 400, "groups"),
        ({"aliases": ["ann@example.org"]}, 409, "aliases"),
    ],
)
def test_bad_input_is_refused_by_name(
    overrides: dict[str, Any],
    status: int,
    field: str,
    api: ApiClient,
    group: Alias,
) -> None:
    response = api("all").post(ONBOARDINGS, _person(**overrides), content_type=JSON)
    assert (response.status_code, list(response.json()["errors"])) == (status, [field])
    assert Mailbox.objects.count() == 1


def test_a_token_of_another_domain_sees_and_does_nothing(api: ApiClient, group: Alias, example_com: Any) -> None:
    made = api("all").post(ONBOARDINGS, _person(), content_type=JSON)
    left = api("all").post(OFFBOARDINGS, {"address": "jdoe@example.org"}, content_type=JSON)
    client = api("all", domains=["example.com"])

    for url in (ONBOARDINGS, OFFBOARDINGS, TEMPLATES):
        assert client.get(url).json()["results"] == []
    assert [client.get(each["Location"]).status_code for each in (made, left)] == [404, 404]
    assert client.post(f"{left['Location']}undo/", content_type=JSON).status_code == 404
    assert client.post(ONBOARDINGS, _person(), content_type=JSON).status_code == 403
    refused = client.post(OFFBOARDINGS, {"address": "ann@example.org"}, content_type=JSON).json()
    unknown = client.post(OFFBOARDINGS, {"address": "nobody@example.org"}, content_type=JSON).json()
    assert refused == unknown


def test_a_token_needs_the_scope_of_the_verb(api: ApiClient, group: Alias) -> None:
    client = api("onboardings:read", "offboardings:create", "offboardings:read")
    assert client.post(ONBOARDINGS, _person(), content_type=JSON).status_code == 403
    made = client.post(OFFBOARDINGS, {"address": "ann@example.org"}, content_type=JSON)
    assert (made.status_code, client.post(f"{made['Location']}undo/", content_type=JSON).status_code) == (201, 403)
    assert api("offboardings:write").post(f"{made['Location']}undo/", content_type=JSON).status_code == 200


def test_offboarded_and_undone(api: ApiClient, group: Alias) -> None:
    client, stored = api("all"), Mailbox.objects.get().password
    body = {"address": "ann@example.org", "at": "2030-01-01T00:00:00+01:00", "reply_body": "Gone.", "reserve_days": 5}

    made = client.post(OFFBOARDINGS, body, content_type=JSON)

    assert (made.status_code, made.json()["state"], made.json()["at"]) == (201, "planned", "2029-12-31T23:00:00Z")
    assert [step["kind"] for step in made.json()["steps"]][:3] == ["sign_in", "forward", "reply"]
    assert client.get(f"{OFFBOARDINGS}?state=planned").json()["results"] == [made.json()]
    assert client.get(f"{OFFBOARDINGS}?state=finished").json()["results"] == []
    assert client.get(f"{OFFBOARDINGS}?state=lost").status_code == 400
    again = client.post(OFFBOARDINGS, body, content_type=JSON)
    assert (again.status_code, again.json()["existing"]) == (409, made["Location"])
    undone = client.post(f"{made['Location']}undo/", content_type=JSON)
    assert (undone.status_code, undone.json()["state"], Mailbox.objects.get().password) == (200, "undone", stored)
    odd = client.post(f"{made['Location']}undo/", {"force": True}, content_type=JSON)
    assert (odd.status_code, list(odd.json()["errors"])) == (400, ["force"])
    over = client.post(f"{made['Location']}undo/", content_type=JSON)
    assert (over.status_code, over.json()["code"]) == (400, "offboarding_over")
    assert client.delete(made["Location"]).status_code == 405


def test_offboarding_refuses_what_is_wrong(api: ApiClient, group: Alias) -> None:
    for body, field in (
        ({"address": "ann@example.org", "at": "2030-01-01"}, "at"),
        ({"address": "ann@example.org", "at": "9999-12-31T23:59:59Z"}, "at"),
        ({"address": "ann@example.org", "archive_days": -1}, "archive_days"),
        ({"address": "ann@example.org", "reply_body": "{password}"}, "reply_body"),
        ({"address": "ann@example.org", "successor": "ann@example.org"}, "successor"),
        ({"address": "no address"}, "address"),
        ({}, "address"),
    ):
        response = api("all").post(OFFBOARDINGS, body, content_type=JSON)
        assert (response.status_code, list(response.json()["errors"])) == (400, [field])
    assert not Offboarding.objects.exists()
    assert not ReservedAddress.objects.exists()


def test_templates_are_made_changed_and_deleted(api: ApiClient, example_org: Any) -> None:
    client = api("templates:read", "templates:create", "templates:write", "templates:delete")
    body = {"name": "All", "domain": "example.org", "source": "quota_mb: 5\n"}

    made = client.post(TEMPLATES, body, content_type=JSON)
    assert (made.status_code, made.json()["source"], made.json()["department"]) == (201, "quota_mb: 5\n", "")
    assert client.post(TEMPLATES, body, content_type=JSON).json()["existing"] == made["Location"]
    wrong = client.patch(made["Location"], {"source": "quota_mb: much"}, content_type=JSON)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "template_invalid")
    right = client.patch(made["Location"], {"source": "quota_mb: 6"}, content_type=JSON)
    assert (right.status_code, right.json()["source"]) == (200, "quota_mb: 6")
    assert client.delete(made["Location"]).status_code == 204
    assert not Template.objects.exists()


def test_a_token_of_one_domain_writes_its_own_templates_alone(api: ApiClient, sales: Template) -> None:
    client = api("all", domains=["example.org"])
    api("all").post(TEMPLATES, {"name": "All", "source": "quota_mb: 1"}, content_type=JSON)

    assert [each["name"] for each in client.get(TEMPLATES).json()["results"]] == ["All", "Sales"]
    assert client.patch(f"{TEMPLATES}All/", {"source": "quota_mb: 2"}, content_type=JSON).status_code == 403
    assert client.patch(f"{TEMPLATES}Sales/", {"domain": None}, content_type=JSON).status_code == 403
    assert client.patch(f"{TEMPLATES}Sales/", {"source": "quota_mb: 1"}, content_type=JSON).status_code == 200


@pytest.mark.parametrize("url", [ONBOARDINGS, OFFBOARDINGS, TEMPLATES])
def test_a_list_asks_as_often_for_three_rows_as_for_one(
    url: str,
    api: ApiClient,
    group: Alias,
    django_assert_max_num_queries: Any,
) -> None:
    client = api("all")
    for number in range(3):
        name = f"joe{number}@example.org"
        person = {"external_id": str(number)}
        client.post(ONBOARDINGS, _person(address=name, person=person), content_type=JSON)
        client.post(OFFBOARDINGS, {"address": name}, content_type=JSON)
        client.post(TEMPLATES, {"name": name[:4], "department": name, "source": "quota_mb: 1"}, content_type=JSON)
    with django_assert_max_num_queries(8):
        assert len(client.get(url).json()["results"]) >= 3
