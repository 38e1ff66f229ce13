"""Whose account was touched is told, at the account's address and at the recovery address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app_passwords.models import Protocol
from app_passwords.services import create_app_password
from mailadmin.accounts.models import Account
from mailadmin.accounts.services import (
    change_own_password,
    set_administrator_password,
)
from mailboxes.services import set_mailbox_password
from tests.factories import PASSWORD, actor_of, make_mailbox
from tests.servers.letters import Outside

from .conftest import ELSEWHERE
from .reading import flat, posted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_url")]
NEW = "violet harbour kettle"


@pytest.fixture
def person(charlie: Account, with_recovery: Callable[..., Account]) -> Account:
    return with_recovery(charlie)


def both(subject: str) -> list[tuple[str, str]]:
    return [("charlie@example.org", subject), (ELSEWHERE, subject)]


def test_of_a_password_that_one_changed(person: Account, smtp_server: Outside) -> None:
    change_own_password(account=person, current=PASSWORD, new=NEW, actor=actor_of(person))

    assert posted(smtp_server) == both("Your password was changed: charlie@example.org")
    assert "from the network address 192.0.2.7" in flat(smtp_server.letters[0][1])
    assert NEW not in flat(smtp_server.letters[0][1])


def test_of_a_password_that_an_administrator_set(person: Account, alice: Account, smtp_server: Outside) -> None:
    assert person.mailbox
    set_mailbox_password(mailbox=person.mailbox, password=NEW, actor=actor_of(alice))

    assert posted(smtp_server) == both("An administrator set your password: charlie@example.org")
    text = flat(smtp_server.letters[0][1])
    assert "It was done by alice@example.net." in text
    assert "If you did not expect this, ask your administrator." in text


def test_of_an_administrators_password(alice: Account, root: Account, smtp_server: Outside) -> None:
    set_administrator_password(account=alice, password=NEW, actor=actor_of(root))

    assert posted(smtp_server) == [("alice@example.net", "An administrator set your password: alice@example.net")]


def test_who_never_signed_in_has_no_account_to_be_told_of(alice: Account, smtp_server: Outside) -> None:
    set_mailbox_password(mailbox=make_mailbox("joe@example.org"), password=NEW, actor=actor_of(alice))

    assert posted(smtp_server) == []


def test_of_an_app_password(person: Account, smtp_server: Outside) -> None:
    assert person.mailbox
    _row, secret = create_app_password(
        mailbox=person.mailbox, name="Phone & tablet", protocols=[Protocol.IMAP], actor=actor_of(person)
    )

    assert posted(smtp_server) == both("New app password: charlie@example.org")
    text = flat(smtp_server.letters[0][1])
    assert "“Phone & tablet”" in text
    assert secret not in text
