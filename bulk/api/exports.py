from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from bulk.exporting import cells_of, columns_of, rows_of
from bulk.models import Kind
from mailadmin.api.requests import domain_parameter, refuse_unknown_parameters
from mailadmin.api.scopes import READ
from mailadmin.api.views import ApiView
from mailadmin.errors import refuse
from mailadmin.pages.exports import csv_response


class CsvRenderer(BaseRenderer):
    """Says that it can be asked for; a refusal is JSON all the same."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return bytes(JSONRenderer().render(data))


class Export(ApiView):
    scope = "imports"
    renderer_classes = [JSONRenderer, CsvRenderer]

    def verb_of(self, method: str) -> str:
        """That to read the rows, as soon as their kind is known."""
        return ""

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", str, enum=Kind.values, required=True),
            OpenApiParameter("domain", str, description="Only those of this domain."),
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All rows that the token sees, in a file that can be imported again. It needs the scope to read them."""
        refuse_unknown_parameters(request, ("kind", "domain"))
        kind = request.query_params.get("kind", "")
        if kind not in Kind.values:
            refuse("kind", _("Choose one of: %(names)s."), "invalid_choice", names=", ".join(Kind.values))
        if not self.token.allows(f"{kind}:{READ}"):
            self.permission_denied(request)
        columns = columns_of(kind)
        rows = rows_of(kind, domain_parameter(request), self.actor)
        return csv_response(f"{kind}.csv", columns, cells_of(rows, columns))
