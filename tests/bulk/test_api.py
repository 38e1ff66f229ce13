"""Files by REST, and many writes in one request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bulk.models import Import, State
from domains.models import Domain
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from tests.api.conftest import ApiClient
from tests.bulk.files import mailboxes, worked_off
from tests.factories import make_domain, make_mailbox, password_hash
from tests.refusals import nothing_written

pytestmark = pytest.mark.django_db(transaction=True)
IMPORTS, BULK = "/api/v1/imports/", "/api/v1/bulk/"
HR = ("imports:create", "imports:read", "imports:write", "mailboxes:create")


def send(client: Client, text: str | bytes, query: str = "kind=mailboxes", **headers: str) -> Any:
    return client.post(f"{IMPORTS}?{query}", text, content_type="text/csv", headers=headers)


def act(client: Client, row: dict[str, Any], name: str, **body: str) -> Any:
    return client.post(f"{IMPORTS}{row['id']}/{name}/", body, content_type="application/json")


def work_off(row: dict[str, Any]) -> None:
    worked_off(Import.objects.get(pk=row["id"]))


@pytest.fixture
def hr(api: ApiClient, example_org: Domain) -> Client:
    return api(*HR, domains=["example.org"])


def test_a_file_is_previewed_and_then_done(hr: Client) -> None:
    sent = send(hr, mailboxes("ann", "joe"))
    row = sent.json()
    assert (sent.status_code, row["state"], row["lines"]) == (202, "checking", 2)
    assert sent["Location"] == f"{IMPORTS}{row['id']}/"

    work_off(row)
    ready = hr.get(sent["Location"]).json()
    assert (ready["state"], ready["counts"]) == ("ready", {"create": 2, "change": 0, "nothing": 0, "refused": 0})
    assert not Mailbox.objects.exists()

    assert act(hr, row, "apply", mode="all").status_code == 202
    work_off(row)
    assert (hr.get(sent["Location"]).json()["state"], Mailbox.objects.count()) == ("done", 2)


def test_the_lines_come_page_by_page(hr: Client) -> None:
    make_mailbox("joe@example.org")
    row = send(hr, mailboxes("ann", "joe", "sue", "tom")).json()
    work_off(row)

    found, url, pages = [], f"{row['results']}?limit=2", 0
    while url:
        page = hr.get(url).json()
        found += page["results"]
        url, pages = page["next"], pages + 1

    assert pages == 2
    assert [(each["line"], each["action"]) for each in found] == [
        (2, "create"), (3, "refused"), (4, "create"), (5, "create"),
    ]  # fmt: skip
    (error,) = found[1]["errors"]
    assert (error["field"], error["code"]) == ("address", "address_is_mailbox")
    refused = hr.get(f"{row['results']}?action=refused").json()
    assert refused == {"results": [found[1]], "next": None}


@pytest.mark.parametrize(
    ("query", "body", "status", "code"),
    [
        ("", "address\n", 400, "invalid_choice"),
        ("kind=people", "address\n", 400, "invalid_choice"),
        ("kind=mailboxes&existing=maybe", "address\n", 400, "invalid_choice"),
        ("kind=mailboxes&colour=red", "address\n", 400, "parameter_unknown"),
        ("kind=mailboxes&dry_run=perhaps", "address\na@example.org\n", 400, "wrong_type"),
        ("kind=mailboxes", "address,password\n", 400, "file_no_lines"),
        ("kind=mailboxes", "address,colour\n", 400, "column_unknown"),
        ("kind=mailboxes", "name\nx\n", 400, "column_missing"),
        ("kind=mailboxes", b"address\na\0@example.org\n", 400, "file_nul"),
        ("kind=mailboxes", b"address\n\xff@example.org\n", 400, "file_not_utf8"),
        ("kind=mailboxes", 'address,name\n"joe@example.org,Joe\n', 400, "file_csv"),
        ("kind=domains", "name\nnew.org\n", 403, "permission_denied"),
        ("kind=mailboxes&existing=update", "address\n", 403, "permission_denied"),
    ],
)
def test_what_is_wrong_with_a_file_is_a_problem(
    hr: Client, query: str, body: str | bytes, status: int, code: str
) -> None:
    with nothing_written():
        answer = send(hr, body, query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"


def test_another_content_type_is_refused(hr: Client) -> None:
    answer = hr.post(f"{IMPORTS}?kind=mailboxes", "address\n", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_sent_twice_with_one_key_it_is_one_import(hr: Client) -> None:
    first = send(hr, mailboxes("ann"), **{"Idempotency-Key": "4711"})
    again = send(hr, mailboxes("ann"), **{"Idempotency-Key": "4711"})
    other = send(hr, mailboxes("joe"), **{"Idempotency-Key": "4711"})
    assert (first.json()["id"], again["Idempotency-Replayed"]) == (again.json()["id"], "true")
    assert (other.status_code, Import.objects.count()) == (422, 1)


def test_a_dry_run_stays_a_preview(hr: Client) -> None:
    row = send(hr, mailboxes("ann"), "kind=mailboxes&dry_run=true").json()
    work_off(row)
    assert row["dry_run"] is True
    assert act(hr, row, "apply", mode="all").json()["code"] == "import_not_ready"


def test_cancelled(hr: Client) -> None:
    row = send(hr, mailboxes("ann")).json()
    assert act(hr, row, "cancel").status_code == 202
    work_off(row)
    assert Import.objects.get(pk=row["id"]).state == State.CANCELLED
    assert act(hr, row, "cancel").json()["code"] == "import_over"


@pytest.mark.parametrize("body", [{}, {"mode": "some"}, {"mode": "all", "colour": "red"}])
def test_applied_by_a_wrong_body_it_waits(hr: Client, body: dict[str, str]) -> None:
    row = send(hr, mailboxes("ann")).json()
    work_off(row)
    assert act(hr, row, "apply", **body).status_code == 400
    assert Import.objects.get(pk=row["id"]).state == State.READY


def test_another_token_sees_nothing_of_it(hr: Client, api: ApiClient) -> None:
    make_domain("example.com")
    row = send(hr, mailboxes("ann")).json()
    other = api(*HR, domains=["example.com"], name="other")
    urls = [f"{IMPORTS}{row['id']}/", f"{IMPORTS}{row['id']}/lines/"]
    assert [other.get(url).status_code for url in urls] == [404, 404]
    assert [act(other, row, name, mode="all").status_code for name in ("apply", "cancel")] == [404, 404]
    assert other.get(IMPORTS).json()["results"] == []
    assert [hr.get(url).status_code for url in urls] == [200, 200]


def test_a_list_of_imports_asks_as_much_for_three_as_for_one(
    hr: Client, django_assert_num_queries: Callable[[int], Any]
) -> None:
    send(hr, mailboxes("ann"))
    with django_assert_num_queries(2):
        hr.get(IMPORTS)
    for _number in range(2):
        send(hr, mailboxes("ann"))
    with django_assert_num_queries(2):
        assert len(hr.get(IMPORTS).json()["results"]) == 3


def test_an_export_is_of_the_tokens_own_rows(api: ApiClient, example_org: Domain) -> None:
    make_mailbox("joe@example.org", name="=Joe", quota_bytes=5)
    make_mailbox("ann@example.com")
    answer = api("mailboxes:read", domains=["example.org"]).get("/api/v1/exports/mailboxes/", HTTP_ACCEPT="text/csv")
    assert b"".join(answer).decode() == "\ufeffaddress,name,active,quota_bytes\r\njoe@example.org,'=Joe,1,5\r\n"  # type: ignore[arg-type]
    denied = api("aliases:read").get("/api/v1/exports/mailboxes/")
    assert (denied.status_code, denied.json()["code"]) == (403, "permission_denied")


# -- JSON Lines --------------------------------------------------------------------------------------------
def operate(client: Client, *lines: Any, query: str = "", **headers: str) -> Any:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return client.post(f"{BULK}{query}", text, content_type="application/jsonl", headers=headers)


def answers(response: Any) -> list[tuple[int, int]]:
    assert response["Content-Type"] == "application/jsonl"
    told = [json.loads(line) for line in response.content.decode().splitlines()]
    return [(each["line"], each["status"]) for each in told]


def joe(**fields: Any) -> dict[str, Any]:
    return {
        "method": "PUT",
        "path": "/mailboxes/joe@example.org/",
        "body": {"password_hash": password_hash(), **fields},
    }


def test_sent_again_only_what_was_not_done_is(api: ApiClient, example_org: Domain) -> None:
    client = api("all")
    made = {"method": "POST", "path": "/aliases/", "body": {"address": "team@example.org", "goto": ["joe@example.org"]}}
    broken = {**made, "body": {"address": "all@example.org"}}
    mended = {**made, "body": {**broken["body"], "goto": ["joe@example.org"]}}

    first = operate(client, made, broken, Idempotency_Key="k1")
    again = operate(client, made, mended, Idempotency_Key="k1")

    assert (answers(first), answers(again)) == ([(1, 201), (2, 400)], [(1, 201), (2, 201)])
    assert Entry.objects.filter(action="alias.create").count() == 2


def test_each_line_is_what_it_would_be_alone(api: ApiClient, example_org: Domain) -> None:
    client = api("bulk:create", "mailboxes:create", "mailboxes:write", "mailboxes:read", domains=["example.org"])
    response = operate(
        client,
        joe(name="Joe"),
        "",
        {"method": "PATCH", "path": "/mailboxes/joe%40example.org/", "body": {"name": "Joseph"}},
        {"method": "POST", "path": "/mailboxes/", "body": {"address": "ann@example.org"}},
        {"method": "DELETE", "path": "/mailboxes/joe@example.org/"},
        {"method": "PUT", "path": "/mailboxes/joe@example.com/", "body": {"password_hash": password_hash()}},
        {"method": "GET", "path": "/mailboxes/joe@example.org/"},
        {"method": "POST", "path": "/bulk/", "body": {}},
        {"method": "POST", "path": "/nowhere/"},
        {"method": "PUT"},
        "{not JSON",
        "[]",
    )
    assert response.status_code == 200
    assert answers(response) == [
        (1, 201), (3, 200), (4, 400), (5, 403), (6, 403), (7, 400), (8, 404), (9, 404), (10, 400), (11, 400), (12, 400),
    ]  # fmt: skip
    assert Mailbox.objects.get().name == "Joseph"


def test_all_or_none_of_the_lines(api: ApiClient, example_org: Domain) -> None:
    client = api("all")
    with nothing_written():
        response = operate(
            client, joe(), {"method": "DELETE", "path": "/mailboxes/x@example.org/"}, query="?atomic=true"
        )
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert (response.json()["code"], response.json()["refused"]["line"]) == ("bulk_refused", 2)
    assert answers(operate(client, joe(), query="?atomic=true")) == [(1, 201)]


@pytest.mark.parametrize("text", ["\n\n", "{}\n" * 1001])
def test_a_number_of_lines_that_cannot_be_is_refused(api: ApiClient, text: str) -> None:
    response = operate(api("all"), text)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


def test_no_token_no_lines(example_org: Domain) -> None:
    with nothing_written():
        assert operate(Client(), joe()).status_code == 401
        assert send(Client(), mailboxes("ann")).status_code == 401
