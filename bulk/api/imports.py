from __future__ import annotations

import hashlib
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.http import Http404, UnreadablePostError
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bulk import services
from bulk.models import Action, Existing, Import, Kind
from bulk.reports import results
from mailadmin.api.answers import once
from mailadmin.api.fields import Fields
from mailadmin.api.paging import PARAMETERS, page_of
from mailadmin.api.requests import flag, refuse_unknown_parameters
from mailadmin.api.scopes import CREATE, WRITE
from mailadmin.api.views import ApiView
from mailadmin.errors import refuse
from mailadmin.pages.keyset import Order
from mailadmin.transactions import atomic

from .fields import ApplyFields, ImportFields, LineFields, described

CSV = "text/csv"
CHUNK = MEMORY_AT_MOST = 64 * 1024
LINES, LINES_AT_MOST = 100, 1000
EXAMPLE = "address,name,quota_bytes,password\nann@example.org,Ann Doe,1024000000,correct horse battery staple\n"


class ImportList(ApiView):
    """Files of CSV."""

    scope = "imports"
    takes_files = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Without the body, which may be large: it is read once the token is known to be good for it."""
        APIView.initial(self, request, *args, **kwargs)

    @extend_schema(responses={200: ImportFields(many=True)})
    def get(self, request: Request) -> Response:
        """The newest first; a token sees its own."""
        refuse_unknown_parameters(request, PARAMETERS)
        rows = Import.objects.visible_to(self.actor)
        shown, next_url = page_of(request, rows, {"id": Order("id", "id", descending=True)})
        return Response({"results": [described(row) for row in shown], "next": next_url})

    @extend_schema(
        request={CSV: OpenApiTypes.STR},
        parameters=[
            OpenApiParameter("kind", str, enum=Kind.values, required=True),
            OpenApiParameter("existing", str, enum=Existing.values, default=Existing.REFUSE, description="Of a row."),
        ],
        examples=[OpenApiExample("A mailbox", EXAMPLE, request_only=True, media_type=CSV)],
        responses={202: ImportFields},
    )
    def post(self, request: Request) -> Response:
        """Have a file checked and rehearsed. It also needs the scope to create such rows, and with `existing=update`
        that to write them. With `dry_run` it stays a preview."""
        refuse_unknown_parameters(request, ("kind", "existing", "dry_run"))
        asked = {name: request.query_params.get(name, "") for name in ("kind", "existing")}
        if (request.content_type or "").partition(";")[0].strip().lower() != CSV:
            raise UnsupportedMediaType(request.content_type or "")
        self._require(asked["kind"], CREATE)
        if asked["existing"] == Existing.UPDATE:
            self._require(asked["kind"], WRITE)
        with SpooledTemporaryFile(MEMORY_AT_MOST) as file:
            digest = _receive(request, file)
            return atomic(once)(request, digest, lambda: self._start(file, asked))

    def _require(self, kind: str, verb: str) -> None:
        if kind in Kind.values and not self.token.allows(f"{kind}:{verb}"):
            self.permission_denied(self.request)

    def _start(self, file: IO[bytes], asked: dict[str, str]) -> Response:
        row = services.start_import(
            kind=asked["kind"],
            existing=asked["existing"] or Existing.REFUSE,
            file=file,
            preview_only=bool(flag(self.request, "dry_run")),
            actor=self.actor,
        )
        return _accepted(row)


def _receive(request: Request, file: IO[bytes]) -> bytes:
    """Its digest, which stands for the body."""
    digest = hashlib.sha256()
    with suppress(UnreadablePostError):
        while octets := request._request.read(CHUNK):
            digest.update(octets)
            file.write(octets)
    if file.tell() != int(request.META.get("CONTENT_LENGTH") or 0):
        raise ParseError(_("The body did not arrive whole."), "body_unreadable")
    return digest.digest()


def _accepted(row: Import) -> Response:
    location = reverse("api:imports", args=[row.pk])
    return Response(described(row), status=status.HTTP_202_ACCEPTED, headers={"Location": location})


class OneImport(ApiView):
    scope = "imports"

    def find(self) -> Import:
        found = Import.objects.visible_to(self.actor).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found


class ImportOne(OneImport):
    @extend_schema(responses={200: ImportFields})
    def get(self, request: Request, pk: int) -> Response:
        """How far it is."""
        refuse_unknown_parameters(request, ())
        return Response(described(self.find()))


class ImportLines(OneImport):
    @extend_schema(
        parameters=[
            OpenApiParameter("action", str, enum=Action.values, description="Only these lines."),
            OpenApiParameter("after", int, description="Only lines below this one of the file."),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": LINES_AT_MOST, "default": LINES}),
        ],
        responses={200: LineFields(many=True)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """What each line will do, and then what it did."""
        refuse_unknown_parameters(request, ("action", "after", "limit"))
        action = request.query_params.get("action", "")
        if action and action not in Action.values:
            refuse("action", _("Choose one of: %(names)s."), "invalid_choice", names=", ".join(Action.values))
        limit = self._number("limit", LINES, least=1, most=LINES_AT_MOST)
        after = self._number("after", 0, least=0, most=10**9)
        shown, following = results(self.find(), action, after=after, limit=limit)
        return Response({"results": [LineFields(each).data for each in shown], "next": self._next(following)})

    def _number(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self.request.query_params.get(name, str(default))
        if not text.isascii() or not text.isdecimal() or not least <= int(text[:12]) <= most:
            refuse(name, _("From %(least)d to %(most)d."), "out_of_range", least=least, most=most)
        return int(text)

    def _next(self, after: int | None) -> str | None:
        if after is None:
            return None
        asked = self.request.query_params.copy()
        asked["after"] = str(after)
        return self.request.build_absolute_uri(f"{self.request.path}?{asked.urlencode()}")


class ImportAct(OneImport):
    def verb_of(self, method: str) -> str:
        return WRITE


class ImportApply(ImportAct):
    @extend_schema(request=ApplyFields, responses={202: ImportFields})
    def post(self, request: Request, pk: int) -> Response:
        """Do what the rehearsal showed."""
        row, fields = self.find(), self.checked(ApplyFields)
        return self.write(lambda: _accepted(services.apply_import(row=row, mode=fields["mode"], actor=self.actor)))


class ImportCancel(ImportAct):
    @extend_schema(request=None, responses={202: ImportFields})
    def post(self, request: Request, pk: int) -> Response:
        """End it."""
        row = self.find()
        self.checked(Fields)
        return self.write(lambda: _accepted(services.cancel_import(row=row, actor=self.actor)))
