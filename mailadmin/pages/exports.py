"""CSV for spreadsheets: streamed, in UTF-8 with the mark that Excel needs, with no cell taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse

from mailadmin.formulas import defused

BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """A file that hands back each line that the CSV writer writes."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> str:
    """A text that would be a formula begins with an apostrophe instead; a number stays one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    text = str(value)
    return text if isinstance(value, int | float) else defused(text)


def lines(head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow([cell(value) for value in head])
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def csv_response(filename: str, head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
