"""What points at an address that goes away: named where it is one's own, and else only counted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from aliases.models import Alias
from domains.models import Domain
from domains.services import delete_alias_domain
from mailboxes.services import delete_mailbox, rename_mailbox, restore_mailbox, set_forwarding

from ..factories import make_alias, make_alias_domain, make_mailbox, system
from ..refusals import refused

pytestmark = pytest.mark.django_db


def test_aliases_of_other_peoples_domains_are_counted_and_not_named(
    alice_client: Client, root_client: Client, domain: Domain, other_domain: Domain
) -> None:
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    make_alias("secret@example.com", "joe@example.org")
    for name in ("mailboxes:delete", "mailboxes:references"):
        url = reverse(name, args=["joe@example.org"])
        for client, named in ((alice_client, False), (root_client, True)):
            page = client.get(url).content.decode()
            assert "team@example.org" in page
            assert ("secret@example.com" in page) is named
            assert ("and 1 more" in page) is not named


def test_nothing_points_at_what_a_deletion_took_along(domain: Domain, other_domain: Domain) -> None:
    """The mailbox, the alias that had only this target, and the alias that had only that one."""
    old = make_alias_domain("old.org", domain)
    joe = make_mailbox("joe@example.org")
    make_alias("only@example.com", "joe@example.org")
    make_alias("further@example.com", "only@example.com")
    make_alias("by-old-name@example.com", "joe@old.org", "x@elsewhere.test")

    delete_mailbox(mailbox=joe, actor=system())

    assert {alias.pk: alias.targets for alias in Alias.objects.all()} == {
        "by-old-name@example.com": ["x@elsewhere.test"]
    }
    assert old.target_id == "example.org"


def test_what_pointed_at_the_old_name_follows_a_rename(domain: Domain, other_domain: Domain) -> None:
    make_alias_domain("old.org", domain)
    joe = make_mailbox("joe@example.org")
    make_alias("x@example.com", "joe@old.org")
    rename_mailbox(mailbox=joe, address="jim@example.org", actor=system())
    assert Alias.objects.get(pk="x@example.com").targets == ["jim@example.org"]


def test_what_pointed_into_an_alias_domain_points_at_its_target(domain: Domain, other_domain: Domain) -> None:
    old = make_alias_domain("old.org", domain)
    make_mailbox("joe@example.org")
    make_alias("x@example.com", "joe@old.org", "y@elsewhere.test")
    delete_alias_domain(alias_domain=old, actor=system())
    assert Alias.objects.get(pk="x@example.com").targets == ["joe@example.org", "y@elsewhere.test"]


def test_a_restored_mailbox_closes_no_loop(domain: Domain) -> None:
    joe, ann = make_mailbox("joe@example.org"), make_mailbox("ann@example.org")
    set_forwarding(mailbox=joe, targets=["ann@example.org"], keep_copy=False, actor=system())
    archived = delete_mailbox(mailbox=joe, actor=system())
    set_forwarding(mailbox=ann, targets=["joe@example.org"], keep_copy=False, actor=system())

    with refused("alias_loop", field="address"):
        restore_mailbox(archived=archived, actor=system())


def test_a_renamed_mailbox_closes_no_loop(domain: Domain) -> None:
    joe, ann = make_mailbox("joe@example.org"), make_mailbox("ann@example.org")
    set_forwarding(mailbox=ann, targets=["jim@example.org"], keep_copy=False, actor=system())
    set_forwarding(mailbox=joe, targets=["ann@example.org"], keep_copy=False, actor=system())

    with refused("alias_loop", field="address"):
        rename_mailbox(mailbox=joe, address="jim@example.org", actor=system())
