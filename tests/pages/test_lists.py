from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from domains.models import Domain, DomainUsage
from mailadmin.accounts.models import Account
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.models import MailboxUsage
from mailboxes.services import delete_mailbox, set_forwarding, set_mailbox_active

from ..factories import make_alias, make_alias_domain, make_domain, make_mailbox, system

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def keys(client: Client, url: str, **parameters: str) -> list[str]:
    return [row.pk for row in client.get(url, parameters).context["page"].rows]


def exported(client: Client, url: str, **parameters: str) -> list[dict[str, str]]:
    response: Any = client.get(url, parameters)
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


# -- What a list shows
def test_mailboxes_are_found_by_address_name_and_surname(root_client: Client, domain: Domain) -> None:
    make_mailbox("anna@example.org", name="Zoé Marchand")
    make_mailbox("zoe@example.org", name="Marc Anselme")
    make_mailbox("else@example.org", name="Nobody")
    url = reverse("mailboxes:list")
    assert keys(root_client, url, q="ann") == ["anna@example.org"]
    assert keys(root_client, url, q="zo") == ["anna@example.org", "zoe@example.org"]
    assert keys(root_client, url, q="MARC") == ["anna@example.org", "zoe@example.org"]
    assert keys(root_client, url, q="ansel") == ["zoe@example.org"]


def test_mailboxes_are_narrowed_by_domain_and_state(root_client: Client, domain: Domain) -> None:
    make_mailbox("on@example.org")
    set_mailbox_active(mailbox=make_mailbox("off@example.org"), active=False, actor=system())
    make_mailbox("off@example.com", active=False)
    url = reverse("mailboxes:list")
    assert keys(root_client, url, domain="example.org") == ["off@example.org", "on@example.org"]
    assert keys(root_client, url, domain="example.org", state="off") == ["off@example.org"]
    assert keys(root_client, url, state="on") == ["on@example.org"]


def test_a_domain_filter_takes_a_domain_as_people_write_it(root_client: Client) -> None:
    make_mailbox("a@bücher.example")
    make_mailbox("b@example.org")
    url = reverse("mailboxes:list")
    assert keys(root_client, url, domain="Bücher.example") == ["a@xn--bcher-kva.example"]


def test_a_filter_that_is_nonsense_is_told_and_narrows_nothing(root_client: Client, domain: Domain) -> None:
    make_mailbox("a@example.org")
    assert keys(root_client, reverse("mailboxes:list"), state="maybe", domain="..") == ["a@example.org"]


def test_a_sort_that_is_none_of_ours_is_the_usual_one(root_client: Client, domain: Domain) -> None:
    make_mailbox("b@example.org")
    make_mailbox("a@example.org")
    for sort in ("password", "-nothing", "address; drop table mailbox"):
        assert keys(root_client, reverse("mailboxes:list"), sort=sort) == ["a@example.org", "b@example.org"]


def test_mailboxes_of_a_domain_are_sorted_by_quota(root_client: Client, domain: Domain) -> None:
    make_mailbox("small@example.org", quota_bytes=1000)
    make_mailbox("large@example.org", quota_bytes=3000)
    parameters = {"domain": "example.org", "sort": "-quota_bytes"}
    response = root_client.get(reverse("mailboxes:list"), parameters)
    assert [row.pk for row in response.context["page"].rows] == ["large@example.org", "small@example.org"]
    assert [heading.aria_sort for heading in response.context["headings"]] == ["", "", "descending", "", ""]


def test_a_mailbox_is_no_alias_whatever_its_forwarding(root_client: Client, domain: Domain) -> None:
    mailbox = make_mailbox("joe@example.org")
    set_forwarding(mailbox=mailbox, targets=["joe@example.net"], keep_copy=True, actor=system())
    make_alias("team@example.org", "joe@example.org")
    assert keys(root_client, reverse("aliases:list")) == ["team@example.org"]
    (row,) = root_client.get(reverse("mailboxes:list")).context["page"].rows
    assert row.forwarding.targets == ["joe@example.org", "joe@example.net"]


def test_a_row_says_whether_it_is_live(root_client: Client, domain: Domain) -> None:
    make_mailbox("done@example.org")
    make_mailbox("open@example.org")
    make_mailbox("stuck@example.org")
    PendingWork.objects.all().delete()
    host, _created = MailHost.objects.get_or_create(name="main")
    PendingWork.objects.create(host=host, kind="address", key="open@example.org")
    PendingWork.objects.create(host=host, kind="address", key="stuck@example.org", error="No space left")

    rows = root_client.get(reverse("mailboxes:list")).context["page"].rows

    states = {row.pk: row.live_state for row in rows}
    assert states == {"done@example.org": "", "open@example.org": "pending", "stuck@example.org": "failed"}


def test_htmx_gets_the_changing_part_alone(root_client: Client, domain: Domain) -> None:
    make_mailbox("a@example.org")
    url = reverse("mailboxes:list")
    whole, part = root_client.get(url).content.decode(), root_client.get(url, **HTMX).content.decode()
    assert ("<html" in whole, "<html" in part) == (True, False)
    assert ('id="list-rows"' in whole, 'id="list-rows"' in part) == (True, True)


def test_a_domain_without_counts_is_shown_with_none(root_client: Client) -> None:
    Domain.objects.create(name="made-by-postfixadmin.example")
    assert not DomainUsage.objects.exists()
    (row,) = root_client.get(reverse("domains:list")).context["page"].rows
    assert (row.counts.mailboxes, row.counts.aliases) == (0, 0)
    assert root_client.get(reverse("domains:detail", args=[row.pk])).status_code == 200


# -- How much a list asks
def fill(number: int) -> None:
    """One more of everything."""
    mailbox = make_mailbox(f"user{number}@example.org", name=f"User {number}")
    MailboxUsage.objects.create(address=mailbox.pk, bytes=1)
    set_forwarding(mailbox=mailbox, targets=[f"user{number}@example.net"], keep_copy=True, actor=system())
    make_alias(f"alias{number}@example.org", mailbox.pk)
    make_alias_domain(f"old{number}.org", Domain.objects.get(pk="example.org"))
    delete_mailbox(mailbox=make_mailbox(f"gone{number}@example.org"), actor=system())


@pytest.mark.parametrize("who", ["root_client", "alice_client"])
@pytest.mark.parametrize(
    "name",
    [
        "domains:list",
        "domains:alias_list",
        "mailboxes:list",
        "mailboxes:archive",
        "aliases:list",
        "audit:list",
        "mailhost:index",
        "accounts:administrator_list",
    ],
)
def test_a_list_asks_the_same_for_one_row_and_for_three(
    name: str, who: str, request: pytest.FixtureRequest, alice: Account, django_assert_num_queries: Any
) -> None:
    client = request.getfixturevalue(who)
    url = reverse(name)
    if client.get(url).status_code == 403:
        return
    fill(1)
    with django_assert_num_queries(9, exact=False) as first:
        client.get(url)
    fill(2)
    fill(3)
    with django_assert_num_queries(len(first.captured_queries)):
        client.get(url)


# -- CSV
def test_the_export_holds_all_rows_of_the_filtered_list(root_client: Client, domain: Domain) -> None:
    for number in range(30):
        make_mailbox(f"user{number:02d}@example.org")
    make_mailbox("user@example.com")
    rows = exported(root_client, reverse("mailboxes:export"), domain="example.org", q="user")
    assert [row["address"] for row in rows] == [f"user{number:02d}@example.org" for number in range(30)]


def test_the_export_is_streamed_for_excel(root_client: Client, domain: Domain) -> None:
    make_mailbox("rene@example.org", name="René")
    response: Any = root_client.get(reverse("mailboxes:export"))
    body = response.getvalue()
    assert (response.streaming, response["Content-Type"]) == (True, "text/csv; charset=utf-8")
    assert response["Content-Disposition"].startswith('attachment; filename="mailboxes-')
    assert body.startswith(b"\xef\xbb\xbfaddress,name,")
    assert "René".encode() in body


@pytest.mark.parametrize("name", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "=1"])
def test_no_cell_of_the_export_is_a_formula(root_client: Client, domain: Domain, name: str) -> None:
    make_mailbox("joe@example.org", name=name)
    (row,) = exported(root_client, reverse("mailboxes:export"))
    assert row["name"] == f"'{name}"


def test_numbers_of_the_export_stay_numbers(root_client: Client) -> None:
    make_domain("example.org", max_mailboxes=-1)
    (row,) = exported(root_client, reverse("domains:export"))
    assert (row["max_mailboxes"], row["active"]) == ("-1", "1")


def test_the_audit_is_filtered_and_exported(root_client: Client, domain: Domain) -> None:
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    url = reverse("audit:export")
    assert [row["object"] for row in exported(root_client, url, action="alias.create")] == ["team@example.org"]
    assert [row["action"] for row in exported(root_client, url, q="joe@example.org")] == ["mailbox.create"]
    assert [row["action"] for row in exported(root_client, url, domain="nowhere.example")] == []
    assert exported(root_client, url, until="2001-01-01") == []
    assert len(exported(root_client, url, since="2001-01-01", domain="example.org")) == 3
