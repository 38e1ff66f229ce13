"""Forwarding by whose mailbox it is: what the site allows, and what is refused with nothing written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from aliases.models import Alias
from aliases.targets import unknown_here
from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.models import Mailbox
from mailboxes.services import set_forwarding
from tests.factories import actor_of, make_alias, make_alias_domain, make_domain, make_mailbox, system
from tests.refusals import nothing_written, refused

pytestmark = pytest.mark.django_db
URL = reverse("mailboxes:own_forwarding")


def forward(account: Account, *targets: str, keep_copy: bool = True) -> Alias:
    assert account.mailbox is not None
    return set_forwarding(mailbox=account.mailbox, targets=list(targets), keep_copy=keep_copy, actor=actor_of(account))


def refuses(code: str, account: Account, *targets: str) -> None:
    with refused(code, "targets"), nothing_written():
        forward(account, *targets)


# -- The service
def test_ones_own_with_and_without_a_copy(charlie: Account) -> None:
    MailHost.objects.get_or_create(name="main")
    assert forward(charlie, "Friend@Elsewhere.test").goto == "charlie@example.org,friend@elsewhere.test"
    assert forward(charlie, "friend@elsewhere.test", keep_copy=False).goto == "friend@elsewhere.test"
    assert forward(charlie, keep_copy=False).goto == "charlie@example.org"

    entries = Entry.objects.filter(action="mailbox.forwarding")
    assert [(entry.actor, entry.object_key) for entry in entries] == [("charlie@example.org",) * 2] * 3
    assert PendingWork.objects.filter(key="charlie@example.org", kind="address").exists()


def test_nobody_elses(charlie: Account, bob: Account) -> None:
    joe = make_mailbox("joe@example.org")
    for actor in (actor_of(charlie), actor_of(bob)):
        with nothing_written(), pytest.raises(PermissionDenied):
            set_forwarding(mailbox=joe, targets=["x@elsewhere.test"], keep_copy=True, actor=actor)


def test_to_itself_by_any_name_is_refused(charlie: Account) -> None:
    assert charlie.mailbox is not None
    make_alias_domain("old.org", charlie.mailbox.domain)
    make_alias("ring@example.org", "charlie@example.org")

    refuses("target_itself", charlie, "charlie@example.org")
    refuses("target_itself", charlie, "friend@elsewhere.test", "CHARLIE@Example.Org")
    refuses("alias_loop", charlie, "charlie@old.org")
    refuses("alias_loop", charlie, "ring@example.org")


def test_a_loop_of_two_mailboxes_is_refused(charlie: Account) -> None:
    joe = make_mailbox("joe@example.org")
    set_forwarding(mailbox=joe, targets=["charlie@example.org"], keep_copy=True, actor=system())
    refuses("alias_loop", charlie, "joe@example.org")


@pytest.mark.parametrize("target", ["|cmd", '"|/bin/sh"', "/etc/passwd", ":include:/etc/passwd"])
def test_what_is_no_address_is_refused(target: str, charlie: Account) -> None:
    refuses("target_not_address", charlie, target)


def test_as_many_as_the_site_says(charlie: Account, alice: Account, settings: Any) -> None:
    settings.FORWARDING_TARGETS_AT_MOST = 3
    many = [f"friend{number}@elsewhere.test" for number in range(1000)]
    forward(charlie, *many[:3])
    refuses("target_too_many", charlie, *many[:4])
    refuses("target_too_many", charlie, *many)
    # Whom the limit does not hold: an administrator of the domain.
    assert charlie.mailbox is not None
    set_forwarding(mailbox=charlie.mailbox, targets=many[:4], keep_copy=True, actor=actor_of(alice))


def test_outside_where_the_site_forbids_it(charlie: Account, alice: Account, settings: Any) -> None:
    settings.FORWARD_OUTSIDE = False
    make_mailbox("joe@example.com")
    forward(charlie, "joe@example.com")
    refuses("target_outside", charlie, "joe@example.com", "friend@elsewhere.test")

    # What an administrator has put there stays, also when its owner changes the rest.
    assert charlie.mailbox is not None
    set_forwarding(mailbox=charlie.mailbox, targets=["boss@elsewhere.test"], keep_copy=True, actor=actor_of(alice))
    assert forward(charlie, "boss@elsewhere.test", keep_copy=False).goto == "boss@elsewhere.test"
    refuses("target_outside", charlie, "boss@elsewhere.test", "friend@elsewhere.test")


def test_a_slip_in_an_address_of_this_server_is_refused(charlie: Account) -> None:
    make_mailbox("joe@example.org")
    refuses("target_unknown", charlie, "jo@example.org")
    forward(charlie, "joe@example.org")


def test_which_addresses_nobody_has(example_org: Domain) -> None:
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    make_alias_domain("old.org", example_org)
    make_domain("catch.org")
    make_alias("@catch.org", "joe@example.org")
    make_domain("backup.org", backup_mx=True)
    make_domain("hop.org", transport="smtp:[192.0.2.1]")
    own = ["joe@example.org", "team@example.org", "joe@old.org", "team@old.org", "any@catch.org"]
    others = ["any@backup.org", "any@hop.org", "any@elsewhere.test"]
    nobodys = ["jo@example.org", "jo@old.org"]

    assert unknown_here([*own, *others, *nobodys]) == nobodys
    assert unknown_here([]) == []


# -- The page
@pytest.fixture
def client(signed_in: Callable[[Account], Client], charlie: Account) -> Client:
    return signed_in(charlie)


def test_the_page_saves_and_shows_it(client: Client) -> None:
    response = client.post(URL, {"targets": "friend@elsewhere.test", "keep_copy": "on"}, follow=True)

    assert response.redirect_chain == [(reverse("accounts:own"), 302)]
    assert next(str(each) for each in response.context["messages"]).startswith("Your forwarding is saved.")
    form = client.get(URL).context["form"]
    assert form["targets"].value() == "friend@elsewhere.test"
    assert form["keep_copy"].value() is True


BAD = {
    "itself": "charlie@example.org",
    "a command": "|cmd",
    "a thousand": "\n".join(f"x{number}@elsewhere.test" for number in range(1000)),
    "no address": "friend",
    "1 MB": "x" * 1_000_000,
    "NUL": "a\0@elsewhere.test",
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_an_error_at_the_targets_and_kept_as_typed(case: str, client: Client) -> None:
    with nothing_written():
        response = client.post(URL, {"targets": BAD[case], "keep_copy": "on"})

    form = response.context["form"]
    assert list(form.errors) == ["targets"]
    assert form["targets"].value() == BAD[case]


def test_a_stale_page_is_told_what_is_there_now(client: Client, charlies_mailbox: Mailbox) -> None:
    form = client.get(URL).context["form"]
    set_forwarding(mailbox=charlies_mailbox, targets=["boss@elsewhere.test"], keep_copy=True, actor=system())

    response = client.post(URL, {"targets": "x@elsewhere.test", "revision": form["revision"].value()})

    assert "Now: boss@elsewhere.test" in response.content.decode()


def test_the_password_is_asked_for_again(charlie: Account) -> None:
    client = Client()
    client.force_login(charlie)
    with nothing_written():
        response = client.post(URL, {"targets": "x@elsewhere.test"})
    assert response["Location"] == "/account/confirm/?next=%2Faccount%2Fforwarding%2F"
