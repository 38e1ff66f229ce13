"""Pages of rows, each with a link to the next: by key, so that the last costs what the first does."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from mailadmin.errors import refuse
from mailadmin.pages.keyset import Order

ROWS, ROWS_AT_MOST = 25, 500
PARAMETERS = ("limit", "after", "order")


def page_of(request: Request, rows: QuerySet[Any], orders: dict[str, Order]) -> tuple[list[Any], str | None]:
    """The rows that the request asks for, and the URL of the page behind them, None on the last.

    `orders`: what `order` can be, the first without it; `-` before a name turns it round.
    """
    order = _order(request, orders)
    limit = _limit(request)
    if after := request.query_params.get("after"):
        position = order.read(after, rows.model)
        if position is None:
            refuse("after", _("Take this from the link to the next page as it is."), "cursor_invalid")
        rows = rows.filter(order.beyond(*position))
    found = list(rows.order_by(*order.names())[: limit + 1])
    shown = found[:limit]
    return shown, _url(request, order.cursor(shown[-1])) if len(found) > limit else None


def _order(request: Request, orders: dict[str, Order]) -> Order:
    wanted = request.query_params.get("order", next(iter(orders)))
    order = orders.get(wanted.removeprefix("-"))
    if order is None:
        refuse("order", _("Order by one of: %(names)s."), "order_unknown", names=", ".join(orders))
    return Order(order.field, order.key, descending=wanted.startswith("-") != order.descending, first=order.first)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(ROWS))
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= ROWS_AT_MOST:
        refuse("limit", _("From 1 to %(most)d rows."), "limit_invalid", most=ROWS_AT_MOST)
    return int(text)


def _url(request: Request, after: str) -> str:
    parameters = request.query_params.copy()
    parameters["after"] = after
    return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")
