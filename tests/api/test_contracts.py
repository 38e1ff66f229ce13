"""The fixed contract of each resource: its fields, and what all of them have in common. A row for each in RESOURCES."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from app_passwords.services import create_app_password
from domains.models import Domain
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.models import Mailbox
from tests.factories import (
    make_administrator,
    make_alias,
    make_alias_domain,
    make_domain,
    make_mailbox,
)
from tests.refusals import nothing_written

from .conftest import ApiClient
from .writes import WRITES, Write

pytestmark = pytest.mark.django_db
JSON = "application/json"
OURS = {"created_at", "modified_at", "live"}


@dataclass(frozen=True)
class Contract:
    one: str  # its path; the list is above it
    fields: set[str]
    make: Callable[[int], Any] | None = None  # the rows of its list
    wrong: dict[str, Any] = field(default_factory=dict)  # by field a value of the wrong type

    @property
    def list(self) -> str:
        return self.one[: self.one.rstrip("/").rindex("/") + 1]


RESOURCES = {
    "domains": Contract(
        "/api/v1/domains/example.org/",
        {
            "name", "description", "active", "backup_mx", "transport", "max_mailboxes", "max_aliases",
            "max_quota_bytes", "quota_bytes", "password_expiry_days", *OURS,
        },
        lambda number: make_domain(f"d{number}.example"),
        {
            "name": 1, "description": ["x"], "active": "yes", "backup_mx": 1, "transport": {}, "max_mailboxes": "3",
            "max_aliases": 1.5, "max_quota_bytes": True, "quota_bytes": None, "password_expiry_days": "never",
        },
    ),
    "alias-domains": Contract(
        "/api/v1/alias-domains/old.org/",
        {"name", "target", "active", "description", *OURS},
        lambda number: make_alias_domain(f"a{number}.example", Domain.objects.get(pk="example.org")),
        {"name": [], "target": 5, "active": "false", "description": None},
    ),
    "mailboxes": Contract(
        "/api/v1/mailboxes/joe@example.org/",
        {
            "address", "name", "active", "smtp_active", "quota_bytes", "used_bytes", "forwarding", "keep_copy",
            "must_change", "password_expires_at", *OURS,
        },
        lambda number: make_mailbox(f"m{number}@example.org"),
        {
            "address": 1, "name": None, "active": "no", "smtp_active": 0, "quota_bytes": "1 GB",
            "forwarding": "x@elsewhere.test", "keep_copy": "yes", "must_change": 1, "password": 12345678,
            "password_hash": ["{SHA}x"], "set_up_link": False, "keep_alias": "true",
        },
    ),
    "vacation": Contract(
        "/api/v1/mailboxes/joe@example.org/vacation/",
        {
            "address", "active", "subject", "body", "from_at", "until_at", "interval_days", "known_domains_only",
            "state", "live",
        },
        wrong={
            "active": "on", "subject": 1, "body": ["x"], "from_at": 20261121, "until_at": "2026-11-21T09:00:00",
            "interval_days": "7", "known_domains_only": None,
        },
    ),
    "app-passwords": Contract(
        "/api/v1/mailboxes/joe@example.org/app-passwords/<joes_app_password>/",
        {"id", "name", "protocols", "expires_at", "created_at", "last_used_at"},
        lambda number: create_app_password(
            mailbox=Mailbox.objects.get(pk="joe@example.org"), name=f"P{number}", protocols=["imap"], actor=joe()
        ),
        {"name": 1, "protocols": "imap", "expires_at": True},
    ),
    "aliases": Contract(
        "/api/v1/aliases/team@example.org/",
        {"address", "goto", "active", "description", *OURS},
        lambda number: make_alias(f"a{number}@example.org", "joe@example.org"),
        {"address": [], "goto": "joe@example.org", "active": "true", "description": 3},
    ),
    "administrators": Contract(
        "/api/v1/administrators/alice@example.net/",
        {"address", "name", "role", "domains", "active", "must_change", "created_at"},
        lambda number: make_administrator(f"a{number}@example.net", *Domain.objects.all()[:2]),
        {
            "address": 1, "name": None, "role": "god", "domains": "example.org", "active": "yes", "must_change": 0,
            "password": 12345678, "set_up_link": [],
        },
    ),
    "audit": Contract(
        "/api/v1/audit/<entry>/",
        {
            "id", "at", "actor", "face", "client_address", "action", "object_type", "object", "domain", "before",
            "after",
        },
        lambda number: make_domain(f"d{number}.example"),
    ),
    "jobs": Contract(
        "/api/v1/jobs/<work>/",
        {
            "id", "key", "kind", "host", "state", "attempts", "error", "queued_at", "due_at", "done_at", "live",
        },
        lambda number: PendingWork.objects.create(
            host=MailHost.objects.get(), kind="address", key=f"m{number}@example.org"
        ),
    ),
}  # fmt: skip
LISTS = [name for name, contract in RESOURCES.items() if contract.make]
WRITTEN = [name for name, contract in RESOURCES.items() if contract.wrong]


def joe() -> Actor:
    account = Account.objects.get_or_create(mailbox_id="joe@example.org", role="mailbox_user")[0]
    return Actor(label=account.address, face="page", account=account)


def path(text: str, things: dict[str, str]) -> str:
    for name, key in things.items():
        text = text.replace(name, key)
    return text


@pytest.mark.parametrize("name", RESOURCES)
def test_it_has_exactly_these_fields_and_no_secret(name: str, things: dict[str, str], api: ApiClient) -> None:
    contract, client = RESOURCES[name], api("all")
    answers = [client.get(path(contract.one, things))]
    if contract.make:
        answers.append(client.get(path(contract.list, things)))

    described = [answers[0].json(), *(row for answer in answers[1:] for row in answer.json()["results"])]
    assert {frozenset(each) for each in described} == {frozenset(contract.fields)}
    hashes = [*Mailbox.objects.values_list("password", flat=True), *Account.objects.values_list("password", flat=True)]
    assert [each for each in hashes if each and any(each.encode() in answer.content for answer in answers)] == []


@pytest.mark.parametrize("name", RESOURCES)
def test_not_there_and_not_yours_are_one_answer(name: str, things: dict[str, str], api: ApiClient) -> None:
    contract = RESOURCES[name]
    there = path(contract.one, things)
    missing = contract.one.replace("joe@", "nobody@").replace("alice@", "nobody@").replace("team@", "nobody@")
    missing = missing.replace("example.org/", "example.edu/").replace("old.org", "example.edu")
    for key in things:
        missing = missing.replace(key, "999999999")
    client = api("all", domains=["example.com"])

    answers = [client.get(each) for each in (there, missing)]

    assert {answer.status_code for answer in answers} <= {403 if name == "administrators" else 404}
    assert answers[0].content == answers[1].content
    assert api("all").get(there).status_code == 200


@pytest.mark.parametrize("name", RESOURCES)
def test_only_the_fields_that_were_asked_for(name: str, things: dict[str, str], api: ApiClient) -> None:
    url, client = path(RESOURCES[name].one, things), api("all")
    first, second, *_rest = sorted(RESOURCES[name].fields)

    assert client.get(url, {"fields": f"{first},{second}"}).json().keys() == {first, second}
    refused = client.get(url, {"fields": "nonsense"})
    assert (refused.status_code, refused.json()["code"]) == (400, "field_unknown")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_wrong_type_is_told_at_its_field(name: str, things: dict[str, str], api: ApiClient) -> None:
    contract, client = RESOURCES[name], api("all")
    url, method = (contract.one, "PATCH") if name != "app-passwords" else (contract.list, "POST")

    found = {}
    for wrong, value in contract.wrong.items():
        with nothing_written():
            body = json.dumps({wrong: value})
            response = client.generic(method, path(url, things) + "?dry_run=true", body, content_type=JSON)
        found[wrong] = (response.status_code, wrong in response.json().get("errors", {}))
    assert found == dict.fromkeys(contract.wrong, (400, True))


@pytest.mark.parametrize("name", LISTS)
def test_the_links_lead_through_all_rows_once_and_in_order(name: str, things: dict[str, str], api: ApiClient) -> None:
    contract, client = RESOURCES[name], api("all")
    for number in range(3):
        contract.make(number)  # type: ignore[misc]  # those of LISTS have it
    whole = client.get(path(contract.list, things), {"limit": 500}).json()["results"]

    walked, url = [], path(contract.list, things) + "?limit=2"
    while url:
        page = client.get(url).json()
        walked += page["results"]
        url = page["next"]

    assert walked == whole
    assert len(whole) >= 3


@pytest.mark.parametrize("name", LISTS)
def test_a_list_takes_as_many_queries_for_three_rows_as_for_one(
    name: str, things: dict[str, str], api: ApiClient
) -> None:
    contract, client = RESOURCES[name], api("all")
    for number in range(3):
        contract.make(number)  # type: ignore[misc]
    client.get(path(contract.list, things))  # what a worker remembers is known now

    counts = []
    for limit in (1, 3):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(client.get(path(contract.list, things), {"limit": limit}).json()["results"]) == limit
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", LISTS)
def test_an_unknown_parameter_is_refused_by_name(name: str, things: dict[str, str], api: ApiClient) -> None:
    response = api("all").get(path(RESOURCES[name].list, things), {"adress": "x"})

    assert (response.status_code, list(response.json()["errors"])) == (400, ["adress"])


# -- What is written; imports and bulk have rehearsals of their own
@pytest.mark.parametrize("write", [each for each in WRITES if each.name not in ("imports_list", "bulk")], ids=str)
def test_a_rehearsal_tells_what_would_change_and_writes_nothing(
    write: Write, things: dict[str, str], api: ApiClient, settings: Any
) -> None:
    settings.SITE_URL = "https://mail.example.net"
    write, client = write.of(things), api("all")
    if write.route == ("DELETE", "domains"):
        client.delete("/api/v1/alias-domains/old.org/")  # which points there

    with nothing_written():
        told = write.send(client, json.dumps(write.body), "?dry_run=true").json()

    assert told.get("dry_run") is True, told
    assert 200 <= told["status"] < 300
    assert all(each["before"] != each["after"] for each in told["changes"])


@pytest.mark.parametrize("write", [each for each in WRITES if each.method == "PUT"], ids=str)
def test_the_same_put_again_changes_nothing(write: Write, things: dict[str, str], api: ApiClient) -> None:
    write, client = write.of(things), api("all")
    first = write.send(client, json.dumps(write.body))
    before = Entry.objects.count(), PendingWork.objects.count()

    again = write.send(client, json.dumps(write.body))

    assert (again.status_code, again.json(), again["ETag"]) == (200, first.json(), first["ETag"])
    assert (Entry.objects.count(), PendingWork.objects.count()) == before
