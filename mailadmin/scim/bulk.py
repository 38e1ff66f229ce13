"""Many operations in one request (RFC 7644, 3.7): each is done whole or not at all, and what one makes another may name
by its bulkId, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from scim2_models import (
    BulkOperation,
    BulkRequest,
    BulkResponse,
    ConflictException,
    Context,
    Error,
    InvalidSyntaxException,
    InvalidValueException,
    PayloadTooLargeException,
)

from mailadmin.transactions import atomic

from . import operations
from .directory import Directory
from .errors import error_of
from .groups import Groups
from .provider import OPERATIONS_AT_MOST, PAYLOAD_BYTES_AT_MOST
from .users import Users
from .views import ScimView

EITHER: Any = Users.model | Groups.model
REFERENCE = "bulkId:"


class Bulk(ScimView):
    def post(self, request: Request) -> Response:
        given = request.data.get("Operations") if isinstance(request.data, dict) else None
        if len(self.body) > PAYLOAD_BYTES_AT_MOST:
            raise PayloadTooLargeException(detail=f"A bulk has {PAYLOAD_BYTES_AT_MOST} octets at most.")
        if not isinstance(given, list):
            raise InvalidSyntaxException(detail="A bulk has a list of Operations.")
        if len(given) > OPERATIONS_AT_MOST:
            raise PayloadTooLargeException(detail=f"A bulk has {OPERATIONS_AT_MOST} operations at most.")
        message: Any = BulkRequest.__class_getitem__(EITHER)
        wanted = operations.read(message, request.data, Context.BULK_REQUEST)
        directories = {f"/{each.name}s": each(self.actor, self.base) for each in (Users, Groups)}
        results = _Job(wanted, given, directories).run()
        answer: Any = BulkResponse.__class_getitem__(EITHER)
        return Response(answer(operations=results).model_dump(scim_ctx=Context.BULK_RESPONSE))


class _Job:
    def __init__(self, wanted: Any, given: list[Any], directories: Mapping[str, Directory[Any]]) -> None:
        self._steps = wanted.operations
        self._given = given
        self._most_errors = wanted.fail_on_errors
        self._directories = directories
        self._made: dict[str, str] = {}  # the ids behind the bulkIds

    def run(self) -> list[Any]:
        """The results, in the order of the request. With failOnErrors the rest is not begun."""
        results: dict[int, Any] = {}
        errors = 0
        for number in self._order():
            results[number] = result = self._tried(self._steps[number], self._given[number])
            errors += int(result.status) >= 400
            if self._most_errors is not None and errors >= max(self._most_errors, 1):
                break
        return [results[number] for number in sorted(results)]

    def _order(self) -> list[int]:
        """What is named comes before what names it; else as they were sent."""
        numbers = {step.bulk_id: number for number, step in enumerate(self._steps) if step.bulk_id}
        if len(numbers) < sum(bool(step.bulk_id) for step in self._steps):
            raise InvalidValueException(detail="A bulkId is there twice.")
        graph = {number: _named(given, numbers) for number, given in enumerate(self._given)}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError:
            raise ConflictException(detail="Operations name each other in a circle.") from None

    def _tried(self, step: Any, given: Any) -> Any:
        if step.status is not None:  # it could not even be read
            return step
        told = {"method": step.method, "bulk_id": step.bulk_id}
        try:
            return type(step)(**told, **self._done(step, given))
        except Exception as error:
            if (refusal := error_of(error)) is None:
                raise
            return _failed(told, self._location(step), refusal)

    def _done(self, step: Any, given: Any) -> dict[str, Any]:
        directory = self._directories[step.endpoint]
        uid, data = self._resolved(step.resource_id or ""), self._resolved(given.get("data"))
        if step.method == BulkOperation.Method.post:
            shown = atomic(operations.create)(directory, data)
            self._made[step.bulk_id] = shown.id
            return {"status": 201, "location": shown.meta.location, "version": shown.meta.version}
        if not uid:
            raise Http404
        if step.method == BulkOperation.Method.delete:
            atomic(operations.delete)(directory, uid, step.version)
            return {"status": 204, "location": directory.location(uid)}
        change = operations.replace if step.method == BulkOperation.Method.put else operations.patch
        shown = atomic(change)(directory, uid, data, step.version)
        return {"status": 200, "location": shown.meta.location, "version": shown.meta.version}

    def _location(self, step: Any) -> str | None:
        if step.method == BulkOperation.Method.post:
            return None
        return self._directories[step.endpoint].location(step.resource_id or "")

    def _resolved(self, value: Any) -> Any:
        """With the ids in the place of bulkIds."""
        if isinstance(value, dict):
            return {name: self._resolved(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._resolved(each) for each in value]
        if isinstance(value, str) and value.startswith(REFERENCE):
            if value.removeprefix(REFERENCE) not in self._made:
                raise InvalidValueException(detail=f"Nothing was made for {value[:100]}.")
            return self._made[value.removeprefix(REFERENCE)]
        return value


def _failed(told: dict[str, Any], location: str | None, refusal: Error) -> Any:
    operation: Any = BulkOperation.__class_getitem__(Users.model)
    return operation(**told, location=location, status=refusal.status, response=refusal)


def _named(given: Any, numbers: dict[str, int]) -> set[int]:
    return {numbers[name] for name in _references(given) if name in numbers}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if REFERENCE in value:
            yield value.partition(REFERENCE)[2]
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _references(each)
