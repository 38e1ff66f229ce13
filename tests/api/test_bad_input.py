"""Bad input, by every writing endpoint of REST: 4xx as `application/problem+json` with a code, its fields named, and
nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from domains.models import Domain
from mailadmin.api.models import Token
from tests.refusals import nothing_written

from .conftest import ApiClient
from .writes import WRITES, Write, writing_routes

pytestmark = pytest.mark.django_db
JSON = "application/json"
BODIES = {
    "no JSON": b"{",
    "a list": b"[]",
    "a key twice": b'{"x": 1, "x": 2}',
    "a text": b'"x"',
    "null": b"null",
    "a number": b"1",
    "NaN": b'{"x": NaN}',
    "infinity": b'{"x": -Infinity}',
    "beyond any float": b'{"x": 1e999}',
    "a number of 5,000 digits": b'{"x": ' + b"9" * 5000 + b"}",
    "a key twice, once escaped": b'{"x": 1, "\\u0078": 2}',
    "a key twice, within": b'{"x": [{"y": 1, "y": 2}]}',
    "lists too deep": b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects too deep": b'{"x": ' * 30 + b"1" + b"}" * 30,
    "bytes that are no text": b'{"x": "\xff\xfe"}',
    "half a letter": '{"x": "é"}'.encode()[:-3],
    "UTF-16": '{"x": 1}'.encode("utf-16"),
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "a surrogate, encoded": b'{"x": "\xed\xa0\x80"}',
    "two documents": b"{}{}",
    "a comma too many": b'{"x": 1,}',
    "a comment": b"{} // x",
    "single quotes": b"{'x': 1}",
    "NUL": b"{}\0",
    "a form": b"name=x&active=on",
    "a line feed in a text": b'{"x": "a\nb"}',
}
UNKNOWN = {
    "an unknown field": {"no_such_field": 1},
    "a column's name": {"maildir": "../../etc/"},
    "a method's name": {"__class__": {"__name__": "x"}, "__proto__": {}},
    "an empty name": {"": 1},
    "a name with NUL": {"\0": 1},
    "half a surrogate in a name": {"\ud800": 1},
    "a long name": {"x" * 100_000: 1},
    "many of them": {f"x{number}": 1 for number in range(10_000)},
}
CONTENT_TYPES = [
    "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
    "application/jsonx", "text/json", "application/json; charset=utf-16", "application/json; charset=latin-1",
    "application/json; charset=no-such", "*/*", "application/*", "\xff",
]  # fmt: skip
OF_ANOTHER_TYPE: list[Any] = [True, 1, 1.5, "x", [], [[None]], {"x": 1}, None]
HUGE = [2**63, 10**29, -(2**31) - 1, -(2**63) - 1]
NULLABLE = frozenset({"expires_at", "domain"})
TEXTS = ["x" * 100_000, "a\0b", "\ud800", "a\udfffb", "\0", "a\nb\0"]


@pytest.fixture
def writes(things: Mapping[str, str]) -> list[Write]:
    return [write.of(things) for write in WRITES]


@pytest.fixture
def script(api: ApiClient, things: Mapping[str, str]) -> Client:
    """It may do everything, and is told of an error rather than ended by it."""
    client = api("all", name="script", requests_per_minute=1_000_000)
    client.raise_request_exception = False
    return client


Sent = Iterable[tuple[str, Any]]  # what was sent, and its answer


def all_refused(writes: Iterable[Write], send: Callable[[Write], Sent], *statuses: int) -> None:
    """By each of them, with one of these statuses if any are given. All in one, for the ground is dear to lay."""
    with nothing_written():
        faults = {
            f"{write}: {what[:80]}": fault
            for write in writes
            for what, answer in send(write)
            if (fault := _fault(answer, statuses))
        }
        assert faults == {}


def _fault(response: Any, statuses: tuple[int, ...]) -> str:
    """What is wrong with the refusal, or nothing."""
    if response["Content-Type"] != "application/problem+json":
        return f"{response.status_code} {response['Content-Type']} {response.content[:200]!r}"
    problem = json.loads(response.content)
    complete = problem["status"] == response.status_code and problem["code"] and problem["title"] and problem["detail"]
    expected = response.status_code in statuses if statuses else 400 <= response.status_code < 500
    return "" if complete and expected else str(problem)[:300]


def some(write: Write, bad: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    return list(bad.items())[: None if write.name == "mailboxes_list" else 3]


def of_json(writes: Iterable[Write]) -> list[Write]:
    return [write for write in writes if write.kind == JSON]


def test_every_writing_endpoint_is_in_the_table() -> None:
    assert {write.route for write in WRITES} == writing_routes()


# -- Bodies: all that is bad by one endpoint, and some of it by every one
def test_a_body_that_is_no_object_of_json(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        return ((what, write.send(script, body)) for what, body in some(write, BODIES))

    all_refused(of_json(writes), send, 400)


def test_a_field_that_is_not_there(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        for what, more in some(write, UNKNOWN):
            answer = write.send(script, json.dumps({**write.body, **more}))
            yield what, answer
            unnamed = {name[:100] for name in more} - set(answer.json().get("errors", {}))
            assert not unnamed or "\ud800" in more, f"{write}: {what}"

    all_refused(of_json(writes), send, 400)


def test_another_content_type(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        body = json.dumps(write.body)
        kinds = some(write, {kind or "none": kind for kind in CONTENT_TYPES})
        return ((what, write.send(script, body, content_type=kind)) for what, kind in kinds)

    all_refused(of_json(writes), send, 415)


# -- Values
def test_a_value_of_another_type(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        for name, value in write.body.items():
            for other in OF_ANOTHER_TYPE:
                if type(other) is not type(value) and not (other is None and name in NULLABLE):
                    yield f"{name}: {other!r}", write.send(script, json.dumps({**write.body, name: other}))

    all_refused(of_json(writes), send, 400)


def test_a_value_that_is_enormous(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        for name, value in write.body.items():
            for other in _enormous(value):
                yield f"{name}: {str(other)[:40]!r}", write.send(script, json.dumps({**write.body, name: other}))

    all_refused(of_json(writes), send, 400)


def _enormous(value: Any) -> list[Any]:
    if isinstance(value, list):
        return [value * 10_000, *([text] for text in TEXTS)]
    return {int: HUGE, str: TEXTS}.get(type(value), [])


# -- Who sends it
def test_without_a_good_token(writes: list[Write]) -> None:
    secrets = ["", "mla_", "x" * 10_000, "\xff", "a b", "mla_\0", "*", "%"]
    headers = ["Bearer", "Bearer ", "Basic cm9vdDpyb290", "Token x", "bearer", *(f"Bearer {each}" for each in secrets)]
    client = Client(raise_request_exception=False)

    def send(write: Write) -> Sent:
        return ((each, write.send(client, json.dumps(write.body), Authorization=each)) for each in headers)

    all_refused(writes, send, 401)


def test_with_a_token_that_is_not_good_any_more(writes: list[Write], api: ApiClient) -> None:
    clients = {what: api("all", name=what) for what in ("off", "expired", "from another network")}
    Token.objects.filter(name="off").update(active=False)
    Token.objects.filter(name="expired").update(expires_at=timezone.now() - timedelta(seconds=1))
    Token.objects.filter(name="from another network").update(networks=["192.0.2.0/24", "2001:db8::/32"])

    def send(write: Write) -> Sent:
        return ((what, write.send(client, json.dumps(write.body))) for what, client in clients.items())

    all_refused(writes, send, 401, 403)


def test_with_a_token_of_another_domain(writes: list[Write], api: ApiClient, example_com: Domain) -> None:
    client = api("all", domains=["example.com"])

    def send(write: Write) -> Sent:
        return [("example.com", write.send(client, json.dumps(write.body)))]

    all_refused(of_json(writes), send, 400, 403, 404)


# -- What is beside the body
QUERIES = [
    "dry_run=yes",
    "dry_run=true&dry_run=true",
    "dry-run=true",
    "_method=DELETE",
    "format=api",
    "%00=%ff",
    "x" * 999,
]
KEYS = ["", "x" * 256, "a\0b", "a\nb", "\x7f"]
TAGS = ['"0"', 'W/"0"', "0", '"', "", '"\xff"', '""', "x" * 10_000]


def test_a_parameter_that_is_wrong(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        return ((query, write.send(script, json.dumps(write.body), f"?{query}")) for query in QUERIES)

    all_refused(writes, send, 400)


def test_a_key_that_is_wrong(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        return ((repr(key), write.send(script, json.dumps(write.body), Idempotency_Key=key)) for key in KEYS)

    all_refused(of_json(writes), send, 400)


def test_a_revision_that_is_not_there(script: Client, writes: list[Write]) -> None:
    def send(write: Write) -> Sent:
        return ((tag, write.send(script, json.dumps(write.body), If_Match=tag)) for tag in TAGS)

    all_refused([write for write in writes if write.method != "POST"], send, 412)


def test_another_method_is_not_believed(script: Client, writes: list[Write]) -> None:
    headers = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    with nothing_written():
        for write in writes:
            assert {script.get(write.path, headers={name: "DELETE"}).status_code for name in headers} <= {200, 405}

    def send(write: Write) -> Sent:
        others = ("TRACE", "CONNECT", "QUERY", "COPY", "PROPFIND", "X" * 1000)
        return ((method, script.generic(method, write.path, b"{}", JSON)) for method in others)

    all_refused(writes, send, 405)
