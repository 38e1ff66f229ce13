"""Accounts made by a script that nobody watches: what REST has answered is so, on a real Postfix and a real Dovecot."""

from __future__ import annotations

import pytest

from tests.factories import password_hash
from tests.mailstack.stack import Stack
from tests.servers.letters import SENDER, SignInRefused, post, subjects, submit
from tests.servers.script import Script

PASSWORD = "ein Pferd namens Heinz"
ANNA = {"address": "anna@example.org", "name": "Anna Roth", "password": PASSWORD}
INFO = {"address": "info@example.org", "goto": ["anna@example.org"]}
WAIT = {"Prefer": "wait=10"}
TEMPLATE = """
addresses: ["{first}.{last}"]
aliases: ["{first_initial}{last}"]
groups: [all@example.org]
offboarding:
  reply_subject: "{name} has left"
  reply_body: "Please write to {successor}."
  forward_days: 30
"""
JOE = {
    "domain": "example.org",
    "person": {"given_name": "Joe", "family_name": "Doe", "external_id": "4711"},
    "password": PASSWORD,
}


@pytest.fixture(scope="module")
def script(stack: Stack) -> Script:
    stack.add_domain("example.org")
    return Script(stack.web.port, stack.project.add_token("night", "all"))


def written(stack: Stack) -> list[tuple[object, ...]]:
    """How much was ever recorded, or queued for the mail host."""
    tables = "SELECT MAX(id) FROM mailadmin_audit UNION ALL SELECT MAX(id) FROM mailadmin_pending_work"
    return stack.mariadb.execute(tables, database=stack.project.database)


def test_what_is_told_to_be_live_takes_mail(stack: Stack, script: Script) -> None:
    mailbox = script.ask("POST", "/api/v1/mailboxes/", ANNA, Idempotency_Key="anna", **WAIT)
    alias = script.ask("PUT", "/api/v1/aliases/info@example.org/", INFO, **WAIT)

    assert [(answer.status, answer.body["live"]) for answer in (mailbox, alias)] == [(201, True), (201, True)]
    letters = [post(stack.mail.postfix.port, address) for address in ("anna@example.org", "info@example.org")]
    stack.mail.postfix.wait_until_delivered()
    assert sorted(subjects(stack.mail.dovecot.port, "anna@example.org", PASSWORD)) == sorted(letters)

    before = written(stack)
    assert script.ask("POST", "/api/v1/mailboxes/", ANNA, Idempotency_Key="anna", **WAIT).body == mailbox.body
    assert script.ask("POST", "/api/v1/mailboxes/", ANNA).status == 409
    assert script.ask("PUT", "/api/v1/aliases/info@example.org/", INFO, **WAIT).body == alias.body
    assert written(stack) == before
    stack.verify()


def test_a_person_comes_and_leaves(stack: Stack, script: Script) -> None:
    smtp, imaps, submission = stack.mail.postfix.port, stack.mail.dovecot.port, stack.mail.postfix.submission_port
    stack.add_mailbox("eve@example.org", PASSWORD)
    script.ask("PUT", "/api/v1/aliases/all@example.org/", {"goto": ["eve@example.org"]})
    script.ask("PUT", "/api/v1/templates/everybody/", {"source": TEMPLATE})

    came = script.ask("POST", "/api/v1/onboardings/", JOE, Idempotency_Key="joe", **WAIT)

    assert (came.status, came.body["address"], came.body["live"]) == (201, "joe.doe@example.org", True)
    letters = [post(smtp, address) for address in ("joe.doe@example.org", "jdoe@example.org", "all@example.org")]
    stack.mail.postfix.wait_until_delivered()
    assert sorted(subjects(imaps, "joe.doe@example.org", PASSWORD)) == sorted(letters)
    submit(submission, "joe.doe@example.org", PASSWORD, "eve@example.org")

    before = written(stack)
    assert script.ask("POST", "/api/v1/onboardings/", JOE, Idempotency_Key="joe", **WAIT).body == came.body
    again = script.ask("POST", "/api/v1/onboardings/", JOE)
    assert (again.status, again.body["existing"]) == (409, "/api/v1/mailboxes/joe.doe@example.org/")
    assert written(stack) == before

    left = script.ask(
        "POST", "/api/v1/offboardings/", {"address": "joe.doe@example.org", "successor": "eve@example.org"}, **WAIT
    )

    assert (left.status, left.body["state"], left.body["live"]) == (201, "running", True)
    with pytest.raises(SignInRefused):
        subjects(imaps, "joe.doe@example.org", PASSWORD)
    with pytest.raises(SignInRefused):
        submit(submission, "joe.doe@example.org", PASSWORD, "eve@example.org")
    stack.mail.outside.letters.clear()
    letter = post(smtp, "joe.doe@example.org")
    stack.mail.postfix.wait_until_delivered()
    assert letter in subjects(imaps, "eve@example.org", PASSWORD)
    [(recipients, reply)] = stack.mail.outside.letters
    assert (recipients, reply["Subject"]) == ([SENDER], "Joe Doe has left")
    assert "Please write to eve@example.org." in reply.get_payload()
    stack.verify()


def test_a_mail_host_that_is_away_is_told_with_a_job_to_poll(stack: Stack, script: Script) -> None:
    stack.worker.kill()
    body = {"address": "late@example.org", "password_hash": password_hash()}
    late = script.ask("POST", "/api/v1/mailboxes/", body, Prefer="wait=1")
    job = late.headers["Location"]

    assert (late.status, late.body["live"]) == (202, False)
    assert script.ask("GET", job).body["done_at"] is None
    stack.worker.start()
    stack.wait_until_live()
    assert script.ask("GET", job).body["done_at"] is not None
    assert script.ask("GET", "/api/v1/mailboxes/late@example.org/").body["live"] is True
