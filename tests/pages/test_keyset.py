from __future__ import annotations

import base64
import json

import pytest

from aliases.models import Alias
from mailadmin.pages.keyset import PAGE_ROWS, Order, in_batches, page_of, starts_with
from mailboxes.models import Mailbox

from ..factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db
BY_ADDRESS = Order("address", "address")
BY_QUOTA = Order("quota_bytes", "address")
BY_QUOTA_DOWN = Order("quota_bytes", "address", descending=True)


def make_mailboxes(count: int) -> list[str]:
    """Addresses in order; three quotas, so that most rows share theirs with others."""
    for number in range(count):
        make_mailbox(f"user{number:03d}@example.org", quota_bytes=(number % 3) * 1000)
    return [f"user{number:03d}@example.org" for number in range(count)]


def walk(order: Order) -> list[list[str]]:
    """All pages forwards, each as its addresses."""
    pages, after = [], ""
    while True:
        page = page_of(Mailbox.objects.all(), order, after=after)
        pages.append([row.pk for row in page.rows])
        if not page.next:
            return pages
        after = page.next


def walk_back(order: Order) -> list[list[str]]:
    pages = []
    page = page_of(Mailbox.objects.all(), order, last=True)
    while True:
        pages.append([row.pk for row in page.rows])
        if not page.previous:
            return pages
        page = page_of(Mailbox.objects.all(), order, before=page.previous)


@pytest.mark.parametrize("order", [BY_ADDRESS, BY_QUOTA, BY_QUOTA_DOWN])
def test_pages_forwards_hold_each_row_once_and_in_order(order: Order) -> None:
    make_mailboxes(PAGE_ROWS * 2 + 7)

    pages = walk(order)

    rows = [address for page in pages for address in page]
    assert rows == [row.pk for row in Mailbox.objects.order_by(*order.names())]
    assert [len(page) for page in pages] == [PAGE_ROWS, PAGE_ROWS, 7]


@pytest.mark.parametrize("order", [BY_ADDRESS, BY_QUOTA, BY_QUOTA_DOWN])
def test_pages_backwards_from_the_last_hold_the_end_in_order(order: Order) -> None:
    make_mailboxes(PAGE_ROWS * 2 + 7)

    pages = walk_back(order)

    everything = [row.pk for row in Mailbox.objects.order_by(*order.names())]
    assert pages[0] == everything[-PAGE_ROWS:]
    assert pages[1] == everything[-2 * PAGE_ROWS : -PAGE_ROWS]
    # What is left before them is no full page: the first page is shown instead.
    assert pages[2] == everything[:PAGE_ROWS]


@pytest.mark.parametrize("order", [BY_ADDRESS, BY_QUOTA, BY_QUOTA_DOWN])
def test_pages_of_several_parts_are_those_of_one_query(order: Order) -> None:
    for number in range(PAGE_ROWS * 2):
        make_mailbox(f"user{number:03d}@{('a', 'b', 'c')[number % 3]}.example", quota_bytes=(number % 4) * 1000)
    whole = Mailbox.objects.all()
    parts = [Mailbox.objects.filter(domain_id=name) for name in ("a.example", "b.example", "c.example")]

    def pages(**where: str | bool) -> list[list[str]]:
        return [[row.pk for row in page_of(rows, order, **where).rows] for rows in (whole, parts)]  # type: ignore[arg-type]

    first = page_of(parts, order)
    second = page_of(parts, order, after=first.next)
    for where in ({}, {"after": first.next}, {"before": second.previous}, {"last": True}):
        of_whole, of_parts = pages(**where)  # type: ignore[arg-type]
        assert (len(of_parts), of_parts) == (PAGE_ROWS, of_whole)


def test_back_from_the_second_page_is_the_first() -> None:
    addresses = make_mailboxes(PAGE_ROWS + 5)
    first = page_of(Mailbox.objects.all(), BY_ADDRESS)
    second = page_of(Mailbox.objects.all(), BY_ADDRESS, after=first.next)

    back = page_of(Mailbox.objects.all(), BY_ADDRESS, before=second.previous)

    assert [row.pk for row in back.rows] == addresses[:PAGE_ROWS]
    assert (back.previous, bool(back.next)) == ("", True)


def test_a_row_that_goes_between_two_pages_shifts_nothing() -> None:
    addresses = make_mailboxes(PAGE_ROWS * 2)
    first = page_of(Mailbox.objects.all(), BY_ADDRESS)
    Mailbox.objects.filter(pk=addresses[0]).delete()

    second = page_of(Mailbox.objects.all(), BY_ADDRESS, after=first.next)

    assert [row.pk for row in second.rows] == addresses[PAGE_ROWS:]


def test_exactly_one_page_has_no_next() -> None:
    make_mailboxes(PAGE_ROWS)
    page = page_of(Mailbox.objects.all(), BY_ADDRESS)
    assert (len(page.rows), page.previous, page.next) == (PAGE_ROWS, "", "")


def test_no_row_is_an_empty_page() -> None:
    page = page_of(Mailbox.objects.all(), BY_ADDRESS, last=True)
    assert (page.rows, page.several) == ([], False)


@pytest.mark.parametrize(
    "cursor",
    ["%%%", "AAAA", "é", base64.urlsafe_b64encode(b"\xff\xfe").decode(), base64.urlsafe_b64encode(b"[1]").decode()]
    + [base64.urlsafe_b64encode(json.dumps(value).encode()).decode() for value in ({}, ["a"], [[], {}], 7, None)],
)
def test_a_cursor_that_is_none_of_ours_shows_the_first_page(cursor: str) -> None:
    addresses = make_mailboxes(2)
    for where in ("after", "before"):
        page = page_of(Mailbox.objects.all(), BY_QUOTA, **{where: cursor})  # type: ignore[arg-type]
        assert sorted(row.pk for row in page.rows) == addresses


def test_paging_never_counts_nor_skips(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_mailboxes(PAGE_ROWS * 2)
    first = page_of(Mailbox.objects.all(), BY_QUOTA)
    with django_assert_num_queries(1) as captured:
        page_of(Mailbox.objects.all(), BY_QUOTA, after=first.next)
    sql = captured.captured_queries[0]["sql"].upper()
    assert [word for word in ("OFFSET", "COUNT(") if word in sql] == []


def test_batches_hold_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailadmin.pages.keyset.BATCH_ROWS", 10)
    make_mailboxes(25)
    batches = list(in_batches(Mailbox.objects.all(), BY_QUOTA_DOWN))
    assert [len(batch) for batch in batches] == [10, 10, 5]
    rows = [row.pk for batch in batches for row in batch]
    assert rows == [row.pk for row in Mailbox.objects.order_by("-quota_bytes", "-address")]


def test_a_prefix_takes_special_characters_as_they_are() -> None:
    domain = make_domain("example.org")
    for local_part in ("a_b", "axb", "a%b", "a_b-c", "b"):
        Alias.objects.create(address=f"{local_part}@example.org", goto="x@example.net", domain=domain)
    found = Alias.objects.filter(starts_with("address", "a_b"))
    assert sorted(alias.local_part for alias in found) == ["a_b", "a_b-c"]
