"""Scripts that retry: eight clients send the same 200 creates at once, over connections that break at every moment,
again and again until each has an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import password_hash
from tests.plugin import own_directory
from tests.servers.gunicorn import Gunicorn
from tests.servers.mariadb import MariaDB
from tests.servers.process import last_lines
from tests.servers.project import Project
from tests.servers.script import Answer, Script

CLIENTS, CREATES, WORKERS = 8, 200, 4
FEWER = 50


@pytest.fixture(scope="module")
def web(new_database: Callable[[], str]) -> Iterator[Gunicorn]:
    project = Project(own_directory() / "storm", database_url=new_database())
    project.set_up()
    gunicorn = Gunicorn(project, workers=WORKERS)
    try:
        gunicorn.start()
        yield gunicorn
    finally:
        gunicorn.stop()


def storm(web: Gunicorn, domain: str, creates: int, act: Callable[[Script, str], Answer]) -> dict[str, list[Answer]]:
    """`act` by all clients for so many addresses of a new domain; what each address was answered."""
    web.project.manage("domain", "add", domain)
    token = web.project.add_token(domain, "mailboxes:create", "mailboxes:write", "mailboxes:read")
    addresses = [f"user{number}@{domain}" for number in range(creates)]

    def answers_of(number: int) -> list[Answer]:
        script = Script(web.port, token, seed=number)
        return [act(script, address) for address in addresses]

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = [*clients.map(answers_of, range(CLIENTS))]
    return dict(zip(addresses, map(list, zip(*answers, strict=True)), strict=True))


def created_once(web: Gunicorn, mariadb: MariaDB, domain: str, creates: int) -> None:
    """Each mailbox, its alias row and its audit entry; and nothing failed where no client saw it."""
    counts = {
        what: mariadb.execute(f"SELECT COUNT(*) FROM {what} = '{domain}'", database=web.project.database)[0][0]
        for what in ("mailbox WHERE domain", "alias WHERE domain", "mailadmin_audit WHERE domain_name")
    }
    # The domain's own creation is in the audit too.
    assert list(counts.values()) == [creates, creates, creates + 1], counts
    log = web.project.directory / "gunicorn.log"
    assert "Traceback" not in log.read_text(), last_lines(log)


def test_creates_with_a_key_are_done_once(web: Gunicorn, mariadb: MariaDB) -> None:
    def create(script: Script, address: str) -> Answer:
        body = {"address": address, "name": "One of many", "password_hash": password_hash()}
        return script.ask("POST", "/api/v1/mailboxes/", body, Idempotency_Key=f"onboard-{address}")

    answers = storm(web, "posted.example", CREATES, create)

    assert {answer.status for several in answers.values() for answer in several} == {201}
    assert [
        address for address, several in answers.items() if any(each.body != several[0].body for each in several)
    ] == []
    created_once(web, mariadb, "posted.example", CREATES)


def test_creates_without_a_key_are_done_once_and_then_told_to_be_there(web: Gunicorn, mariadb: MariaDB) -> None:
    def create(script: Script, address: str) -> Answer:
        return script.ask("POST", "/api/v1/mailboxes/", {"address": address, "password_hash": password_hash()})

    answers = storm(web, "bare.example", FEWER, create)

    assert {answer.status for several in answers.values() for answer in several} <= {201, 409}
    existing = {
        address: {each.body["existing"] for each in several if each.status == 409}
        for address, several in answers.items()
    }
    assert existing == {address: {f"/api/v1/mailboxes/{address}/"} for address in answers}
    created_once(web, mariadb, "bare.example", FEWER)


def test_puts_create_once_and_then_change_nothing(web: Gunicorn, mariadb: MariaDB) -> None:
    def put(script: Script, address: str) -> Answer:
        body = {"name": "One of many", "password_hash": password_hash()}
        return script.ask("PUT", f"/api/v1/mailboxes/{address}/", body)

    answers = storm(web, "put.example", CREATES, put)

    assert {answer.status for several in answers.values() for answer in several} == {200, 201}
    assert [address for address, several in answers.items() if [each.status for each in several].count(201) > 1] == []
    created_once(web, mariadb, "put.example", CREATES)
