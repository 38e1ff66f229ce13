"""A site that keeps the Dovecot that it had for Postfixadmin, with what docs/vacation.md tells it to add."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.mailstack.stack import Stack
from tests.plugin import own_directory
from tests.servers.letters import letters, submit
from tests.servers.mariadb import MariaDB
from tests.servers.project import BASE_DIR

ANNA, BEN = "anna@example.org", "ben@example.org"
PASSWORD = "ein Pferd namens Heinz"
SIEVE = "protocol lda {\n  mail_plugins = $mail_plugins sieve\n}\n"  # as the guide for SOGo has it
SET_REPLY = """
from mailadmin.accounts.actors import Actor
from mailboxes.models import Mailbox
from vacations.services import set_vacation

mailbox = Mailbox.objects.get(pk="anna@example.org")
set_vacation(mailbox=mailbox, active=True, subject="Weg", body="Bis bald", actor=Actor.of_command())
"""


@pytest.fixture(scope="module")
def stack(mariadb: MariaDB, new_database: Callable[[], str]) -> Iterator[Stack]:
    stack = Stack(own_directory() / "vacation-own", mariadb, new_database(), seed=True)
    config = stack.mail.dovecot.config
    lines = documented_lines().replace("/srv/vmail", str(stack.project.mail_volume))
    config.write_text(config.read_text() + SIEVE + lines.replace(":25\n", f":{stack.mail.postfix.port}\n"))
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


def documented_lines() -> str:
    text = (BASE_DIR / "docs/vacation.md").read_text()
    [block] = re.findall(r"^    plugin \{\n.*?^    submission_host = [^\n]*\n", text, re.MULTILINE | re.DOTALL)
    return re.sub("^    ", "", block, flags=re.MULTILINE)


def test_the_documented_lines_answer(stack: Stack) -> None:
    stack.add_domain("example.org")
    for address in (ANNA, BEN):
        stack.add_mailbox(address, PASSWORD)
    stack.project.manage("alias", "add", "team@example.org", "--goto", ANNA)
    stack.project.manage("shell", "--no-imports", "-c", SET_REPLY)
    stack.wait_until_live()

    for recipient in ("team@example.org", ANNA):
        submit(stack.mail.postfix.submission_port, BEN, PASSWORD, recipient)
        stack.mail.postfix.wait_until_delivered()

    [answer] = letters(stack.mail.dovecot.port, BEN, PASSWORD)
    assert (answer["Subject"], answer["From"]) == ("Weg", "<team@example.org>")
    assert answer.get_payload(decode=True) == b"Bis bald\r\n"
    assert stack.letters_in("users/example.org/anna") == 2
    stack.verify()
