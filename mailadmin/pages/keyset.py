"""Paging by key: a page begins behind the last row of the one before, so that the last costs what the first does.

No OFFSET, which reads all the rows that it skips, and no COUNT(*). A sort column that is not unique is followed by
the key, so that equal values neither repeat nor vanish between two pages.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

PAGE_ROWS = 25
BATCH_ROWS = 1000
# The last code point there is: no stored text that begins with `text` is behind text + this.
LAST_CHARACTER = "\U0010ffff"


def starts_with(field: str, text: str) -> Q:
    """A prefix as a range, which an index on `field` answers; LIKE does not use it on every database."""
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST_CHARACTER})


def only(field: str, value: Any) -> Q:
    """The rows of one value, as a range. Told that all rows have the same value, MariaDB takes any index that gives
    the order, and reads the rows of all other values on its way to the first that fits."""
    return Q(**{f"{field}__gte": value, f"{field}__lte": value})


@dataclass(frozen=True)
class Order:
    """By `field`, then by `key`; both in the same direction, as one index gives them.

    `first`: columns that are the same in all the rows (see `only`), and lead the index that is to be used.
    """

    field: str
    key: str
    descending: bool = False
    first: tuple[str, ...] = ()

    def names(self, *, backwards: bool = False) -> list[str]:
        sign = "-" if self.descending != backwards else ""
        return [f"{sign}{name}" for name in dict.fromkeys([*self.first, self.field, self.key])]

    def beyond(self, value: Any, key: Any, *, backwards: bool = False) -> Q:
        than = "lt" if self.descending != backwards else "gt"
        if self.field == self.key:
            return Q(**{f"{self.key}__{than}": key})
        # The first condition follows from the second; it lets a database begin its index scan in the right place.
        return Q(**{f"{self.field}__{than}e": value}) & (
            Q(**{f"{self.field}__{than}": value}) | Q(**{self.field: value, f"{self.key}__{than}": key})
        )

    def position(self, row: Model) -> tuple[Any, Any]:
        return _reach(row, self.field), row.pk

    def cursor(self, row: Model) -> str:
        values = json.dumps(self.position(row))
        return base64.urlsafe_b64encode(values.encode()).decode().rstrip("=")

    def read(self, cursor: str, model: type[Model]) -> tuple[Any, Any] | None:
        """(value, key), or None for a cursor that is none of ours."""
        try:
            value, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            position = _field(model, self.field).to_python(value), _field(model, self.key).to_python(key)
            json.dumps(position, default=str, ensure_ascii=False).encode()  # half a surrogate pair is no text
        except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError, ValidationError):
            return None
        return None if None in position else position


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    previous: str = ""  # the cursor to go back before, empty on the first page
    next: str = ""  # the cursor to go on behind, empty on the last page

    @property
    def several(self) -> bool:
        return bool(self.previous or self.next)


def page_of(
    rows: QuerySet[Any] | Sequence[QuerySet[Any]],
    order: Order,
    *,
    after: str = "",
    before: str = "",
    last: bool = False,
) -> Page:
    """The rows behind `after`, or before `before`, or the last ones; the first ones for a cursor that is unknown.

    `rows` may come in several parts that have no row in common: each is asked for one page, by its own index, where
    a single query would sort all that they have together.
    """
    parts = [rows] if isinstance(rows, QuerySet) else rows
    model = parts[0].model
    if before or last:
        position = order.read(before, model) if before else None
        if position or last:
            page = _backwards(parts, order, position)
            if page.previous or last:
                return page
        return _forwards(parts, order, None)
    return _forwards(parts, order, order.read(after, model) if after else None)


def _forwards(parts: Sequence[QuerySet[Any]], order: Order, position: tuple[Any, Any] | None) -> Page:
    rows = _take(parts, order, position, backwards=False)
    shown = rows[:PAGE_ROWS]
    return Page(
        rows=shown,
        previous=order.cursor(shown[0]) if position and shown else "",
        next=order.cursor(shown[-1]) if len(rows) > PAGE_ROWS else "",
    )


def _backwards(parts: Sequence[QuerySet[Any]], order: Order, position: tuple[Any, Any] | None) -> Page:
    rows = _take(parts, order, position, backwards=True)
    shown = rows[:PAGE_ROWS][::-1]
    return Page(
        rows=shown,
        previous=order.cursor(shown[0]) if len(rows) > PAGE_ROWS else "",
        next=order.cursor(shown[-1]) if position and shown else "",
    )


def _take(
    parts: Sequence[QuerySet[Any]], order: Order, position: tuple[Any, Any] | None, *, backwards: bool
) -> list[Any]:
    """One row more than a page has, in the direction asked for."""
    beyond = order.beyond(*position, backwards=backwards) if position else Q()
    names = order.names(backwards=backwards)
    rows = [row for part in parts for row in part.filter(beyond).order_by(*names)[: PAGE_ROWS + 1]]
    if len(parts) > 1:
        # By code points, as the databases' binary collation sorts.
        rows.sort(key=order.position, reverse=order.descending != backwards)
    return rows[: PAGE_ROWS + 1]


def in_batches(queryset: QuerySet[Any], order: Order) -> Iterator[list[Any]]:
    """All rows, in short queries one after another: memory stays bounded, and no transaction stays open."""
    queryset = queryset.order_by(*order.names())
    batch = list(queryset[:BATCH_ROWS])
    while batch:
        yield batch
        if len(batch) < BATCH_ROWS:
            return
        last = batch[-1]
        batch = list(queryset.filter(order.beyond(*order.position(last)))[:BATCH_ROWS])


def _reach(row: Model, field: str) -> Any:
    value: Any = row
    for name in field.split("__"):
        value = getattr(value, name)
    return value


def _field(model: type[Model], path: str) -> Any:
    *relations, name = path.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model  # type: ignore[assignment]  # a relation has one
    return model._meta.get_field(name)
