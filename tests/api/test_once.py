"""A request that is sent again: Idempotency-Key, ETag, dry run, waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from domains.models import Domain
from mailadmin.api.answers import forget_answers
from mailadmin.api.models import Answer
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost, PendingWork
from tests.refusals import nothing_written

from .conftest import ApiClient

JSON = "application/json"
URL = "/api/v1/domains/"
BODY = {"name": "example.org"}
AT_ONCE = 8


def create(client: Client, key: str = "k1", body: Any = BODY, **headers: str) -> Any:
    return client.post(URL, body, content_type=JSON, headers={"Idempotency-Key": key, **headers})


@pytest.mark.django_db
def test_the_first_answer_again_whole(api: ApiClient) -> None:
    client = api("all")

    first, second = create(client), create(client)

    told = [(each.status_code, each.json(), each["ETag"], each["Location"]) for each in (first, second)]
    assert told[0] == told[1]
    assert [each.get("Idempotency-Replayed") for each in (first, second)] == [None, "true"]
    assert Entry.objects.filter(action="domain.create").count() == 1


@pytest.mark.django_db
def test_what_was_answered_is_stored_sealed(api: ApiClient) -> None:
    create(api("all"))

    assert "example.org" not in Answer.objects.get().body


@pytest.mark.django_db
def test_another_body_or_path_is_another_request(api: ApiClient) -> None:
    client = api("all")
    create(client)

    body = create(client, body={"name": "example.net"})
    path = client.patch(f"{URL}example.org/", {}, content_type=JSON, headers={"Idempotency-Key": "k1"})

    assert [(each.status_code, each.json()["code"]) for each in (body, path)] == [(422, "idempotency_key_reused")] * 2


@pytest.mark.django_db
def test_a_key_is_one_tokens_own(api: ApiClient) -> None:
    create(api("all"))

    assert create(api("all", name="other")).status_code == 409


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é"])
def test_a_key_that_is_none(api: ApiClient, key: str) -> None:
    client = api("all")
    with nothing_written_but_use(client):
        refused = create(client, key)

    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_invalid")


def nothing_written_but_use(client: Client) -> Any:
    """The first request of a token notes its use."""
    client.get(URL)
    return nothing_written()


@pytest.mark.django_db
def test_what_was_refused_leaves_no_answer(api: ApiClient) -> None:
    client = api("all")

    assert create(client, body={"name": "-"}).status_code == 400
    assert not Answer.objects.exists()
    assert create(client).status_code == 201


@pytest.mark.django_db
def test_answers_are_forgotten_after_a_day(api: ApiClient) -> None:
    client = api("all")
    create(client, "old")
    Answer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    create(client, "new", {"name": "example.net"})

    again = create(client, "old")

    assert (again.status_code, again.json()["code"]) == (409, "domain_exists")
    assert forget_answers() == 1
    assert Answer.objects.count() == 1


def at_once(act: Callable[[int], Any]) -> list[Any]:
    def run(number: int) -> Any:
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


@pytest.mark.django_db(transaction=True)
def test_the_same_at_the_same_moment_is_done_once(api: ApiClient) -> None:
    client = api("all")
    header = client.defaults["HTTP_AUTHORIZATION"]

    answers = at_once(lambda _number: create(Client(headers={"Authorization": header})))

    assert {(each.status_code, json.dumps(each.json())) for each in answers} == {
        (201, json.dumps(answers[0].json())),
    }
    assert [each.get("Idempotency-Replayed") for each in answers].count("true") == AT_ONCE - 1
    assert Entry.objects.filter(action="domain.create").count() == 1


@pytest.mark.django_db(transaction=True)
def test_put_at_the_same_moment_creates_once(api: ApiClient) -> None:
    header = api("all").defaults["HTTP_AUTHORIZATION"]

    def put(number: int) -> Any:
        client = Client(headers={"Authorization": header})
        return client.put(f"{URL}example.org/", {"description": "Ours"}, content_type=JSON)

    assert sorted(each.status_code for each in at_once(put)) == [200] * (AT_ONCE - 1) + [201]
    assert list(Entry.objects.values_list("action", flat=True).filter(action__startswith="domain.")) == [
        "domain.create"
    ]


# -- Revisions
@pytest.mark.django_db
def test_what_has_not_changed_is_not_sent_again(api: ApiClient, example_org: Domain) -> None:
    client = api("all")
    shown = client.get(f"{URL}example.org/")

    again = client.get(f"{URL}example.org/", headers={"If-None-Match": shown["ETag"]})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", shown["ETag"])


@pytest.mark.django_db
def test_going_live_is_a_change_to_read_and_none_to_write(api: ApiClient, example_org: Domain) -> None:
    client = api("all")
    PendingWork.objects.all().delete()
    shown = client.get(f"{URL}example.org/")
    PendingWork.objects.create(host=MailHost.objects.get(), kind="domain", key="example.org")

    read = client.get(f"{URL}example.org/", headers={"If-None-Match": shown["ETag"]})
    wrote = client.patch(
        f"{URL}example.org/", {"description": "x"}, content_type=JSON, headers={"If-Match": shown["ETag"]}
    )

    assert (read.status_code, wrote.status_code) == (200, 200)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("PATCH", {"If-Match": '"0123456789abcdef.01234567"'}, 412),
        ("DELETE", {"If-Match": '"0123456789abcdef.01234567", "x"'}, 412),
        ("PUT", {"If-None-Match": "*"}, 412),
        ("PUT", {"If-Match": "*"}, 200),
        ("PATCH", {"If-None-Match": '"x"'}, 200),
    ],
)
def test_only_if_it_is_as_the_script_thinks(
    api: ApiClient, example_org: Domain, method: str, headers: dict[str, str], status: int
) -> None:
    answer = api("all").generic(method, f"{URL}example.org/", "{}", content_type=JSON, headers=headers)

    assert answer.status_code == status


@pytest.mark.django_db
def test_put_only_if_it_is_there(api: ApiClient) -> None:
    answer = api("all").put(f"{URL}example.org/", {}, content_type=JSON, headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert not Domain.objects.exists()


@pytest.mark.django_db
def test_a_create_of_what_is_there_leads_to_it(api: ApiClient, example_org: Domain) -> None:
    refused = api("all").post(URL, BODY, content_type=JSON)

    assert (refused.status_code, refused.json()["code"]) == (409, "domain_exists")
    assert refused.json().get("existing", f"{URL}example.org/") == f"{URL}example.org/"


# -- Dry run
@pytest.mark.django_db
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_rehearsal_of_every_write_writes_nothing(api: ApiClient, example_org: Domain, method: str) -> None:
    client, body = api("all"), json.dumps({"description": "x"} if method != "DELETE" else {})
    with nothing_written_but_use(client):
        told = client.generic(method, f"{URL}example.org/?dry_run=true", body, content_type=JSON)

    assert told.status_code == 200
    assert told.json()["status"] == (204 if method == "DELETE" else 200)
    assert [change["key"] for change in told.json()["changes"]] == ["example.org"]


# -- Waiting
@pytest.mark.django_db
def test_without_a_mail_host_all_is_live_at_once(api: ApiClient) -> None:
    MailHost.objects.all().delete()
    answer = create(api("all"), Prefer="wait=5")

    assert (answer.status_code, answer["Preference-Applied"], answer.json()["live"]) == (201, "wait=5", True)


@pytest.mark.django_db(transaction=True)
def test_waits_outside_the_transaction_and_then_names_the_job(api: ApiClient) -> None:
    MailHost.objects.get_or_create(name="main")
    answer = create(api("all"), Prefer="wait=0")

    job = PendingWork.objects.open().order_by("-id").first()
    assert job is not None
    assert (answer.status_code, answer.json()["live"]) == (202, False)
    assert answer["Location"] == f"/api/v1/jobs/{job.pk}/"
    assert not connection.in_atomic_block


@pytest.mark.django_db
def test_the_first_answer_again_waits_too(api: ApiClient) -> None:
    client = api("all")
    first = create(client)

    later = create(client, Prefer="wait=0")
    PendingWork.objects.open().delete()
    at_last = create(client, Prefer="wait=0")

    assert [(each.status_code, each.json()["live"]) for each in (first, later, at_last)] == [
        (201, False),
        (202, False),
        (201, True),
    ]
