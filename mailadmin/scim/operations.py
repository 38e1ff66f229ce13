"""What a request does to one resource, alone or among others in a bulk; and what finds many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.http import Http404
from scim2_models import (
    Context,
    InvalidPathException,
    InvalidSyntaxException,
    ListResponse,
    PatchOp,
    PreconditionFailedException,
    SearchRequest,
)

from domains.models import Domain
from mailadmin.api.requests import entity_tags

from .directory import Directory
from .filters import condition_of
from .provider import RESULTS_AT_MOST

RESULTS = 100
INDEX_AT_MOST = 2**31


def read(model: Any, data: Any, context: Context, defaults: Mapping[str, Any] | None = None) -> Any:
    """A message or a resource; pydantic's ValidationError or SCIMException for what is none. `defaults` are for what
    the data does not mention."""
    schemas = data.get("schemas") if isinstance(data, dict) else None
    if not isinstance(schemas, list) or str(model.__schema__).lower() not in {str(each).lower() for each in schemas}:
        raise InvalidSyntaxException(detail=f"The body is a JSON object whose schemas name {model.__schema__}.")
    given = {name.lower() for name in data}
    missing = {name: value for name, value in (defaults or {}).items() if name.lower() not in given}
    return model.model_validate({**data, **missing}, scim_ctx=context)


def find(directory: Directory[Any], uid: str, if_match: str | None = None, *, lock: bool = False) -> tuple[Any, Any]:
    """The row, and how it is shown."""
    row = directory.rows().filter(uid=uid).first()
    if row is not None and lock:
        # Its domain first, as every service locks; and what it is by then.
        list(Domain.objects.select_for_update().filter(pk=row.domain_id))
        row = directory.rows().filter(uid=uid).first()
    if row is None:
        raise Http404
    (shown,) = directory.show([row])
    if if_match is not None and if_match.strip() != "*" and not matches(if_match, shown):
        raise PreconditionFailedException(detail="It is another by now: read it again.")
    return row, shown


def matches(header: str, shown: Any) -> bool:
    return entity_tags(shown.meta.version)[0] in entity_tags(header)


def create(directory: Directory[Any], data: Any) -> Any:
    wanted = read(directory.model, data, Context.RESOURCE_CREATION_REQUEST)
    return _afresh(directory, directory.create(wanted))


def replace(directory: Directory[Any], uid: str, data: Any, if_match: str | None) -> Any:
    row, before = find(directory, uid, if_match, lock=True)
    shown = before.model_dump()
    kept = {name: shown[name] for name in directory.kept if name in shown}
    wanted = read(directory.model, data, Context.RESOURCE_REPLACEMENT_REQUEST, kept)
    wanted.replace(before)
    return _afresh(directory, directory.change(row, before, wanted))


def patch(directory: Directory[Any], uid: str, data: Any, if_match: str | None) -> Any:
    row, before = find(directory, uid, if_match, lock=True)
    message = PatchOp.__class_getitem__(directory.model)
    operations = read(message, _without_nulls(data), Context.RESOURCE_PATCH_REQUEST)
    wanted = before.model_copy(deep=True)
    operations.patch(wanted)
    return _afresh(directory, directory.change(row, before, wanted))


def _without_nulls(data: Any) -> Any:
    """In what is sent, null is no value (RFC 7643, 2.5): Entra ID removes a member by its id and no $ref."""
    if isinstance(data, list):
        return [_without_nulls(each) for each in data]
    if isinstance(data, dict):
        # The value of an operation itself says by null that it takes one away.
        return {name: _without_nulls(each) for name, each in data.items() if each is not None or "op" in data}
    return data


def delete(directory: Directory[Any], uid: str, if_match: str | None) -> None:
    row, _shown = find(directory, uid, if_match, lock=True)
    directory.remove(row)


def _afresh(directory: Directory[Any], row: Any) -> Any:
    """As the database has it."""
    return find(directory, row.uid)[1]


def search(directories: Sequence[Directory[Any]], request: Any) -> Any:
    """A page of what these directories have, one behind the other."""
    start = min(request.start_index or 1, INDEX_AT_MOST)
    count = min(RESULTS if request.count is None else request.count, RESULTS_AT_MOST)
    total, found = 0, list[Any]()
    for directory in directories:
        rows, number = _found(directory, request)
        offset = max(start - 1 - total, 0)
        total += number
        if offset < number and len(found) < count:
            found += _page(directory, rows, offset, count - len(found))
    shown: Any = ListResponse.__class_getitem__(_union(directories))
    return shown(total_results=total, start_index=start, items_per_page=len(found), resources=found)


def _found(directory: Directory[Any], request: Any) -> tuple[Any, int]:
    rows = directory.rows().order_by(*_order(directory, request))
    if request.filter is None:
        return rows, directory.total()
    rows = rows.filter(Q(condition_of(str(request.filter), directory.model, directory.columns)))
    return rows, rows.count()


def _order(directory: Directory[Any], request: Any) -> list[str]:
    if request.sort_by is None:
        return ["pk"]
    binding = request.sort_binding(directory.model)
    column = directory.orders.get((binding.field_name, binding.sub_field_name)) if binding else "pk"
    if column is None:
        raise InvalidPathException(detail=f"Nothing can be sorted by {request.sort_by}.")
    sign = "-" if request.sort_order == SearchRequest.SortOrder.descending else ""
    return [f"{sign}{column}", f"{sign}pk"]


def _page(directory: Directory[Any], rows: Any, offset: int, count: int) -> list[Any]:
    """Only keys are skipped over, by an index: SCIM's pages are numbered, and cannot begin behind a row."""
    keys = list(rows.values_list("pk", flat=True)[offset : offset + count])
    found = directory.rows().in_bulk(keys)
    return directory.show([found[key] for key in keys if key in found])


def _union(directories: Sequence[Directory[Any]]) -> Any:
    models: Any = directories[0].model
    for directory in directories[1:]:
        models = models | directory.model
    return models
