"""Whom a link or a recovery address must not help: each of these once got in, or was not noticed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from domains.models import Domain
from mailadmin.accounts import services
from mailadmin.accounts.models import Account, Role
from mailadmin.letters.links import make_link
from mailadmin.letters.models import Purpose
from mailboxes.models import Mailbox
from mailboxes.services import edit_mailbox
from tests.accounts.conftest import with_app  # noqa: F401  # a fixture
from tests.accounts.test_races import at_once
from tests.factories import PASSWORD, actor_of, make_alias, make_alias_domain, make_domain, make_mailbox, system
from tests.refusals import nothing_written, refused
from tests.servers.letters import Outside

from .conftest import ELSEWHERE
from .reading import last_link, posted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_url")]
SET, CONFIRM = "/set-password/", "/account/recovery/confirm/"


def is_good(link: str) -> bool:
    client = Client()
    client.get(link)
    return client.get(SET).status_code == 200


# -- Links
def test_a_set_up_link_that_waited_is_not_sent_once_a_better_address_was_given(
    alice: Account, charlies_mailbox: Mailbox, smtp_server: Outside
) -> None:
    for address in ("a-slip@elsewhere.test", ELSEWHERE):
        services.send_mailbox_set_up(mailbox=charlies_mailbox, to=address, actor=actor_of(alice))

    assert [recipient for recipient, _subject in posted(smtp_server)] == [ELSEWHERE]
    assert is_good(last_link(smtp_server))


def test_nor_once_the_person_has_a_password(root: Account, alice: Account, smtp_server: Outside) -> None:
    services.send_administrator_set_up(account=alice, to=ELSEWHERE, actor=actor_of(root))
    services.set_administrator_password(account=alice, password="violet harbour kettle", actor=actor_of(root))

    assert ELSEWHERE not in [recipient for recipient, _subject in posted(smtp_server)]


def test_a_recovery_address_can_be_confirmed_by_a_sign_in_with_a_second_factor(
    charlie: Account,
    with_app: Callable[[Account], Any],  # noqa: F811
    smtp_server: Outside,
) -> None:
    app = with_app(charlie)
    posted(smtp_server)
    services.set_recovery_address(account=charlie, address=ELSEWHERE, actor=actor_of(charlie))
    posted(smtp_server)
    client = Client()

    page = client.get(client.get(last_link(smtp_server)).url)  # type: ignore[attr-defined]
    page = client.post(page.url, {"identifier": charlie.address, "password": PASSWORD})  # type: ignore[attr-defined]
    page = client.post(page.url, {"code": app.code()})  # type: ignore[attr-defined]

    assert page.url == CONFIRM  # type: ignore[attr-defined]
    assert client.get(CONFIRM).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_time", range(3))
def test_of_two_links_that_are_used_at_once_one_counts(_time: int) -> None:
    mailbox = edit_mailbox(mailbox=make_mailbox("joe@example.org"), changes={"email_other": ELSEWHERE}, actor=system())
    account = Account.objects.create(mailbox=mailbox, role=Role.MAILBOX_USER, confirmed_recovery_address=ELSEWHERE)
    made = [
        make_link(account=account, purpose=Purpose.RESET, sent_to=ELSEWHERE, lifetime=timedelta(hours=1))
        for _number in range(4)
    ]

    def use(url: str) -> str:
        token = url.rstrip("/").rpartition("/")[2]
        services.set_password_by_link(token=token, new="violet harbour kettle", client_address="")
        return "used"

    results = at_once(*[partial(use, url) for _link, url in made])

    assert sorted(results) == ["link_ended"] * 3 + ["used"]


# -- Recovery addresses
def test_the_owner_is_told_when_an_address_begins_to_open_the_account(
    charlie: Account, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    """Also the first one: whoever got in by a stolen password would keep a way in."""
    services.set_recovery_address(account=charlie, address=ELSEWHERE, actor=actor_of(charlie))
    posted(smtp_server)
    thief = signed_in(charlie)
    thief.get(last_link(smtp_server))

    thief.post(CONFIRM)

    assert [recipient for recipient, _subject in posted(smtp_server)] == [charlie.address, ELSEWHERE]


@pytest.fixture
def where_alice_reads(example_org: Domain, alice: Account) -> list[str]:
    """Addresses whose mail the administrator of example.org could turn away."""
    make_alias_domain("old.org", example_org)
    make_alias("boss@example.org", "boss@elsewhere.test")
    make_domain("example.com")
    make_alias("boss@example.com", "boss@example.org")
    return ["boss@example.org", "boss@old.org", "boss@example.com"]


def test_a_superadmins_recovery_address_is_in_no_domain_of_another_administrator(
    root: Account, where_alice_reads: list[str]
) -> None:
    for address in where_alice_reads:
        with refused("recovery_of_others", "address"), nothing_written():
            services.set_recovery_address(account=root, address=address, actor=actor_of(root))


def test_nor_does_one_count_that_came_to_be_there(
    root: Account, example_com: Domain, bob: Account, smtp_server: Outside, with_recovery: Callable[..., Account]
) -> None:
    """Confirmed before the domain was given to somebody."""
    with_recovery(root, "boss@example.com")

    services.request_reset(identifier=root.address, client_address="")

    assert posted(smtp_server) == []


def test_in_a_domain_of_their_own_they_may_be(alice: Account, example_org: Domain) -> None:
    make_alias("alice@example.org", "alice@elsewhere.test")

    account = services.set_recovery_address(account=alice, address="alice@example.org", actor=actor_of(alice))

    assert account.recovery_address == "alice@example.org"
