"""Every refusal as SCIM has it (RFC 7644, 3.12): `status`, `scimType`, `detail`."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from rest_framework.response import Response
from scim2_models import Error, SCIMException

from mailadmin.api import problems

# An address that is kept free conflicts, as one that is there does.
CONFLICTS = frozenset({"address_reserved"})
SCIM_TYPES = {400: "invalidValue", 409: "uniqueness"}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The views' exception handler; None for what is no refusal but a fault of ours."""
    if isinstance(error, ValidationError):
        return _answer(Error.from_validation_errors(error)[0])
    if isinstance(error, SCIMException):
        return _answer(error.to_error())
    response = problems.handle(error, context)
    if response is None:
        return None
    told = _answer(_of_problem(response.data))
    for name, value in response.headers.items():
        told.setdefault(name, value)
    return told


def error_of(error: Exception) -> Error | None:
    """The same for one operation of many."""
    response = handle(error, {})
    return Error.model_validate(response.data) if response is not None else None


def _answer(error: Error) -> Response:
    return Response(error.model_dump(), status=error.status or 400)


def _of_problem(problem: dict[str, Any]) -> Error:
    code = problem["code"]
    status = 409 if code in CONFLICTS else problem["status"]
    scim_type = "invalidSyntax" if code.startswith("json_") else SCIM_TYPES.get(status)
    places = [place for place in problem.get("errors", {}) if place]
    return Error(status=status, scim_type=scim_type, detail=": ".join([*places[:1], problem["detail"]]))
