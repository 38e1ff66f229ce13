"""Reads a CSV file as Excel and its like write it: UTF-8 with or without its mark, any line ends, `,` `;` or tab.

Line by line: of a file of any size only one line is in memory. What is wrong with the file as a whole is refused with
the number of the line that shows it.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _

from mailadmin.errors import refuse

BYTE_ORDER_MARK = "\ufeff"
DELIMITERS = ",;\t"
LINE_CHARACTERS_AT_MOST = 100_000
CELL_CHARACTERS_AT_MOST = 50_000  # an alias of a thousand targets
FIELD = "file"


class Table:
    """`columns`, and when it is iterated for each line its number and its cells as they were meant."""

    def __init__(self, file: IO[bytes], *, lines_at_most: int, octets_at_most: int) -> None:
        self._lines_at_most = lines_at_most
        self._lines = _Lines(file, octets_at_most)
        head = next(self._lines, None)
        if not head:
            refuse(FIELD, _("The file is empty."), "file_empty")
        self._records = csv.reader(
            itertools.chain([head], self._lines), delimiter=max(DELIMITERS, key=head.count), strict=True
        )
        _line, cells = next(self._numbered(1))
        self.columns = [cell.strip().lower() for cell in cells]

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        number = 0
        for line, cells in self._numbered(self._lines.number + 1):
            if not any(cells):
                continue  # what Excel leaves below the last row
            number += 1
            if number > self._lines_at_most:
                refuse(FIELD, _("A file has %(most)d lines at most."), "lines_too_many", most=self._lines_at_most)
            yield line, cells

    def _numbered(self, line: int) -> Iterator[tuple[int, list[str]]]:
        while True:
            try:
                cells = next(self._records)
            except StopIteration:
                return
            except csv.Error as error:
                _refuse_at(line, _("quotes that never close, or text behind them (%(reason)s)"), "csv", reason=error)
            if any(len(cell) > CELL_CHARACTERS_AT_MOST for cell in cells):
                _refuse_at(line, _("a cell has more than %(most)d letters"), "cell_long", most=CELL_CHARACTERS_AT_MOST)
            yield line, cells
            line = self._lines.number + 1  # a cell in quotes may go over several


class _Lines:
    """The lines of the file as texts, their ends as they are."""

    def __init__(self, file: IO[bytes], octets_at_most: int) -> None:
        self._left = octets_at_most
        # Line by line in bytes, so that what is no UTF-8 is refused with its line.
        self._file = io.TextIOWrapper(io.BufferedReader(_Readable(file)), encoding="latin-1", newline="")
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        octets = self._file.readline(LINE_CHARACTERS_AT_MOST + 1)
        if not octets:
            raise StopIteration
        self.number += 1
        self._left -= len(octets)
        if self._left < 0:
            refuse(FIELD, _("The file is too large."), "file_large")
        if len(octets) > LINE_CHARACTERS_AT_MOST:
            _refuse_at(self.number, _("it has more than %(most)d octets"), "line_long", most=LINE_CHARACTERS_AT_MOST)
        try:
            line = octets.encode("latin-1").decode("utf-8")
        except UnicodeDecodeError:
            _refuse_at(self.number, _("it is not UTF-8"), "not_utf8")
        if "\0" in line:
            _refuse_at(self.number, _("it has a NUL"), "nul")
        if self.number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if BYTE_ORDER_MARK in line:
            _refuse_at(self.number, _("it has a byte order mark, as where two files were joined"), "byte_order_mark")
        return line


class _Readable(io.RawIOBase):
    """What an upload is: a file that can be read, and not everything else that TextIOWrapper asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        octets = self._file.read(len(buffer))
        buffer[: len(octets)] = octets
        return len(octets)


def refuse_columns(columns: Sequence[str], known: Iterable[str], required: Iterable[str]) -> None:
    """What is wrong with the first line."""
    for name in columns:
        if name not in known:
            refuse(FIELD, _("There is no column “%(name)s”."), "column_unknown", name=name[:100])
        if columns.count(name) > 1:
            refuse(FIELD, _("The column “%(name)s” is there twice."), "column_twice", name=name)
    for name in required:
        if name not in columns:
            refuse(FIELD, _("The column “%(name)s” is missing."), "column_missing", name=name)


def _refuse_at(line: int, text: str, code: str, **shown: object) -> NoReturn:
    refuse(FIELD, _("Line %(line)d: %(reason)s."), f"file_{code}", line=line, reason=text % shown)
