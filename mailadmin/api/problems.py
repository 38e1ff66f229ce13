"""Every refusal as `application/problem+json` (RFC 9457): `status`, `code`, `detail`, and `errors` by field."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, NotFound, PermissionDenied
from rest_framework.exceptions import ValidationError as SerializerError
from rest_framework.response import Response

from mailadmin.errors import Errors, by_field, code_of

MEDIA_TYPE = "application/problem+json"
# What a service refuses with a code of its own, and the status that says so; all else is 400.
STATUS_OF_CODE = {
    "busy": status.HTTP_503_SERVICE_UNAVAILABLE,
    "stale": status.HTTP_412_PRECONDITION_FAILED,
}
# There is something of this name already; so says every code that ends in `_exists`.
TAKEN = frozenset({"address_is_mailbox", "address_is_alias"})


class Problem(APIException):
    """A refusal with its own status. `more`: further members of the answer, such as `existing`, a link."""

    def __init__(self, status_code: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any):
        super().__init__(detail, code)
        self.status_code = status_code
        self.headers = headers or {}
        self.more = more


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER; None for what is no refusal but a fault of ours."""
    view = context.get("view")
    names = getattr(view, "field_names", {})
    if isinstance(error, ValidationError):
        return of_validation(error, names=names, existing=getattr(view, "existing_url", None))
    if isinstance(error, Http404 | ObjectDoesNotExist):
        error = NotFound(_("There is no such thing, or it is not yours to see."))
    if isinstance(error, DjangoPermissionDenied):
        error = PermissionDenied(_("This token may not do that."))
    if isinstance(error, SerializerError):
        errors = dict(_flat(error.detail))
        return answer(status.HTTP_400_BAD_REQUEST, "invalid", _("The request is not right."), errors=errors)
    if not isinstance(error, APIException):
        return None
    code = str(error.get_codes()) if isinstance(error.detail, str) else error.default_code
    response = answer(error.status_code, code, str(error.detail), **getattr(error, "more", {}))
    for name, value in getattr(error, "headers", {}).items():
        response[name] = value
    if auth_header := getattr(error, "auth_header", ""):
        response["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)
    return response


def of_validation(error: ValidationError, *, names: dict[str, str], existing: Any = None) -> Response:
    """What a service refused, its fields under the names that the API has for them."""
    errors = {names.get(field, field): several for field, several in by_field(error).items()}
    codes = [each["code"] for several in errors.values() for each in several]
    for code, status_code in STATUS_OF_CODE.items():
        if code in codes:
            response = answer(status_code, code, _first(errors), errors=errors)
            if status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
                response["Retry-After"] = "1"
            return response
    if taken := next((code for code in codes if code in TAKEN or code.endswith("_exists")), None):
        more = {"existing": url} if existing and (url := existing(taken)) else {}
        return answer(status.HTTP_409_CONFLICT, taken, _first(errors), errors=errors, **more)
    return answer(status.HTTP_400_BAD_REQUEST, code_of(errors), _first(errors), errors=errors)


def answer(status_code: int, code: str, detail: str, *, errors: Errors | None = None, **more: Any) -> Response:
    body = {**_body(status_code, code, detail), **({"errors": errors} if errors else {}), **more}
    return Response(body, status=status_code, content_type=MEDIA_TYPE)


def plain_answer(status_code: int, code: str, detail: str) -> JsonResponse:
    """What is refused before a view, or behind it."""
    return JsonResponse(_body(status_code, code, detail), status=status_code, content_type=MEDIA_TYPE)


def _body(status_code: int, code: str, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status_code).phrase
    return {"type": "about:blank", "title": title, "status": status_code, "code": code, "detail": detail}


def _first(errors: Errors) -> str:
    return next(iter(errors.values()))[0]["message"]


def _flat(detail: Any, path: str = "") -> list[tuple[str, list[dict[str, str]]]]:
    """A serializer's errors, those of nested fields under names such as `aliases.0`."""
    if isinstance(detail, dict):
        return [pair for name, below in detail.items() for pair in _flat(below, _join(path, name))]
    if isinstance(detail, list) and not all(isinstance(each, ErrorDetail) for each in detail):
        return [pair for number, below in enumerate(detail) for pair in _flat(below, _join(path, str(number)))]
    several = detail if isinstance(detail, list) else [detail]
    return [(path, [{"code": each.code, "message": str(each)} for each in several])]


def _join(path: str, name: str) -> str:
    name = "" if name == "non_field_errors" else str(name)
    return f"{path}.{name}".strip(".")
