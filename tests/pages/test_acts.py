"""Forms, confirmations and bulk acts: the wiring. What is allowed is tested at the services."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from aliases.models import Alias
from domains.models import AliasDomain, Domain
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost
from mailadmin.revisions import revision
from mailboxes.models import ArchivedMailbox, Mailbox
from mailboxes.services import delete_mailbox, edit_mailbox

from ..factories import PASSWORD, make_alias, make_domain, make_mailbox, system

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "blue lamp under seven trees"


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def domain_payload(**overrides: Any) -> dict[str, Any]:
    return {
        "name": "new.example",
        "description": "New",
        "max_mailboxes": "10",
        "max_aliases": "20",
        "max_quota_mb": "1000",
        "quota_mb": "10000",
        "transport": "virtual",
        "password_expiry_days": "0",
        "active": "on",
    } | overrides


def mailbox_payload(**overrides: Any) -> dict[str, Any]:
    return {
        "local_part": "joe",
        "domain": "example.org",
        "name": "Joe",
        "password": NEW_PASSWORD,
        "again": NEW_PASSWORD,
        "quota": "10",
        "active": "on",
    } | overrides


def alias_payload(**overrides: Any) -> dict[str, Any]:
    return {
        "local_part": "team",
        "domain": "example.org",
        "targets": "joe@example.net\nann@example.net",
        "description": "The team",
        "active": "on",
    } | overrides


# -- Each act goes through
def test_a_domain_is_added(root_client: Client) -> None:
    payload = domain_payload(name="Bücher.example", role_aliases_to="admin@example.net", backup_mx="on")
    response = root_client.post(reverse("domains:create"), payload)
    domain = Domain.objects.get()
    assert response["Location"] == reverse("domains:detail", args=["xn--bcher-kva.example"])
    assert (domain.pk, domain.max_aliases, domain.quota_mb, domain.backup_mx, domain.active) == (
        "xn--bcher-kva.example",
        20,
        10000,
        True,
        True,
    )
    assert Alias.objects.count() == 4
    entry = Entry.objects.get(action="domain.create")
    assert (entry.actor, entry.face, entry.client_address) == ("root@example.net", "page", "127.0.0.1")


def test_a_domain_is_changed_switched_off_on_and_deleted(root_client: Client, domain: Domain) -> None:
    shown = root_client.get(reverse("domains:edit", args=[domain.pk])).context["form"].initial
    payload = domain_payload(description="Changed", revision=revision(domain))
    root_client.post(reverse("domains:edit", args=[domain.pk]), payload)
    domain.refresh_from_db()
    assert (shown["description"], domain.description) == ("", "Changed")
    root_client.post(reverse("domains:off", args=[domain.pk]))
    domain.refresh_from_db()
    assert domain.active is False
    root_client.post(reverse("domains:on", args=[domain.pk]))
    domain.refresh_from_db()
    assert domain.active is True
    root_client.post(reverse("domains:delete", args=[domain.pk]))
    assert not Domain.objects.exists()


def test_an_alias_domain_is_added_changed_and_deleted(root_client: Client, domain: Domain) -> None:
    payload = {"name": "old.org", "target": "example.org", "description": "", "active": "on"}
    root_client.post(reverse("domains:alias_create"), payload)
    row = AliasDomain.objects.get()
    assert (row.pk, row.target_id, row.active) == ("old.org", "example.org", True)
    changed = {"target": "example.org", "description": "The old name", "revision": revision(row)}
    root_client.post(reverse("domains:alias_edit", args=["old.org"]), changed)
    assert AliasDomain.objects.get().description == "The old name"
    root_client.post(reverse("domains:alias_off", args=["old.org"]))
    assert AliasDomain.objects.get().active is False
    root_client.post(reverse("domains:alias_on", args=["old.org"]))
    assert AliasDomain.objects.get().active is True
    root_client.post(reverse("domains:alias_delete", args=["old.org"]))
    assert not AliasDomain.objects.exists()


def test_a_mailbox_is_added(alice_client: Client, domain: Domain, settings: Any) -> None:
    response = alice_client.post(reverse("mailboxes:create"), mailbox_payload())
    mailbox = Mailbox.objects.get()
    assert response["Location"] == reverse("mailboxes:detail", args=["joe@example.org"])
    assert (mailbox.pk, mailbox.name, mailbox.quota_bytes) == (
        "joe@example.org",
        "Joe",
        10 * settings.QUOTA_MULTIPLIER,
    )


def test_a_mailbox_without_a_quota_gets_the_largest_of_its_domain(root_client: Client) -> None:
    domain = make_domain("example.org", max_quota_mb=77)
    root_client.post(reverse("mailboxes:create"), mailbox_payload(quota=""))
    assert Mailbox.objects.get().quota_bytes == domain.max_quota_bytes


def test_a_quota_that_is_no_whole_number_of_megabytes_survives_an_edit(root_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org", quota_bytes=1_234_567)
    form = root_client.get(reverse("mailboxes:edit", args=[mailbox.pk])).context["form"]
    payload = {"name": "New", "quota": form["quota"].value(), "smtp_active": "on", "revision": revision(mailbox)}
    root_client.post(reverse("mailboxes:edit", args=[mailbox.pk]), payload)
    mailbox.refresh_from_db()
    assert (mailbox.name, mailbox.quota_bytes) == ("New", 1_234_567)


def test_a_mailbox_gets_a_password_a_forwarding_and_another_address(alice_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org")
    before = mailbox.password
    alice_client.post(
        reverse("mailboxes:password", args=[mailbox.pk]), {"password": NEW_PASSWORD, "again": NEW_PASSWORD}
    )
    mailbox.refresh_from_db()
    assert mailbox.password != before
    forwarding = {"targets": "joe@example.net", "revision": revision(Alias.objects.get())}
    alice_client.post(reverse("mailboxes:forwarding", args=[mailbox.pk]), forwarding)
    assert Alias.objects.get().targets == ["joe@example.net"]
    alice_client.post(reverse("mailboxes:rename", args=[mailbox.pk]), {"address": "jo@example.org", "keep_alias": "on"})
    assert Mailbox.objects.get().pk == "jo@example.org"
    assert Alias.objects.get(pk="joe@example.org").targets == ["jo@example.org"]


def test_a_mailbox_is_deleted_and_restored(alice_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org")
    alice_client.post(reverse("mailboxes:off", args=[mailbox.pk]))
    assert Mailbox.objects.get().active is False
    alice_client.post(reverse("mailboxes:on", args=[mailbox.pk]))
    assert Mailbox.objects.get().active is True
    alice_client.post(reverse("mailboxes:delete", args=[mailbox.pk]))
    assert not Mailbox.objects.exists()
    archived = ArchivedMailbox.objects.get()
    alice_client.post(reverse("mailboxes:archive_restore", args=[archived.pk]))
    assert Mailbox.objects.get().pk == "joe@example.org"
    assert alice_client.get(reverse("mailboxes:archive_restore", args=[archived.pk])).status_code == 404


def test_an_alias_and_a_catch_all_are_added(alice_client: Client, domain: Domain) -> None:
    alice_client.post(reverse("aliases:create"), alias_payload())
    assert Alias.objects.get().targets == ["joe@example.net", "ann@example.net"]
    alice_client.post(reverse("aliases:create"), alias_payload(local_part="", catch_all="on"))
    assert Alias.objects.get(pk="@example.org").is_catch_all


def test_an_alias_is_changed_switched_and_deleted(alice_client: Client, domain: Domain) -> None:
    alias = make_alias("team@example.org", "joe@example.net")
    payload = {"targets": "ann@example.net", "description": "New", "revision": revision(alias)}
    alice_client.post(reverse("aliases:edit", args=[alias.pk]), payload)
    alias.refresh_from_db()
    assert (alias.goto, alias.description) == ("ann@example.net", "New")
    alice_client.post(reverse("aliases:off", args=[alias.pk]))
    assert Alias.objects.get().active is False
    alice_client.post(reverse("aliases:on", args=[alias.pk]))
    assert Alias.objects.get().active is True
    alice_client.post(reverse("aliases:delete", args=[alias.pk]))
    assert not Alias.objects.exists()


# -- What it tells
def test_the_message_says_whether_the_change_is_live(root_client: Client, domain: Domain) -> None:
    MailHost.objects.get_or_create(name="main")
    response = root_client.post(reverse("aliases:create"), alias_payload())
    assert told(response) == ["The alias team@example.org is there. It will be live in a moment."]


def test_without_a_mail_host_the_message_claims_no_wait(root_client: Client, domain: Domain) -> None:
    MailHost.objects.all().delete()
    response = root_client.post(reverse("aliases:create"), alias_payload())
    assert told(response) == ["The alias team@example.org is there. It is live."]


# -- Refusals
@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"local_part": "a/b"}, "local_part"),
        ({"local_part": "../x"}, "local_part"),
        ({"local_part": ".joe"}, "local_part"),
        ({"local_part": "a\nb"}, "local_part"),
        ({"local_part": "x" * 65}, "local_part"),
        ({"local_part": "jöe"}, "local_part"),
        ({"local_part": "taken"}, "local_part"),
        ({"domain": "example.com"}, "domain"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "x" * 1025, "again": "x" * 1025}, "password"),
        ({"again": "another one"}, "again"),
        ({"quota": "-1"}, "quota"),
        ({"quota": "many"}, "quota"),
        ({"quota": "999"}, "quota"),
        ({"quota": "1e400"}, "quota"),
        ({"quota": "NaN"}, "quota"),
        ({"name": "x" * 256}, "name"),
    ],
)
def test_a_mailbox_that_is_refused_says_why_at_the_field(
    root_client: Client, overrides: dict[str, Any], field: str
) -> None:
    make_domain("example.org", max_quota_mb=100)
    make_alias("taken@example.org", "a@example.net")
    if field == "domain":
        overrides = {"domain": "unknown.org"}

    response = root_client.post(reverse("mailboxes:create"), mailbox_payload(**overrides))

    assert list(response.context["form"].errors) == [field]
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"targets": "|cmd"}, "targets"),
        ({"targets": ":include:/etc/passwd"}, "targets"),
        ({"targets": "/dev/null"}, "targets"),
        ({"targets": ""}, "targets"),
        ({"targets": "team@example.org"}, "targets"),
        ({"local_part": ""}, "local_part"),
        ({"catch_all": "on"}, "local_part"),
        ({"local_part": "a b"}, "local_part"),
    ],
)
def test_an_alias_that_is_refused_says_why_at_the_field(
    root_client: Client, domain: Domain, overrides: dict[str, Any], field: str
) -> None:
    response = root_client.post(reverse("aliases:create"), alias_payload(**overrides))
    assert list(response.context["form"].errors) == [field]
    assert not Alias.objects.exists()


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"name": "-a.org"}, "name"),
        ({"name": "a..b"}, "name"),
        ({"name": "192.0.2.1"}, "name"),
        ({"name": "localhost"}, "name"),
        ({"max_mailboxes": "-2"}, "max_mailboxes"),
        ({"max_mailboxes": "99999999999"}, "max_mailboxes"),
        ({"quota_mb": "lots"}, "quota_mb"),
        ({"transport": "smtp:[a] x"}, "transport"),
        ({"role_aliases_to": "nobody"}, "role_aliases_to"),
        ({"password_expiry_days": "-1"}, "password_expiry_days"),
    ],
)
def test_a_domain_that_is_refused_says_why_at_the_field(
    root_client: Client, overrides: dict[str, Any], field: str
) -> None:
    response = root_client.post(reverse("domains:create"), domain_payload(**overrides))
    assert list(response.context["form"].errors) == [field]
    assert not Domain.objects.exists()


def test_what_was_typed_is_still_there_but_for_the_passwords(root_client: Client, domain: Domain) -> None:
    response = root_client.post(reverse("mailboxes:create"), mailbox_payload(local_part="a/b", name="Jöe"))
    text = response.content.decode()
    assert ('value="a/b"' in text, 'value="Jöe"' in text, NEW_PASSWORD in text) == (True, True, False)


# -- Someone else was faster
def test_a_stale_form_shows_what_is_there_now_and_saves_nothing(root_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org", name="Before")
    url, old = reverse("mailboxes:edit", args=[mailbox.pk]), revision(mailbox)
    edit_mailbox(mailbox=mailbox, changes={"name": "By someone else"}, actor=system())

    response = root_client.post(url, {"name": "Mine", "quota": "0", "smtp_active": "on", "revision": old})

    text = response.content.decode()
    mailbox.refresh_from_db()
    assert mailbox.name == "By someone else"
    assert [error.code for error in response.context["form"].non_field_errors().as_data()] == ["stale"]
    assert ('value="Mine"' in text, "Now: By someone else" in text) == (True, True)


def test_a_stale_form_sent_again_is_a_decision(root_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org", name="Before")
    url, old = reverse("mailboxes:edit", args=[mailbox.pk]), revision(mailbox)
    edit_mailbox(mailbox=mailbox, changes={"name": "By someone else"}, actor=system())
    payload = {"name": "Mine", "quota": "0", "smtp_active": "on", "revision": old}
    shown = root_client.post(url, payload).context["form"]

    root_client.post(url, payload | {"revision": shown["revision"].value()})

    mailbox.refresh_from_db()
    assert mailbox.name == "Mine"


def test_a_stale_forwarding_shows_what_is_there_now(root_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org")
    url = reverse("mailboxes:forwarding", args=[mailbox.pk])
    payload = {"targets": "mine@example.net", "keep_copy": "on", "revision": "0" * 16}
    response = root_client.post(url, payload)
    assert [error.code for error in response.context["form"].non_field_errors().as_data()] == ["stale"]
    assert Alias.objects.get().targets == ["joe@example.org"]


# -- Confirmation
def test_deleting_says_first_what_points_at_it(root_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org", "ann@example.net")
    response = root_client.get(reverse("mailboxes:delete", args=[mailbox.pk]))
    assert [alias.pk for alias in response.context["references"]] == ["team@example.org"]
    assert "team@example.org" in response.content.decode()
    assert Mailbox.objects.exists()


def test_a_confirmation_that_is_refused_says_why(root_client: Client, domain: Domain) -> None:
    make_mailbox("gone@example.org")
    archived = delete_mailbox(mailbox=Mailbox.objects.get(), actor=system())
    make_alias("gone@example.org", "a@example.net")
    response = root_client.post(reverse("mailboxes:archive_restore", args=[archived.pk]))
    assert response.context["errors"] == ["gone@example.org is an alias already."]
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(("maps_type", "warned"), [("lmdb", False), ("sql", True)])
def test_switching_a_domain_off_says_what_postfixadmins_queries_do_not_see(
    root_client: Client, domain: Domain, settings: Any, maps_type: str, warned: bool
) -> None:
    settings.MAPS_TYPE = maps_type
    text = root_client.get(reverse("domains:off", args=[domain.pk])).content.decode()
    assert ("own queries" in text) is warned


def test_next_leads_back_only_to_pages_of_ours(root_client: Client, domain: Domain) -> None:
    make_alias("team@example.org", "joe@example.net")
    url = reverse("aliases:off", args=["team@example.org"])
    assert root_client.post(url, {"next": "/aliases/?q=te"})["Location"] == "/aliases/?q=te"
    for evil in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"):
        assert root_client.post(url, {"next": evil})["Location"] == reverse("aliases:list")


# -- Bulk
def bulk(client: Client, name: str, *keys: str, **more: str) -> Any:
    return client.post(reverse(name), {"key": keys, **more})


def test_bulk_asks_first_and_then_does_it_to_all(alice_client: Client, domain: Domain) -> None:
    addresses = [make_mailbox(f"user{number}@example.org").pk for number in range(3)]
    asked = bulk(alice_client, "mailboxes:bulk_off", *addresses)
    assert [item[0] for item in asked.context["items"]] == addresses
    assert Mailbox.objects.filter(active=True).count() == 3
    done = bulk(alice_client, "mailboxes:bulk_off", *addresses, confirmed="1", next="/mailboxes/?q=user")
    assert (done["Location"], Mailbox.objects.filter(active=False).count()) == ("/mailboxes/?q=user", 3)
    bulk(alice_client, "mailboxes:bulk_on", *addresses, confirmed="1")
    assert Mailbox.objects.filter(active=True).count() == 3
    bulk(alice_client, "mailboxes:bulk_delete", *addresses, confirmed="1")
    assert (Mailbox.objects.count(), ArchivedMailbox.objects.count()) == (0, 3)


def test_bulk_does_all_or_nothing_and_says_which_would_not(root_client: Client) -> None:
    target = make_domain("target.org")
    make_domain("free.org")
    AliasDomain.objects.create(name="old.org", target=target)
    entries = Entry.objects.count()

    response = bulk(root_client, "domains:bulk_delete", "free.org", "target.org", confirmed="1")

    assert [(key, bool(errors)) for key, _row, errors in response.context["items"]] == [
        ("free.org", False),
        ("target.org", True),
    ]
    assert sorted(Domain.objects.values_list("pk", flat=True)) == ["free.org", "target.org"]
    assert Entry.objects.count() == entries
    assert bulk(root_client, "domains:bulk_delete", "free.org", confirmed="1").status_code == 302
    assert Domain.objects.get().pk == "target.org"


def test_bulk_tells_what_this_administrator_may_not(alice_client: Client, domain: Domain) -> None:
    make_alias("postmaster@example.org", "a@example.net")
    make_alias("team@example.org", "a@example.net")
    response = bulk(alice_client, "aliases:bulk_delete", "postmaster@example.org", "team@example.org", confirmed="1")
    errors = {key: errors for key, _row, errors in response.context["items"]}
    assert errors == {"postmaster@example.org": ["You may not change this one."], "team@example.org": []}
    assert Alias.objects.count() == 2


def test_bulk_with_a_row_of_another_domain_is_not_found(bob_client: Client, domain: Domain) -> None:
    make_mailbox("mine@example.com")
    make_mailbox("theirs@example.org")
    response = bulk(bob_client, "mailboxes:bulk_delete", "mine@example.com", "theirs@example.org", confirmed="1")
    assert (response.status_code, Mailbox.objects.count()) == (404, 2)


def test_bulk_with_nothing_chosen_says_so(root_client: Client) -> None:
    response = bulk(root_client, "mailboxes:bulk_delete")
    assert told(response) == ["Choose at least one row first."]


def test_bulk_of_the_aliases(root_client: Client, domain: Domain) -> None:
    first, second = make_alias("a@example.org", "x@example.net"), make_alias("b@example.org", "a@example.org")
    bulk(root_client, "aliases:bulk_off", first.pk, second.pk, confirmed="1")
    assert Alias.objects.filter(active=False).count() == 2
    bulk(root_client, "aliases:bulk_on", first.pk, second.pk, confirmed="1")
    assert Alias.objects.filter(active=True).count() == 2
    bulk(root_client, "aliases:bulk_delete", first.pk, second.pk, confirmed="1")
    assert not Alias.objects.exists()


def test_bulk_of_the_domains(root_client: Client, domain: Domain, other_domain: Domain) -> None:
    bulk(root_client, "domains:bulk_off", domain.pk, other_domain.pk, confirmed="1")
    assert Domain.objects.filter(active=False).count() == 2
    bulk(root_client, "domains:bulk_on", domain.pk, other_domain.pk, confirmed="1")
    assert Domain.objects.filter(active=True).count() == 2


def test_nothing_of_a_refused_form_reaches_the_database(alice_client: Client, other_domain: Domain) -> None:
    """A domain that is not among the choices: Alice cannot make Bob's mailbox by typing its name."""
    response = alice_client.post(reverse("mailboxes:create"), mailbox_payload(domain="example.com"))
    assert list(response.context["form"].errors) == ["domain"]
    assert PASSWORD != NEW_PASSWORD
    assert not Mailbox.objects.exists()
