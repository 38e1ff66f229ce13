"""The five types of lookup table, with Postfix's own postmap."""

import pytest

from mailadmin.mailhost.entries import TABLES
from mailadmin.mailhost.tables import TableError, tables_of_this_host

ENTRIES = [
    ("example.org", {"virtual_domains": "example.org"}),
    ("@example.org", {"virtual_aliases": "joe@example.org"}),
    (
        "joe@example.org",
        {
            "virtual_mailboxes": "example.org/joe/",
            "virtual_aliases": "joe@example.org, x@elsewhere.test",
            "sender_login": "joe@example.org",
        },
    ),
    ("o-brien+x=y@example.org", {"virtual_aliases": "joe@example.org"}),
]


@pytest.fixture(params=["lmdb", "cdb", "hash", "texthash"])
def tables(request, settings):
    settings.MAPS_TYPE = request.param
    return tables_of_this_host()


@pytest.fixture
def lmdb(settings):
    settings.MAPS_TYPE = "lmdb"
    tables = tables_of_this_host()
    tables.build(ENTRIES)
    return tables


def test_build_answers_what_was_given(tables):
    assert not tables.are_there()
    counts = tables.build(ENTRIES)
    assert tables.are_there()
    assert counts == dict.fromkeys(TABLES, 0) | {
        "virtual_domains": 1,
        "virtual_mailboxes": 1,
        "virtual_aliases": 3,
        "sender_login": 1,
    }
    assert tables.lookup("virtual_aliases", ["joe@example.org", "nobody@example.org", "o-brien+x=y@example.org"]) == {
        "joe@example.org": "joe@example.org, x@elsewhere.test",
        "o-brien+x=y@example.org": "joe@example.org",
    }
    assert dict(tables.dump("virtual_mailboxes")) == {"joe@example.org": "example.org/joe/"}
    assert dict(tables.dump("transport")) == {}


def test_build_keeps_the_previous_table_and_no_scraps(tables):
    tables.build(ENTRIES)
    tables.build(ENTRIES[:1])
    assert dict(tables.dump("virtual_aliases")) == {}
    ending = tables.path("virtual_aliases").suffix
    previous = tables.directory / f"virtual_aliases.previous{ending}"
    assert previous.exists()
    assert {path.name for path in tables.directory.iterdir() if path.name.startswith(".")} <= {".postfix"}


def test_build_that_fails_leaves_the_present_tables(tables):
    tables.build(ENTRIES)

    def cut_off():
        yield ENTRIES[0]
        raise OSError("the database is away")

    with pytest.raises(OSError, match="the database is away"):
        tables.build(cut_off())
    assert tables.lookup("virtual_mailboxes", ["joe@example.org"]) == {"joe@example.org": "example.org/joe/"}


def test_file_names_are_those_that_postfix_opens(tables):
    tables.build(ENTRIES)
    ending = {"lmdb": ".lmdb", "cdb": ".cdb", "hash": ".db", "texthash": ""}[tables.kind]
    assert {f"{name}{ending}" for name in TABLES} <= {path.name for path in tables.directory.iterdir()}


def test_lmdb_change_is_a_delta(lmdb):
    inode = lmdb.path("virtual_aliases").stat().st_ino
    lmdb.update({"virtual_aliases": {"ann@example.org": "ann@example.org", "joe@example.org": None, "no@x.org": None}})
    assert dict(lmdb.dump("virtual_aliases")) == {
        "@example.org": "joe@example.org",
        "ann@example.org": "ann@example.org",
        "o-brien+x=y@example.org": "joe@example.org",
    }
    assert lmdb.path("virtual_aliases").stat().st_ino == inode


def test_lmdb_change_twice_changes_nothing(lmdb):
    change = {"virtual_aliases": {"joe@example.org": "new@example.org", "@example.org": None}}
    lmdb.update(change)
    once = dict(lmdb.dump("virtual_aliases"))
    lmdb.update(change)
    assert dict(lmdb.dump("virtual_aliases")) == once


def test_other_types_are_built_whole(tables):
    if tables.incremental:
        return
    with pytest.raises(TableError):
        tables.update({"transport": {"example.org": "smtp:x"}})


def test_damaged_table_is_an_error_that_says_so(lmdb):
    lmdb.path("virtual_aliases").write_bytes(b"not a table")
    with pytest.raises(TableError, match="virtual_aliases"):
        lmdb.lookup("virtual_aliases", ["joe@example.org"])
