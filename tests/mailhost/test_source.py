"""Reading all entries in pages, the next by another thread."""

import pytest

from mailadmin.mailhost import source
from tests.factories import make_alias, make_domain, make_mailbox


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 5])
def test_all_entries_over_pages_of_two(monkeypatch, rows):
    monkeypatch.setattr(source, "AT_ONCE", 2)
    addresses = [f"joe{number}@example.org" for number in range(rows)]
    for address in addresses:
        make_mailbox(address)

    found = [key for key, _entries in source.all_entries()]

    assert found == (["example.org", *addresses] if rows else [])


@pytest.mark.django_db(transaction=True)
def test_all_entries_may_be_left_early(monkeypatch):
    monkeypatch.setattr(source, "AT_ONCE", 1)
    make_domain("example.org")
    for name in ("team", "sales", "info"):
        make_alias(f"{name}@example.org", "joe@elsewhere.test")
    entries = source.all_entries()

    first = next(entries)
    entries.close()

    assert first == ("example.org", {"virtual_domains": "example.org"})
