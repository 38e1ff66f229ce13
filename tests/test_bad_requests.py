"""Requests that no page of ours sends: bodies too large or broken, cursors made up, parameters unknown or twice."""

from __future__ import annotations

import base64
import http.client
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox

from .factories import make_alias, make_alias_domain, make_mailbox, system
from .refusals import nothing_written
from .servers.gunicorn import Gunicorn

pytestmark = pytest.mark.django_db

LISTS = [
    "domains:list", "domains:alias_list", "mailboxes:list", "mailboxes:archive", "aliases:list", "audit:list",
    "accounts:administrator_list", "mailhost:index",
]  # fmt: skip
EXPORTS = [
    "domains:export", "domains:alias_export", "mailboxes:export", "aliases:export", "audit:export",
    "accounts:administrator_export",
]  # fmt: skip
SORTS = [
    "",
    "id",
    "-id",
    "address",
    "name_key",
    "-quota_bytes",
    "deleted_at",
    "password",
    "no_such",
    "pk",
    "?",
    "-",
    "--id",
]
ENORMOUS = 10**400
VALUES: list[Any] = [
    None, True, 0, -1, 2**63, -(2**63) - 1, ENORMOUS, 1.5, math.inf, math.nan, "", "joe@example.org", "\0", "\ud800",
    "x" * 70_000, "\U0010ffff", [], ["a"], {}, {"a": 1}, "2026-02-30", "9999-12-31T23:59:59+00:00",
]  # fmt: skip
TEXTS = ["x" * 10_000, "a\0b", "\0", "%", "_", "\\", "'\"; --", "@", "@@", "joe@", "\u202e", "\ufffd", "é" * 300, " "]


@pytest.fixture
def things(example_org: Domain) -> Domain:
    make_mailbox("joe@example.org", name="Joe")
    make_alias("team@example.org", "joe@example.org")
    make_alias_domain("old.org", example_org)
    delete_mailbox(mailbox=make_mailbox("gone@example.org"), actor=system())
    PendingWork.objects.create(host=MailHost.objects.all()[0], kind="address", key="joe@example.org")
    return example_org


@pytest.fixture
def client(things: Domain, signed_in: Callable[[Account], Client], root: Account) -> Client:
    return signed_in(root)


@pytest.fixture
def alice_client(things: Domain, signed_in: Callable[[Account], Client], alice: Account) -> Client:
    return signed_in(alice)


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def cursors() -> Iterator[str]:
    for value in VALUES:
        yield cursor(value, value)
        yield cursor(value, "joe@example.org")
        yield cursor("joe@example.org", value)
    yield from (
        "",
        "x",
        "====",
        "é",
        "\0",
        base64.b64encode(b"[" * 100_000).decode(),
        cursor(),
        cursor(1),
        cursor(1, 2, 3),
    )
    yield from (base64.b64encode(text).decode() for text in (b"null", b"{}", b"\xff\xfe", b"[1e999,1]", b"7", b'"ab"'))


def broken(client: Client, urls: Iterator[tuple[str, dict[str, Any]]]) -> list[Any]:
    return [
        (url, {name: str(value)[:60] for name, value in asked.items()}, status)
        for url, asked in urls
        if (status := client.get(url, asked).status_code) not in (200, 302, 400, 404)
    ]


@pytest.mark.parametrize("name", LISTS)
def test_a_cursor_that_is_none_of_ours_shows_a_page(client: Client, name: str) -> None:
    url = reverse(name)
    sorts = ["", "id", "address", "-quota_bytes", "name", "deleted_at"]
    asked = [
        {"sort": sort, "domain": "example.org", way: each} for sort in sorts for each in cursors() for way in ("after",)
    ]
    asked += [{way: each} for each in cursors() for way in ("after", "before")]
    with nothing_written():
        assert broken(client, ((url, parameters) for parameters in asked)) == []


@pytest.mark.parametrize("name", [*LISTS, *EXPORTS])
def test_whatever_is_asked_of_a_list_it_answers(client: Client, alice_client: Client, name: str) -> None:
    url = reverse(name)
    fields = ("q", "domain", "state", "sort", "target", "actor", "action", "since", "until", "host", "nobody")
    asked: list[dict[str, Any]] = [{field: text} for field in fields for text in TEXTS]
    asked += [{"sort": sort} for sort in SORTS]
    asked += [{"q": ["joe", "ann"], "sort": ["id", "address"]}, {"last": ["1", "2"], "after": "x", "before": "y"}]
    asked += [{"since": "0001-01-01", "until": "9999-12-31"}, {"since": "9999-12-31"}, {"until": "0001-01-01"}]
    with nothing_written():
        for each in (client, alice_client) if "administrator" not in name and "mailhost" not in name else (client,):
            responses = [(parameters, each.get(url, parameters)) for parameters in asked]
            assert [(str(asked)[:80], r.status_code) for asked, r in responses if r.status_code not in (200, 400)] == []
            for _asked, response in responses:
                assert not response.streaming or response.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["pages:search", "mailhost:trace", "mailhost:live"])
def test_whatever_is_asked_of_a_page_it_answers(client: Client, alice_client: Client, name: str) -> None:
    fields = ("q", "address", "key", "asked", "next", "nobody")
    asked = [{field: text} for field in fields for text in [*TEXTS, "9" * 5000, "\u0663", "-1"]]
    with nothing_written():
        for each in (client, alice_client):
            assert broken(each, ((reverse(name), parameters) for parameters in asked)) == []


def test_a_page_of_what_is_not_there_is_a_404(client: Client) -> None:
    for path in (
        "/mailboxes/%00@example.org/", "/mailboxes/%ff@example.org/", "/mailboxes/a%0Ab@example.org/edit/",
        f"/mailboxes/{'a' * 3000}@example.org/", "/domains/..%2f/", "/domains/%00/", f"/audit/{10**30}/",
        f"/mailboxes/archive/{10**30}/restore/", f"/administrators/{2**63}/", "/aliases/@/edit/",
        "/domains/a%E2%80%A8b/",
    ):  # fmt: skip
        assert (path, client.get(path).status_code) == (path, 404)


PART = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n\xff\r\n'
FORMS = [
    ("domains:create", []), ("domains:edit", ["example.org"]), ("domains:alias_create", []), ("mailboxes:create", []),
    ("mailboxes:edit", ["joe@example.org"]), ("mailboxes:forwarding", ["joe@example.org"]),
    ("mailboxes:rename", ["joe@example.org"]), ("mailboxes:password", ["joe@example.org"]), ("aliases:create", []),
    ("aliases:edit", ["team@example.org"]), ("accounts:administrator_add", []), ("accounts:password", []),
]  # fmt: skip
NAMES = (
    "name", "local_part", "address", "domain", "targets", "quota", "password", "again", "description", "transport",
    "email", "role", "domains", "revision", "max_mailboxes", "current", "new", "target",
)  # fmt: skip


# An empty list of targets is no mistake, and a wrong present password is counted.
@pytest.mark.parametrize(
    ("name", "args"), [form for form in FORMS if "forward" not in form[0] and "accounts:p" not in form[0]]
)
def test_a_form_of_bytes_that_are_no_text_is_refused(client: Client, name: str, args: list[str]) -> None:
    urlencoded, multipart = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
    bodies = [
        ("&".join(f"{field}=%FF%FE%00" for field in NAMES).encode(), urlencoded),
        (b"&".join(field.encode() + b"=\xff\xfe" for field in NAMES), urlencoded),
        (b"".join(PART % field.encode() for field in NAMES) + b"--x--\r\n", multipart),
        (b"--x\r\nnot a part", multipart),
        (b"", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"name=x", f"{urlencoded}; charset=no-such"),
        (b"&".join(b"a%d=1" % number for number in range(3000)), urlencoded),
    ]  # fmt: skip
    with nothing_written():
        statuses = [client.generic("POST", reverse(name, args=args), body, kind).status_code for body, kind in bodies]
    assert [status for status in statuses if status not in (200, 400)] == []


@pytest.mark.parametrize(("name", "args"), FORMS)
def test_a_body_over_the_limit_is_refused(client: Client, name: str, args: list[str]) -> None:
    body = b"description=" + b"x" * 2_600_000
    with nothing_written():
        response = client.generic("POST", reverse(name, args=args), body, "application/x-www-form-urlencoded")
    assert response.status_code in (400, 413)
    assert "text/html" in response["Content-Type"]
    assert b"<h1" in response.content


@pytest.mark.parametrize(
    "field", ["password_hash", "maildir", "token", "is_superadmin", "role", "domain_id", "pk", "address"]
)
def test_a_field_that_the_form_has_not_changes_nothing(client: Client, field: str) -> None:
    before = Mailbox.objects.filter(pk="joe@example.org").values().get()
    payload = {"name": "Joe", "quota": "0", "smtp_active": "on", field: "1"}
    client.post(reverse("mailboxes:edit", args=["joe@example.org"]), payload)
    assert Mailbox.objects.filter(pk="joe@example.org").values().get() | {"modified_at": 0} == before | {
        "modified_at": 0
    }


def test_every_write_asks_for_the_csrf_token(root: Account, things: Domain) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(root)
    paths = [reverse(name, args=args) for name, args in FORMS]
    paths += [reverse(name) for name in ("accounts:sign_out", "accounts:language", "pages:theme", "accounts:sign_in")]
    paths += [reverse(f"mailboxes:{act}", args=["joe@example.org"]) for act in ("on", "off", "delete")]
    paths += [
        reverse(f"{room}:bulk_{act}") for room in ("mailboxes", "aliases", "domains") for act in ("on", "off", "delete")
    ]
    paths += [reverse(f"mailhost:{act}") for act in ("verify", "repair", "retry_all")]
    with nothing_written():
        statuses = {path: strict.post(path, {"confirmed": "1", "key": "joe@example.org"}).status_code for path in paths}
    assert {path: status for path, status in statuses.items() if status != 403 and path != "/sign-in/"} == {}


def test_a_get_writes_nothing(client: Client) -> None:
    paths = [reverse(name, args=args) for name, args in FORMS]
    paths += [reverse(name) for name in [*LISTS, *EXPORTS, "pages:home"]]
    paths += [reverse(f"mailboxes:{act}", args=["joe@example.org"]) for act in ("on", "off", "delete", "detail")]
    with nothing_written():
        assert [path for path in paths if client.get(path, {"confirmed": "1"}).status_code != 200] == []


def test_pages_are_not_kept_after_the_sign_out(client: Client) -> None:
    """Neither by the browser's back button nor by a proxy."""
    for path in (
        "/",
        "/mailboxes/",
        "/mailboxes/joe@example.org/",
        "/mailboxes/export/",
        "/account/",
        "/domains/none.org/",
    ):
        assert (path, "no-store" in client.get(path).get("Cache-Control", "")) == (path, True)


OUTSIDE = [
    "https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "http:///evil.test", "\t//evil.test",
    "/\t/evil.test", "///evil.test", "https:evil.test", "/%0d%0aX: y",
]  # fmt: skip


@pytest.mark.parametrize("url", OUTSIDE)
def test_no_way_leads_outside(client: Client, url: str) -> None:
    posts = [
        (reverse("mailboxes:off", args=["joe@example.org"]), {"next": url}),
        (reverse("pages:theme"), {"next": url, "theme": "dark"}),
        (reverse("accounts:language"), {"next": url, "language": "en"}),
        (reverse("mailboxes:bulk_on"), {"next": url}),
    ]
    places = [client.post(path, data)["Location"] for path, data in posts]
    places.append(client.get(reverse("accounts:sign_in"), {"next": url})["Location"])
    assert [place for place in places if "evil" in place and not place.startswith("/%")] == []
    page = client.get(reverse("mailboxes:off", args=["joe@example.org"]), {"next": url}).content.decode()
    assert 'href="javascript' not in page
    assert 'href="//evil' not in page


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_a_body_of_100_mb_is_refused_by_the_real_server(site: Gunicorn, kind: str) -> None:
    """Before it is read: the answer is there while nearly all of it is still to be sent."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.putrequest("POST", "/sign-in/")
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(100_000_000))
    connection.endheaders()
    connection.send(b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n' + b"x" * 65_536)
    response = connection.getresponse()
    page = response.read()
    connection.close()
    assert response.status == 400
    assert b"<h1" in page
