"""Files as spreadsheets write them, and files that nobody should send."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk.reading import BYTE_ORDER_MARK, Table, refuse_columns
from mailadmin.formulas import undefused
from mailadmin.pages.exports import lines
from tests.refusals import refused

MARK = BYTE_ORDER_MARK.encode()


def read(data: bytes | IO[bytes], **limits: int) -> tuple[list[str], list[tuple[int, list[str]]]]:
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    table = Table(file, **{"lines_at_most": 1000, "octets_at_most": 10_000_000, **limits})
    return table.columns, list(table)


ROWS = [(2, ["joe@example.org", "Joe"]), (3, ["ann@example.org", "Ann"])]


@pytest.mark.parametrize(
    "data",
    [
        b"address,name\njoe@example.org,Joe\nann@example.org,Ann\n",
        b"address,name\r\njoe@example.org,Joe\r\nann@example.org,Ann",
        MARK + b"address;name\r\njoe@example.org;Joe\r\nann@example.org;Ann\r\n",
        b"Address\tNAME \rjoe@example.org\tJoe\rann@example.org\tAnn\r",
        b"address,name\r\njoe@example.org,Joe\nann@example.org,Ann\r",
        MARK + b'"address","name"\r\n"joe@example.org","Joe"\r\n"ann@example.org","Ann"\r\n',
        b"address;name\r\njoe@example.org;Joe\r\nann@example.org;Ann\r\n;\r\n;\r\n\r\n",
    ],
    ids=["LF", "CRLF", "mark and semicolons", "tabs and CR", "mixed ends", "quotes", "empty rows below"],
)
def test_whatever_a_spreadsheet_writes_is_read(data: bytes) -> None:
    assert read(data) == (["address", "name"], ROWS)


def test_a_cell_over_several_lines_counts_them() -> None:
    _columns, rows = read(b'address,name\na@x.org,"A\r\nB"\n\nb@x.org,"say ""B"", please"\n')
    assert rows == [(2, ["a@x.org", "A\r\nB"]), (5, ["b@x.org", 'say "B", please'])]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (MARK, "file_empty"),
        (b"address,name\njoe@example.org,J\xf6\n", "file_not_utf8"),
        ("address,name\n".encode("utf-16"), "file_not_utf8"),
        (b"address,name\njoe@example.org,J\0e\n", "file_nul"),
        (b"address\n" + MARK + b"joe@example.org\n", "file_byte_order_mark"),
        (b'address,name\njoe@example.org,"Joe\nann@example.org,Ann\n', "file_csv"),
        (b'address,name\njoe@example.org,"Joe" Doe\n', "file_csv"),
        (b'address,"name\n', "file_csv"),
        (b"address\n" + b"x" * 100_001 + b"\n", "file_line_long"),
        (b"address\n" + b"x" * 60_000 + b"\n", "file_cell_long"),
        (b'address\n"' + (b"x" * 90_000 + b"\n") * 3 + b'"\n', "file_csv"),
        (b"address\n" + b"a@x.org\n" * 1001, "lines_too_many"),
        (b"address\n" + b"a@x.org\n" * 3 + b"x" * 50_000 + b"\n" + b"a@x.org\n" * 20, "file_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_read_is_refused(data: bytes, code: str) -> None:
    limits = {"octets_at_most": 50_100} if code == "file_large" else {}
    with refused(code, "file"):
        read(data, **limits)


def test_the_refusal_names_the_line() -> None:
    with pytest.raises(Exception, match="Line 3: it has a NUL") as caught:
        read(b'address\n"a\0"\n'.replace(b"\0", b"\n\0"))
    assert "file" in caught.value.error_dict  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (["address", "colour"], "column_unknown"),
        (["address", ""], "column_unknown"),
        (["address", "name", "address"], "column_twice"),
        (["name"], "column_missing"),
        (["address;name,x"], "column_unknown"),
        ([], "column_missing"),
    ],
)
def test_columns_are_refused_by_name(columns: list[str], code: str) -> None:
    with refused(code, "file"):
        refuse_columns(columns, known=["address", "name"], required=["address"])


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=["\0", BYTE_ORDER_MARK]), max_size=20)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2).filter(any), max_size=5))
def test_what_is_exported_comes_back_as_it_was(rows: list[list[str]]) -> None:
    """Though no spreadsheet takes any of it for a formula."""
    written = "".join(lines(["address", "name"], rows)).encode()
    cells = [cell for row in csv.reader(io.StringIO(written.decode(), newline="")) for cell in row]
    assert [cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))] == []
    assert [[undefused(cell) for cell in found] for _line, found in read(written)[1]] == rows


class Endless(io.RawIOBase):
    """A large file that nobody has."""

    def __init__(self, lines: int) -> None:
        self._data = (b"user%07d@example.org,Somebody\n" % number for number in range(lines))
        self._rest = b"address,name\n"

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (more := next(self._data, b"")):
            self._rest += more
        octets, self._rest = self._rest[:size], self._rest[size:]
        return octets


def test_a_large_file_needs_no_memory() -> None:
    table = Table(Endless(100_000), lines_at_most=10**6, octets_at_most=10**9)  # type: ignore[arg-type]
    tracemalloc.start()
    count = sum(1 for _row in table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < 1_000_000


def test_the_same_file_can_be_any_upload(tmp_path: Any) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"address\njoe@example.org\n")
    with path.open("rb") as file:
        assert read(file) == (["address"], [(2, ["joe@example.org"])])
