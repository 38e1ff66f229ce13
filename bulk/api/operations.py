"""Many writes of REST in one request, as JSON Lines: each is what it would be alone, its answer is a line too."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from mailadmin.api import problems
from mailadmin.api.answers import key_of
from mailadmin.api.fields import Fields, Text
from mailadmin.api.parsing import parse
from mailadmin.api.problems import Problem
from mailadmin.api.requests import flag, refuse_unknown_parameters
from mailadmin.api.resources import Resource
from mailadmin.api.views import ApiView
from mailadmin.transactions import atomic

MEDIA_TYPE = "application/jsonl"
MEDIA_TYPES = (MEDIA_TYPE, "application/x-ndjson")
LINES_AT_MOST = 1000
METHODS = ("POST", "PUT", "PATCH", "DELETE")
ROOT = "/api/v1"
EXAMPLE = '{"method": "PUT", "path": "/mailboxes/ann@example.org/", "body": {"name": "Ann Doe"}}\n'


class OperationFields(Fields):
    method = Text(max_length=6)
    path = Text(max_length=2000)

    def validate_method(self, method: str) -> str:
        if method not in METHODS:
            raise ParseError(_("One of: %(names)s.") % {"names": ", ".join(METHODS)}, "method_unknown")
        return method


class JsonLinesRenderer(JSONRenderer):
    media_type = MEDIA_TYPE
    format = "jsonl"


class Operations(ApiView):
    """Each line needs what it would need alone, beside."""

    scope = "bulk"
    renderer_classes = [JSONRenderer, JsonLinesRenderer]

    @extend_schema(
        request={MEDIA_TYPE: OpenApiTypes.STR},
        parameters=[OpenApiParameter("atomic", bool, default=False, description="All of them, or none: 422.")],
        examples=[OpenApiExample("A mailbox", EXAMPLE, request_only=True, media_type=MEDIA_TYPE)],
        responses={(200, MEDIA_TYPE): OpenApiTypes.STR},
    )
    def post(self, request: Request) -> HttpResponse:
        """Many writes, a line each: `method`, `path` below /api/v1, `body`. Each counts as a request and is done so, in
        a transaction of its own unless `atomic`; it is answered by a line: `line`, `status`, `location`, `body`. Of an
        Idempotency-Key each line has its part: when the request is sent again, only what was not done is."""
        refuse_unknown_parameters(request, ("atomic",))
        key_of(request)
        if (request.content_type or "").partition(";")[0].strip().lower() not in MEDIA_TYPES:
            raise UnsupportedMediaType(request.content_type or "")
        lines = list(_lines(self.body))
        answers = self._all_or_none(lines) if flag(request, "atomic") else [self._answer(*line) for line in lines]
        text = "".join(json.dumps(answer, cls=JSONEncoder, ensure_ascii=False) + "\n" for answer in answers)
        return HttpResponse(text, content_type=MEDIA_TYPE)

    @atomic
    def _all_or_none(self, lines: list[tuple[int, bytes]]) -> list[dict[str, Any]]:
        answers = []
        for number, line in lines:
            answers.append(self._answer(number, line))
            if answers[-1]["status"] >= 400:
                transaction.set_rollback(True)
                told = _("Line %(line)d was refused: nothing was done.") % {"line": number}
                raise Problem(422, "bulk_refused", told, refused=answers[-1])
        return answers

    def _answer(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            view, inner, kwargs = self._request(number, line)
        except APIException as error:
            response = problems.handle(error, {"view": self})
        else:
            response = view(inner, **kwargs)
        assert response is not None  # noqa: S101 every APIException is handled
        location = {"location": response["Location"]} if "Location" in response.headers else {}
        return {"line": number, "status": response.status_code, **location, "body": getattr(response, "data", None)}

    def _request(self, number: int, line: bytes) -> tuple[Any, WSGIRequest, dict[str, Any]]:
        """The view that would answer the line, and the request that it would be asked."""
        asked = parse(line)
        if not isinstance(asked, dict):
            raise ParseError(_("A line is a JSON object."), "json_no_object")
        body = json.dumps(asked.pop("body")).encode() if "body" in asked else b""
        fields = OperationFields(data=asked)
        fields.is_valid(raise_exception=True)
        parts = urlsplit(fields.validated_data["path"])
        path = unquote(parts.path)
        try:
            match = resolve(f"{ROOT}{path}")
        except Resolver404:
            match = None
        if match is None or not issubclass(getattr(match.func, "view_class", object), Resource):
            raise Problem(404, "not_found", _("There is no such thing, or it is not yours to see."))
        inner = self._inner(fields.validated_data["method"], path, parts.query, body)
        if key := key_of(self.request):
            inner.META["HTTP_IDEMPOTENCY_KEY"] = f"{hashlib.sha256(key.encode()).hexdigest()}.{number}"
        return match.func, inner, match.kwargs

    def _inner(self, method: str, path: str, query: str, body: bytes) -> WSGIRequest:
        outer = {name: value for name, value in self.request.META.items() if not name.startswith(("HTTP_", "CONTENT_"))}
        inner = WSGIRequest(
            {
                **outer,
                "HTTP_HOST": self.request.get_host(),
                "REQUEST_METHOD": method,
                "PATH_INFO": f"{ROOT}{path}".encode().decode("latin-1"),  # as PEP 3333 has it
                "QUERY_STRING": query,
                "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
            }
        )
        inner._force_auth_token = self.token  # type: ignore[attr-defined]  # as DRF's own client does
        return inner


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    lines = [(number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip()]
    if not lines:
        raise ParseError(_("There is no line."), "lines_missing")
    if len(lines) > LINES_AT_MOST:
        raise ParseError(_("There are %(most)d lines at most.") % {"most": LINES_AT_MOST}, "lines_too_many")
    yield from lines
