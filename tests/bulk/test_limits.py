"""Files that are too large, and imports beside other writes."""

from __future__ import annotations

import http.client
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from bulk.models import State
from domains.models import Domain, DomainUsage
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from mailboxes.services import create_mailbox
from tests.bulk.files import applied, mailboxes, previewed, told
from tests.factories import make_alias, make_domain, make_mailbox, password_hash, system
from tests.servers.gunicorn import Gunicorn


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/api/v1/imports/?kind=mailboxes", "text/csv", 413),
        ("/imports/add/", "multipart/form-data; boundary=x", 400),
    ],
)
def test_a_file_of_100_mb_is_refused_by_the_real_server(site: Gunicorn, path: str, kind: str, status: int) -> None:
    """Before it is read: the answer is there while nearly all of it is still to be sent."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.putrequest("POST", path)
    connection.putheader("Content-Type", kind)
    connection.putheader("Content-Length", str(100_000_000))
    connection.endheaders()
    connection.send(b"address,name\n" + b"x" * 65_536)
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == status


@pytest.mark.django_db(transaction=True)
def test_of_an_import_and_a_create_at_once_one_has_the_address(example_org: Domain) -> None:
    """Whoever comes second is refused, and the counts are right."""
    names = [f"user{number}" for number in range(20)]
    row = previewed(mailboxes(*names))
    errors: list[BaseException] = []

    def create_all() -> None:
        for name in reversed(names):
            try:
                create_mailbox(domain=example_org, local_part=name, password_hash=password_hash(), actor=system())
            except Exception as error:
                errors.append(error)
        connections.close_all()

    thread = threading.Thread(target=create_all)
    thread.start()
    row = applied(row, "good")
    thread.join()

    assert row.state == State.DONE
    refused = [codes for _line, _key, action, codes in told(row) if action == "refused"]
    assert refused == [["address_is_mailbox"]] * len(refused)
    assert len(refused) + len(errors) == len(names)
    assert Mailbox.objects.count() == DomainUsage.objects.get(pk="example.org").mailboxes == len(names)
    assert Entry.objects.filter(action="mailbox.create").count() == len(names)


NAMES, DOMAINS = ("ann", "joe", "team", "new", "a b"), ("a.org", "b.org", "no.org")
ADDRESSES = [f"{name}@{domain}" for name in NAMES for domain in DOMAINS]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("existing", ["refuse", "update", "leave"])
@pytest.mark.parametrize("kind", ["mailboxes", "aliases"])
def test_what_the_preview_says_is_what_is_done(
    kind: str, existing: str, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    """Of files of all sorts of lines, on what the ones before have left."""
    monkeypatch.setattr("bulk.services.imports.BATCH_LINES", 3)
    make_domain("a.org", max_mailboxes=3, max_aliases=2)
    make_domain("b.org")
    make_mailbox("joe@a.org")
    make_alias("team@a.org", "joe@a.org")
    chance = random.Random(f"{kind} {existing}")
    for _file in range(8):
        preview = previewed(some_file(kind, chance), kind, existing=existing)
        said = told(preview)
        assert told(applied(preview, "good")) == said


def some_file(kind: str, chance: random.Random) -> str:
    make = {"mailboxes": some_mailbox, "aliases": some_alias}[kind]
    head = {"mailboxes": "address,name,active,password_hash", "aliases": "address,goto,active"}[kind]
    return "\n".join([head, *(make(chance) for _line in range(chance.randint(1, 9)))])


def some_mailbox(chance: random.Random) -> str:
    hashes = [f'"{password_hash()}"', "", "{NO}x"]
    return f"{chance.choice(ADDRESSES)},{chance.choice(['', 'A', 'B'])},{some_flag(chance)},{chance.choice(hashes)}"


def some_alias(chance: random.Random) -> str:
    return f"{chance.choice(ADDRESSES)},{' '.join(chance.sample(ADDRESSES[:12], 2))},{some_flag(chance)}"


def some_flag(chance: random.Random) -> str:
    return chance.choice(["", "", "yes", "0", "maybe"])


@pytest.mark.django_db(transaction=True)
def test_more_lines_ask_no_more_of_the_database(
    example_org: Domain, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    """The fast way: as many statements for 100 mailboxes as for 10."""
    counts = []
    for number in (10, 100):
        row = previewed(mailboxes(*(f"user{number}x{each}" for each in range(number))))
        with django_assert_max_num_queries(100) as captured:
            applied(row, "good")
        counts.append(len(captured))
    if connection.vendor == "sqlite":  # whose statements hold a limited number of values
        assert counts[1] < 100
    else:
        assert counts[0] == counts[1]
