"""An administrator takes a password away, and its owner is sent a link to choose one."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.letters.models import Letter, Link
from mailadmin.mailhost.models import Kind as WorkKind
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.models import Mailbox
from mailboxes.services import set_mailbox_active
from tests.factories import PASSWORD, make_alias, make_mailbox, make_superadmin, system
from tests.refusals import nothing_written
from tests.servers.letters import Outside

from .conftest import ELSEWHERE
from .reading import flat, last_link, posted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_url")]
SET = "/set-password/"
NEW = "violet harbour kettle"


def signs_in(identifier: str, password: str) -> bool:
    return Client().post("/sign-in/", {"identifier": identifier, "password": password}).status_code == 302


def _payload(**overrides: str) -> dict[str, str]:
    return {"to": ELSEWHERE, **overrides}


@pytest.fixture
def joe(alice: Account) -> Mailbox:
    """Nobody has signed in to it yet."""
    MailHost.objects.get_or_create(name="main")
    return make_mailbox("joe@example.org")


@pytest.fixture
def page() -> str:
    return "/mailboxes/joe@example.org/set-up/"


def test_the_owner_of_a_mailbox_sets_the_first_password(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    response = signed_in(alice).post(page, _payload())

    assert response.url == "/mailboxes/joe@example.org/"  # type: ignore[attr-defined]
    assert not signs_in(joe.pk, PASSWORD)
    assert posted(smtp_server) == [(ELSEWHERE, "Set up your account: joe@example.org")]

    person = Client()
    assert person.get(last_link(smtp_server)).url == SET  # type: ignore[attr-defined]
    assert "Set up your account" in person.get(SET).content.decode()
    assert person.post(SET, {"new": NEW, "again": NEW}).url == "/sign-in/"  # type: ignore[attr-defined]
    assert signs_in(joe.pk, NEW)


def test_an_administrator_sets_the_first_password(
    root: Account, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    second = make_superadmin("second@example.net")
    signed_in(root).post(f"/administrators/{second.pk}/set-up/", _payload(to="second@example.net"))

    assert not signs_in("second@example.net", PASSWORD)
    assert posted(smtp_server) == [("second@example.net", "Set up your account: second@example.net")]
    person = Client()
    person.get(last_link(smtp_server))
    person.post(SET, {"new": NEW, "again": NEW})
    assert signs_in("second@example.net", NEW)


def test_the_link_is_good_for_the_hours_of_the_setting(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client], smtp_server: Outside, settings: Any
) -> None:
    settings.SET_UP_HOURS = 5
    signed_in(alice).post(page, _payload())
    posted(smtp_server)

    left = Link.objects.get().expires_at - timezone.now()
    assert timedelta(hours=4, minutes=59) < left <= timedelta(hours=5)
    assert "works once, until" in flat(smtp_server.letters[-1][1])


def test_who_was_signed_in_is_signed_out_and_the_mail_host_is_told(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client]
) -> None:
    person = Client()
    person.post("/sign-in/", {"identifier": joe.pk, "password": PASSWORD})
    signed_in(alice).post(page, _payload())

    assert person.get("/account/").status_code == 302
    assert PendingWork.objects.filter(kind=WorkKind.SIGN_IN, key=joe.pk).exists()


def test_audit_tells_who_and_where_to_and_not_the_link(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    signed_in(alice).post(page, _payload())
    posted(smtp_server)

    entry = Entry.objects.get(action="mailbox.set_up")
    assert (entry.actor, entry.object_key, entry.domain_name) == (alice.address, joe.pk, "example.org")
    assert (entry.before, entry.after) == ({}, {"sent_to": ELSEWHERE})
    token = last_link(smtp_server).split("/")[2]
    assert token not in f"{list(Entry.objects.values())}{list(Letter.objects.values())}{list(Link.objects.values())}"


def test_a_new_password_by_the_administrator_ends_the_link(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    client = signed_in(alice)
    client.post(page, _payload())
    posted(smtp_server)
    client.post("/mailboxes/joe@example.org/password/", {"password": NEW, "again": NEW})

    assert Client().get(last_link(smtp_server)).url == "/forgotten/"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("joe@example.org", "recovery_own"),
        ("team@example.org", "recovery_own"),
        ("no address", "address_no_at"),
        ("", "required"),
    ],
)
def test_the_mailbox_itself_and_nonsense_are_refused(
    to: str, code: str, alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client]
) -> None:
    make_alias("team@example.org", "joe@example.org")
    client = signed_in(alice)
    with nothing_written():
        response = client.post(page, _payload(to=to))

    assert [error.code for error in response.context["form"].errors.as_data()["to"]] == [code]
    assert signs_in(joe.pk, PASSWORD)


def test_a_mailbox_that_is_off_gets_no_link(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client]
) -> None:
    set_mailbox_active(mailbox=joe, active=False, actor=system())
    response = signed_in(alice).post(page, _payload())

    assert [error.code for error in response.context["form"].errors.as_data()["to"]] == ["set_up_inactive"]
    assert not Letter.objects.exists()


def test_a_site_without_links_takes_no_password_away(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client], settings: Any
) -> None:
    settings.SITE_URL = ""
    response = signed_in(alice).post(page, _payload())

    assert [error.code for error in response.context["form"].errors.as_data()["to"]] == ["links_off"]
    assert signs_in(joe.pk, PASSWORD)


def test_nobody_takes_the_own_password_away(root: Account, signed_in: Callable[[Account], Client]) -> None:
    response = signed_in(root).post(f"/administrators/{root.pk}/set-up/", _payload())

    assert [error.code for error in response.context["form"].non_field_errors().as_data()] == ["set_up_own"]
    assert signs_in(root.address, PASSWORD)


def test_the_letter_of_a_mailbox_that_was_deleted_meanwhile_is_not_sent(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client], smtp_server: Outside
) -> None:
    client = signed_in(alice)
    client.post(page, _payload())
    client.post("/mailboxes/joe@example.org/delete/")

    assert posted(smtp_server) == []


def test_the_page_proposes_the_address_that_is_known(
    alice: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client]
) -> None:
    Mailbox.objects.filter(pk=joe.pk).update(email_other=ELSEWHERE)

    assert signed_in(alice).get(page).context["form"]["to"].value() == ELSEWHERE


def test_of_another_domain_it_is_404_and_of_ones_own_mailbox_403(
    bob: Account, charlie: Account, joe: Mailbox, page: str, signed_in: Callable[[Account], Client]
) -> None:
    assert signed_in(bob).post(page, _payload()).status_code == 404
    assert signed_in(charlie).post(page, _payload()).status_code == 403
    assert signs_in(joe.pk, PASSWORD)


# -- By the command line
def test_the_command_makes_a_mailbox_whose_owner_chooses_the_password(alice: Account, smtp_server: Outside) -> None:
    command = ("mailbox", "add", "ann@example.org", "--name", "Ann", "--set-up-link", ELSEWHERE)
    call_command(*command, stdout=io.StringIO())

    assert posted(smtp_server) == [(ELSEWHERE, "Set up your account: ann@example.org")]
    person = Client()
    person.get(last_link(smtp_server))
    person.post(SET, {"new": NEW, "again": NEW})
    assert signs_in("ann@example.org", NEW)


def test_the_command_takes_a_password_away(joe: Mailbox, smtp_server: Outside) -> None:
    call_command("mailbox", "edit", joe.pk, "--set-up-link", ELSEWHERE, stdout=io.StringIO())

    assert not signs_in(joe.pk, PASSWORD)
    assert posted(smtp_server) == [(ELSEWHERE, "Set up your account: joe@example.org")]


def test_the_command_does_so_for_administrators(root: Account, smtp_server: Outside) -> None:
    call_command("admin", "add", "new@example.net", "--set-up-link", "new@example.net", stdout=io.StringIO())
    call_command("admin", "edit", root.address, "--set-up-link", ELSEWHERE, stdout=io.StringIO())

    assert posted(smtp_server) == [
        ("new@example.net", "Set up your account: new@example.net"),
        (ELSEWHERE, "Set up your account: root@example.net"),
    ]
    assert not signs_in(root.address, PASSWORD)


@pytest.mark.parametrize("to", ["ann@example.org", "no address", "|cmd"])
def test_the_command_refuses_what_the_page_refuses_and_makes_nothing(alice: Account, to: str) -> None:
    with nothing_written(), pytest.raises(CommandError):
        call_command("mailbox", "add", "ann@example.org", f"--set-up-link={to}", stdout=io.StringIO())
