"""The pages, as a person without JavaScript goes through them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from bulk.models import Import, State
from domains.models import Domain
from mailadmin.accounts.models import Account
from mailboxes.models import Mailbox
from tests.bulk.files import mailboxes, worked_off
from tests.factories import make_mailbox
from tests.refusals import nothing_written

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(signed_in: Callable[[Account], Client], alice: Account) -> Client:
    return signed_in(alice)


def upload(client: Client, data: str | bytes, **fields: str) -> Any:
    file = SimpleUploadedFile("people.csv", data.encode() if isinstance(data, str) else data, "text/csv")
    return client.post(reverse("bulk:add"), {"kind": "mailboxes", "existing": "refuse", "file": file, **fields})


def page(client: Client, row: Import, query: str = "") -> str:
    return client.get(reverse("bulk:detail", args=[row.pk]) + query).content.decode()


def test_a_file_is_looked_through_and_then_done(client: Client) -> None:
    make_mailbox("joe@example.org")
    response = upload(client, mailboxes("ann", "joe"))
    row = Import.objects.get()
    assert response["Location"] == reverse("bulk:detail", args=[row.pk])
    assert "0 of 2 lines" in page(client, row)

    worked_off(row)
    ready = page(client, row)
    assert ("joe@example.org is a mailbox already." in ready, 'value="all"' in ready) == (True, False)
    assert "ann@example.org" not in page(client, row, "?action=refused")
    assert Mailbox.objects.count() == 1

    client.post(reverse("bulk:apply", args=[row.pk]), {"mode": "good"})
    worked_off(row)
    assert (row.state, Mailbox.objects.count()) == (State.DONE, 2)
    assert "Created: 1. Changed: 0. Left as they were: 0. Refused: 1." in page(client, row)


def test_the_report_names_each_line_and_each_error(client: Client) -> None:
    upload(client, "address,password\n=ann@example.org,x\njoe@example.org,short\n")
    row = worked_off(Import.objects.get())
    text = client.get(reverse("bulk:report", args=[row.pk])).getvalue().decode("utf-8-sig")  # type: ignore[attr-defined]
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["line", "key", "action", "column", "code", "message"]
    assert [line[:5] for line in lines[1:]] == [
        ["2", "'=ann@example.org", "refused", "password", "password_short"],
        ["3", "joe@example.org", "refused", "password", "password_short"],
    ]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", "The submitted file is empty."),
        ("address,colour\na,b\n", "There is no column “colour”."),
        ("address,address\na,b\n", "The column “address” is there twice."),
        (b"address\na\0@example.org\n", "Line 2: it has a NUL."),
    ],
)
def test_a_wrong_file_is_refused_beside_its_field(client: Client, data: str | bytes, text: str) -> None:
    with nothing_written():
        response = upload(client, data)
    assert (response.status_code, text in response.content.decode()) == (200, True)


def test_domains_are_for_superadmins(client: Client, signed_in: Callable[[Account], Client], root: Account) -> None:
    with nothing_written():
        assert upload(client, "name\nnew.org\n", kind="domains").status_code == 200
    assert upload(signed_in(root), "name\nnew.org\n", kind="domains").status_code == 302


def test_the_progress_comes_by_itself_until_it_is_ready(client: Client) -> None:
    upload(client, mailboxes("ann"))
    row = Import.objects.get()
    url = reverse("bulk:progress", args=[row.pk])
    at_work = client.get(url)
    worked_off(row)
    ready = client.get(url)
    assert (at_work.get("HX-Refresh"), b"hx-get" in at_work.content) == (None, True)
    assert (ready.get("HX-Refresh"), b"hx-get" in ready.content) == ("true", False)


def test_cancelled_it_says_so(client: Client) -> None:
    upload(client, mailboxes("ann"))
    row = worked_off(Import.objects.get())
    client.post(reverse("bulk:cancel", args=[row.pk]))
    assert "It was cancelled. Nothing was done." in page(client, row)
    response = client.post(reverse("bulk:apply", args=[row.pk]), {"mode": "all"}, follow=True)
    assert "This import cannot be done, or not any more." in response.content.decode()


def test_lines_go_on_over_pages(client: Client) -> None:
    upload(client, mailboxes(*(f"user{number:02d}" for number in range(30))))
    row = worked_off(Import.objects.get())
    first, second = page(client, row), page(client, row, "?after=26")
    assert ("user24@" in first, "user25@" in first, "?action=&amp;after=26" in first) == (True, False, True)
    assert ("user24@" in second, "user25@" in second, "user29@" in second) == (False, True, True)
    assert "user00@" in page(client, row, "?action=nonsense&after=-1")


def test_a_list_asks_as_much_for_three_as_for_one(
    client: Client, django_assert_max_num_queries: Callable[..., Any], example_org: Domain
) -> None:
    counts = []
    for _number in range(2):
        upload(client, mailboxes("ann"))
        with django_assert_max_num_queries(20) as captured:
            client.get(reverse("bulk:list"))
        counts.append(len(captured))
        upload(client, mailboxes("ann"))
    assert counts[0] == counts[1]


def test_a_large_file_is_taken_from_who_may_send_one(client: Client, charlie: Account) -> None:
    """Over what any other page takes; nobody else's is read."""
    data = b"address\n" + b"a@example.org\n" * 90_000 + b"\n" * 2_000_000
    other = Client()
    other.force_login(charlie)
    with nothing_written():
        assert [upload(each, data).status_code for each in (Client(), other)] == [400, 400]
    assert upload(client, data).status_code == 302
    assert client.post(reverse("bulk:list"), data, content_type="text/csv").status_code == 400
