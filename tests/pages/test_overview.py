"""The dashboard, the search over all, the mail host's page and the trace: what each person is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.services import set_forwarding

from ..factories import make_alias, make_alias_domain, make_domain, make_mailbox, system

pytestmark = pytest.mark.django_db


@pytest.fixture
def host() -> MailHost:
    return MailHost.objects.get_or_create(name="main")[0]


# -- Dashboard
def test_the_dashboard_adds_up_the_domains_that_one_sees(
    root_client: Client, alice_client: Client, domain: Domain
) -> None:
    make_mailbox("a@example.org", quota_bytes=1000)
    make_mailbox("b@example.net", quota_bytes=500)
    make_alias("c@example.net", "a@example.org")

    def totals(client: Client) -> dict[str, int]:
        return client.get("/").context["totals"]

    assert totals(root_client) == {
        "domains": 2,
        "mailboxes": 2,
        "aliases": 1,
        "quota_bytes": 1500,
        "used_bytes": 0,
    }
    assert totals(alice_client) == {
        "domains": 1,
        "mailboxes": 1,
        "aliases": 0,
        "quota_bytes": 1000,
        "used_bytes": 0,
    }


def test_the_dashboard_shows_what_is_not_live_and_what_failed(
    root_client: Client, alice_client: Client, domain: Domain, host: MailHost
) -> None:
    PendingWork.objects.all().delete()
    PendingWork.objects.create(host=host, kind="address", key="a@example.org")
    PendingWork.objects.create(host=host, kind="domain", key="example.net", error="No space left")

    def work(client: Client) -> tuple[list[str], list[str]]:
        context = client.get("/").context
        return [row.key for row in context["open_work"]], [row.key for row in context["failed_work"]]

    assert work(root_client) == (["a@example.org", "example.net"], ["example.net"])
    assert work(alice_client) == (["a@example.org"], [])


def test_the_dashboard_asks_the_same_however_much_there_is(
    root_client: Client, domain: Domain, host: MailHost, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(12, exact=False) as first:
        root_client.get("/")
    for number in range(10):
        make_domain(f"d{number}.example")
        make_mailbox(f"a{number}@example.org")
    with django_assert_num_queries(len(first.captured_queries)):
        root_client.get("/")


def test_a_mailbox_user_starts_at_the_own_account(signed_in: Callable[[Account], Client], charlie: Account) -> None:
    assert signed_in(charlie).get("/")["Location"] == reverse("accounts:own")


# -- Search
def found(client: Client, text: str) -> list[list[str]]:
    sections = client.get(reverse("pages:search"), {"q": text}).context["sections"]
    return [[row.pk for row in section.rows] for section in sections]


def test_the_search_finds_domains_mailboxes_and_aliases(root_client: Client) -> None:
    make_mailbox("joe@joe.example", name="Ann Doe")
    make_mailbox("doe@example.org", name="Joe Public")
    make_alias("joe-team@example.org", "joe@joe.example")
    assert found(root_client, "joe") == [
        ["joe.example"],
        ["doe@example.org", "joe@joe.example"],
        ["joe-team@example.org"],
    ]
    assert found(root_client, "DOE") == [["doe@example.org", "joe@joe.example"]]
    assert found(root_client, "joe@joe.ex") == [["joe.example"], ["joe@joe.example"]]
    assert found(root_client, "%") == []


def test_the_search_shows_nothing_of_others(bob_client: Client, domain: Domain) -> None:
    make_mailbox("joe@example.org")
    make_mailbox("joe@example.com")
    make_alias("joes@example.org", "joe@example.org")
    assert found(bob_client, "joe") == [["joe@example.com"]]
    assert found(bob_client, "example") == [["example.com"]]


def test_the_search_takes_domains_with_accents(root_client: Client) -> None:
    make_mailbox("rene@bücher.example")
    assert found(root_client, "rene@bücher.example") == [["xn--bcher-kva.example"], ["rene@xn--bcher-kva.example"]]


def test_a_long_result_leads_to_the_list(root_client: Client, domain: Domain) -> None:
    for number in range(12):
        make_mailbox(f"joe{number:02d}@example.org")
    (section,) = root_client.get(reverse("pages:search"), {"q": "joe"}).context["sections"]
    assert (len(section.rows), section.more_url) == (10, "/mailboxes/?q=joe")


def test_the_search_asks_the_same_however_much_it_finds(
    root_client: Client, domain: Domain, django_assert_num_queries: Any
) -> None:
    make_mailbox("joe0@example.org")
    make_alias("joe-a@example.org", "joe0@example.org")
    with django_assert_num_queries(9, exact=False) as first:
        root_client.get(reverse("pages:search"), {"q": "joe"})
    for number in range(1, 9):
        make_mailbox(f"joe{number}@example.org")
    with django_assert_num_queries(len(first.captured_queries)):
        root_client.get(reverse("pages:search"), {"q": "joe"})


# -- Mail host
def test_failed_work_is_tried_again(
    root_client: Client, host: MailHost, django_capture_on_commit_callbacks: Any
) -> None:
    PendingWork.objects.all().delete()
    work = PendingWork.objects.create(host=host, kind="address", key="a@example.org", error="No space left")
    PendingWork.objects.filter(pk=work.pk).update(due_at="2099-01-01T00:00:00Z")
    with django_capture_on_commit_callbacks() as sent:
        root_client.post(reverse("mailhost:retry", args=[work.pk]))
    work.refresh_from_db()
    assert (work.due_at.year < 2099, len(sent)) == (True, 1)


def test_work_that_is_done_is_not_tried_again(root_client: Client, host: MailHost) -> None:
    work = PendingWork.objects.create(host=host, kind="address", key="a@example.org", done_at="2026-01-01T00:00:00Z")
    assert root_client.post(reverse("mailhost:retry", args=[work.pk])).status_code == 404


def test_a_repair_is_asked_of_every_host_and_recorded(
    root_client: Client, host: MailHost, django_capture_on_commit_callbacks: Any
) -> None:
    assert root_client.get(reverse("mailhost:repair")).status_code == 200
    with django_capture_on_commit_callbacks() as sent:
        root_client.post(reverse("mailhost:repair"))
    entry = Entry.objects.get(action="mailhost.repair")
    assert (entry.object_key, entry.actor, len(sent)) == (host.pk, "root@example.net", 1)


def test_the_report_of_the_last_verify_is_shown(root_client: Client, host: MailHost) -> None:
    MailHost.objects.filter(pk=host.pk).update(
        verified_at="2026-11-20T10:00:00Z", differences=1, report=["virtual_aliases: a@example.org: missing"]
    )
    text = root_client.get(reverse("mailhost:index")).content.decode()
    assert ("1 difference" in text, "virtual_aliases: a@example.org: missing" in text) == (True, True)


# -- Trace
def steps(client: Client, address: str) -> list[str]:
    context = client.get(reverse("mailhost:trace"), {"address": address}).context
    return [step.text.partition(":")[0] for step in context["trace"].steps]


def test_a_trace_follows_an_alias_to_the_mailboxes(root_client: Client, domain: Domain) -> None:
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org", "ann@elsewhere.test")
    context = root_client.get(reverse("mailhost:trace"), {"address": "TEAM@example.org"}).context
    assert (context["trace"].mailboxes, context["trace"].outside) == (["joe@example.org"], ["ann@elsewhere.test"])
    assert steps(root_client, "team@example.org") == ["team@example.org", "joe@example.org", "ann@elsewhere.test"]


def test_a_trace_ends_where_anothers_domain_begins(root_client: Client, bob_client: Client, domain: Domain) -> None:
    set_forwarding(
        mailbox=make_mailbox("joe@example.org"), targets=["secret@elsewhere.test"], keep_copy=True, actor=system()
    )
    make_alias("team@example.com", "joe@example.org")
    assert "secret@elsewhere.test" in str(steps(root_client, "team@example.com"))
    context = bob_client.get(reverse("mailhost:trace"), {"address": "team@example.com"}).context
    assert [step.text for step in context["trace"].steps] == [
        "team@example.com: an alias for joe@example.org.",
        "joe@example.org: goes on in a domain that is not yours.",
    ]
    assert (context["trace"].mailboxes, context["trace"].outside) == ([], [])


def test_a_trace_of_anothers_address_is_refused_at_the_field(bob_client: Client, domain: Domain) -> None:
    make_mailbox("joe@example.org")
    context = bob_client.get(reverse("mailhost:trace"), {"address": "joe@example.org"}).context
    assert ("trace" in context, list(context["form"].errors)) == (False, ["address"])


def test_an_alias_domain_of_the_own_domain_can_be_traced(alice_client: Client, domain: Domain) -> None:
    make_mailbox("joe@example.org")
    make_alias_domain("old.org", domain)
    assert steps(alice_client, "joe@old.org") == ["joe@old.org", "joe@example.org"]


@pytest.mark.parametrize("address", ["", "joe", "a b@example.org", "|cmd@example.org"])
def test_what_is_no_address_is_told_at_the_field(root_client: Client, address: str) -> None:
    context = root_client.get(reverse("mailhost:trace"), {"address": address}).context
    assert list(context["form"].errors) == ["address"]


# -- Live
def test_a_badge_asks_until_it_is_live(
    alice_client: Client, bob_client: Client, domain: Domain, host: MailHost
) -> None:
    PendingWork.objects.all().delete()
    url, work = reverse("mailhost:live"), PendingWork.objects.create(host=host, kind="address", key="a@example.org")

    def badge() -> tuple[bool, bool, bool]:
        text = alice_client.get(url, {"key": "a@example.org"}).content.decode()
        return "Not live yet" in text, "hx-get" in text, "Live" in text

    assert badge() == (True, True, False)
    work.delete()
    assert badge() == (False, False, True)
    assert bob_client.get(url, {"key": "a@example.org"}).status_code == 404


def test_what_points_at_a_mailbox_is_told(alice_client: Client, domain: Domain) -> None:
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    context = alice_client.get(reverse("mailboxes:references", args=["joe@example.org"])).context
    assert [alias.pk for alias in context["references"]] == ["team@example.org"]
