"""A filter (RFC 7644, 3.4.2.2) as a condition of the database. scim2-models reads it, and knows the attributes; here is
which column each one is. What no column answers is refused, for else every row would have to be looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Lower
from django.db.models.lookups import (
    Contains,
    EndsWith,
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    Lookup,
    StartsWith,
)
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

LENGTH_AT_MOST = 2000
LOOKUPS: dict[str, type[Lookup[Any]]] = {
    "eq": Exact,
    "co": Contains,
    "sw": StartsWith,
    "ew": EndsWith,
    "gt": GreaterThan,
    "ge": GreaterThanOrEqual,
    "lt": LessThan,
    "le": LessThanOrEqual,
}
EVERY, NONE = ~Q(pk__in=[]), Q(pk__in=[])


@dataclass(frozen=True)
class Column:
    """`folded`: compared in small letters, in which `stored_folded` columns are already. `nullable`: it may be NULL, as
    is all of a person that a mailbox does not have."""

    name: str
    folded: bool = True
    stored_folded: bool = False
    nullable: bool = False

    def condition(self, op: str, value: Any) -> Q:
        if value is None:
            return ~self.present()
        if self.folded and isinstance(value, str):
            value = value.lower()
        expression = Lower(self.name) if self.folded and not self.stored_folded else F(self.name)
        found = Q(LOOKUPS[op](expression, value))
        return found & Q(**{f"{self.name}__isnull": False}) if self.nullable else found

    def present(self) -> Q:
        there = Q(**{f"{self.name}__isnull": False}) if self.nullable else EVERY
        return there & ~Q(**{self.name: ""}) if self.folded else there


# By attribute and sub-attribute, as scim2-models calls them.
Columns = Mapping[tuple[str, str | None], "Column | Callable[[str, Any], Q]"]


def condition_of(text: str, model: Any, columns: Columns) -> Q:
    """Raises InvalidFilterException."""
    if len(text) > LENGTH_AT_MOST:
        raise InvalidFilterException(detail=f"A filter has {LENGTH_AT_MOST} characters at most.")
    bound = ScimFilter.__class_getitem__(model)(text)
    return _Translator(bound, columns).visit(bound.ast)


class _Translator(FilterVisitor[Q]):
    def __init__(self, bound: Any, columns: Columns) -> None:
        self._bound, self._columns = bound, columns

    def visit_comparison(self, node: Comparison) -> Q:
        found = self._column(node.attr_path)
        if found is None:
            return NONE
        if node.op == CompareOperator.ne:
            return ~_compared(found, "eq", node.value)
        return _compared(found, str(node.op), node.value)

    def visit_present(self, node: Present) -> Q:
        found = self._column(node.attr_path)
        if isinstance(found, Column):
            return found.present()
        return NONE if found is None else found("pr", None)

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        terms = [self.visit(term) for term in node.terms]
        whole = terms[0]
        for term in terms[1:]:
            whole = whole & term if node.op == LogicalOperator.and_ else whole | term
        return whole

    def visit_value_path(self, node: ValuePath) -> Q:
        """Of `emails[type eq "work" and value eq "x"]` the value says all: an address is one mailbox's alone."""
        inner = node.val_filter
        terms = inner.terms if isinstance(inner, LogicalExpr) and inner.op == LogicalOperator.and_ else (inner,)
        values = [term for term in terms if isinstance(term, Comparison) and term.attr_path.attr.lower() == "value"]
        labels = [term for term in terms if isinstance(term, Comparison) and term.attr_path.attr.lower() == "type"]
        if len(values) != 1 or len(values) + len(labels) != len(terms):
            raise InvalidFilterException(detail="Of several values a filter asks for the value, and its type, alone.")
        path = AttrPath(node.attr_path.attr, "value", node.attr_path.uri)
        return self.visit_comparison(Comparison(path, values[0].op, values[0].value))

    def _column(self, path: AttrPath) -> Column | Callable[[str, Any], Q] | None:
        """None for an attribute of the other resource type, which has no value here."""
        resolved = self._bound.resolve_comparison(path, strict=False)
        if resolved is None:
            return None
        found = self._columns.get((resolved.field_name, resolved.sub_field_name))
        if found is None:
            raise InvalidFilterException(detail=f"Nothing can be filtered by {path}.")
        return found


def _compared(found: Column | Callable[[str, Any], Q], op: str, value: Any) -> Q:
    return found.condition(op, value) if isinstance(found, Column) else found(op, value)


def moment(name: str) -> Callable[[str, Any], Q]:
    """A column of times, compared with a text such as 2026-11-21T09:00:00Z."""

    def compare(op: str, value: Any) -> Q:
        if op == "pr":
            return EVERY
        if op not in ("eq", "gt", "ge", "lt", "le"):
            raise InvalidFilterException(detail="A time is compared by eq, ne, gt, ge, lt and le.")
        return Q(LOOKUPS[op](F(name), _time(value)))

    return compare


def _time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise InvalidFilterException(detail="A time is written as 2026-11-21T09:00:00Z.") from None
