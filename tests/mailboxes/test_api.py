"""/api/v1/mailboxes/: wired to the services; what is its own beside tests/api/test_contracts.py."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from aliases.models import Alias
from mailadmin.accounts.schemes import verify
from mailadmin.audit.models import Entry
from mailadmin.letters.models import Letter
from mailadmin.mailhost.models import PendingWork
from mailboxes.models import Mailbox
from tests.api.conftest import ApiClient
from tests.factories import PASSWORD, make_alias, make_domain, make_mailbox, password_hash
from tests.refusals import nothing_written

pytestmark = pytest.mark.django_db
JSON = "application/json"
LIST, JOE = "/api/v1/mailboxes/", "/api/v1/mailboxes/joe@example.org/"


def _payload(**overrides: Any) -> dict[str, Any]:
    return {"address": "Joe@example.org", "name": "Joe", "password_hash": password_hash(), **overrides}


def test_created_with_its_forwarding_by_the_token(api: ApiClient) -> None:
    make_domain()

    made = api("all", name="hr").post(LIST, _payload(forwarding=["x@elsewhere.test"], quota_bytes=7), content_type=JSON)

    assert (made.status_code, made["Location"]) == (201, JOE)
    row, forwarding = Mailbox.objects.get(), Alias.objects.get()
    assert (row.address, row.name, row.quota_bytes, row.password) == ("joe@example.org", "Joe", 7, password_hash())
    assert (forwarding.pk, forwarding.targets) == (row.pk, ["joe@example.org", "x@elsewhere.test"])
    entry = Entry.objects.get(action="mailbox.create")
    assert (entry.actor, entry.face, entry.client_address) == ("token hr", "api", "127.0.0.1")


def test_a_patch_changes_what_it_names_and_renames(api: ApiClient) -> None:
    make_mailbox("joe@example.org", name="Joe")
    changes = {"address": "jim@example.org", "keep_alias": True, "active": False, "password": "blue lamp, seven trees"}

    changed = api("all").patch(JOE, changes, content_type=JSON)

    assert (changed.status_code, changed.json()["address"], changed.json()["name"]) == (200, "jim@example.org", "Joe")
    row = Mailbox.objects.get()
    assert (row.pk, row.active, verify("blue lamp, seven trees", row.password)) == ("jim@example.org", False, True)
    assert Alias.objects.get(pk="joe@example.org").targets == ["jim@example.org"]


def test_a_put_does_not_rename(api: ApiClient) -> None:
    make_mailbox("joe@example.org")

    refused = api("all").put(JOE, {"address": "jim@example.org"}, content_type=JSON)

    assert (refused.status_code, refused.json()["code"]) == (400, "key_differs")


def test_all_of_a_request_or_nothing(api: ApiClient) -> None:
    make_mailbox("joe@example.org", name="Joe")
    make_alias("team@example.org", "joe@example.org")
    client = api("all")

    with nothing_written():
        refused = client.patch(JOE, {"name": "Jim", "forwarding": ["team@example.org"]}, content_type=JSON)

    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["forwarding"])
    assert client.patch(JOE, {"name": "Jim", "forwarding": []}, content_type=JSON).json()["name"] == "Jim"


@pytest.mark.parametrize("given", [{"password_hash": password_hash}, {"password": lambda: PASSWORD}])
def test_the_password_that_it_has_is_left_alone(given: dict[str, Any], api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    client = api("all")
    given = {name: make() for name, make in given.items()}

    with nothing_written():
        assert client.put(JOE, {**given, "dry_run": True}, content_type=JSON).status_code == 400
    before = Mailbox.objects.values_list().get(), Entry.objects.count()
    assert client.put(JOE, given, content_type=JSON).status_code == 200
    assert (Mailbox.objects.values_list().get(), Entry.objects.count()) == before


def test_a_name_that_is_taken_is_409_with_a_link_to_who_has_it(api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    client = api("all")

    told = [
        client.post(LIST, _payload(address=each), content_type=JSON).json()
        for each in ("joe@example.org", "team@example.org")
    ]

    assert [(each["status"], each["code"]) for each in told] == [(409, "address_is_mailbox"), (409, "address_is_alias")]
    assert [each["existing"] for each in told] == [JOE, "/api/v1/aliases/team@example.org/"]


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [("post", LIST, True, 403), ("put", JOE, True, 403), ("patch", JOE, True, 404), ("delete", JOE, False, 404)],
)
def test_a_stranger_learns_nothing_by_writing(method: str, url: str, body: bool, status: int, api: ApiClient) -> None:
    """The same answer whether the address is there, is an alias, is free, or is of no domain."""
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    make_domain("example.com")
    send = getattr(api("all", domains=["example.com"]), method)
    addresses = ("joe@example.org", "team@example.org", "free@example.org", "free@example.edu")

    answers = [
        send(url.replace("joe@example.org", each), _payload(address=each) if body else {}, content_type=JSON)
        for each in addresses
    ]

    assert {answer.status_code for answer in answers} == {status}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("overrides", "name", "code"),
    [
        ({"address": "joe@nowhere.example"}, "address", "domain_unknown"),
        ({"address": "a b@example.org"}, "address", "local_part_invalid"),
        ({"quota_bytes": -1}, "quota_bytes", "min_value"),
        ({"password_hash": "secret"}, "password_hash", "hash_no_scheme"),
        ({"password": PASSWORD}, "password", "one_of_these"),
        ({"forwarding": ["joe@example.org"]}, "forwarding", "target_itself"),
        ({"used_bytes_": 1}, "used_bytes_", "field_unknown"),
    ],
)
def test_what_the_services_refuse_is_told_at_the_field(
    overrides: dict[str, Any], name: str, code: str, api: ApiClient
) -> None:
    make_domain()
    client = api("all")

    with nothing_written():
        refused = client.post(LIST, _payload(**overrides), content_type=JSON)

    assert (refused.status_code, refused.json()["errors"][name][0]["code"]) == (400, code)


def test_if_match_counts_the_forwarding_too(api: ApiClient) -> None:
    make_mailbox("joe@example.org")
    client = api("all")
    tag = client.get(JOE)["ETag"]
    client.patch(JOE, {"forwarding": ["x@elsewhere.test"]}, content_type=JSON)

    stale = client.patch(JOE, {"name": "J"}, content_type=JSON, headers={"If-Match": tag})
    fresh = client.patch(JOE, {"name": "J"}, content_type=JSON, headers={"If-Match": client.get(JOE)["ETag"]})

    assert (stale.status_code, fresh.status_code) == (412, 200)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=j", ["jim@example.com", "joe@example.org"]),
        ("q=smith", ["ann@example.org"]),
        ("domain=example.com", ["jim@example.com"]),
        ("active=false&domain=example.org", ["joe@example.org"]),
        ("order=-address", ["joe@example.org", "jim@example.com", "ann@example.org"]),
        ("order=name", ["ann@example.org", "joe@example.org", "jim@example.com"]),
    ],
)
def test_found_and_ordered(query: str, found: list[str], api: ApiClient) -> None:
    make_mailbox("joe@example.org", name="Joe", active=False)
    make_mailbox("ann@example.org", name="Ann Smith")
    make_mailbox("jim@example.com", name="Zac")

    assert [row["address"] for row in api("mailboxes:read").get(f"{LIST}?{query}").json()["results"]] == found


def test_a_link_to_choose_a_password_is_sent_once(api: ApiClient, settings: Any) -> None:
    settings.SITE_URL = "https://mail.example.org"
    make_domain()
    client, body = api("all"), {"set_up_link": "joe@elsewhere.test"}

    assert [client.put(JOE, body, content_type=JSON).status_code for _time in range(2)] == [201, 200]
    assert list(Letter.objects.values_list("kind", "recipient")) == [("set_up", "joe@elsewhere.test")]


def test_who_waits_is_told_of_the_job_when_it_takes_longer(api: ApiClient) -> None:
    make_domain()
    client, wait = api("all"), {"Prefer": "wait=0"}

    waiting = client.post(LIST, _payload(), content_type=JSON, headers=wait)
    job = PendingWork.objects.latest("id")
    PendingWork.objects.update(done_at=timezone.now())
    live = client.put(JOE, {"name": "Joe"}, content_type=JSON, headers=wait)

    assert (waiting.status_code, waiting.json()["live"], waiting["Location"]) == (202, False, f"/api/v1/jobs/{job.pk}/")
    assert (live.status_code, live.json()["live"]) == (200, True)
