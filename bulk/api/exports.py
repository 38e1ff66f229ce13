from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from bulk.exporting import cells_of, columns_of, rows_of
from bulk.models import Kind
from mailadmin.api.requests import domain_parameter, refuse_unknown_parameters
from mailadmin.api.views import ApiView
from mailadmin.pages.exports import csv_response


class CsvRenderer(BaseRenderer):
    """Says that it can be asked for; a refusal is JSON all the same."""

    media_type = "text/csv"
    format = "csv"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return bytes(JSONRenderer().render(data))


class Export(ApiView):
    """`scope`, which is the kind of the rows, is that to read them."""

    scope = Kind.MAILBOXES
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        parameters=[OpenApiParameter("domain", str, description="Only those of this domain.")],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """All rows that the token sees, in a file that can be imported again."""
        refuse_unknown_parameters(request, ("domain",))
        columns = columns_of(self.scope)
        rows = rows_of(self.scope, domain_parameter(request), self.actor)
        return csv_response(f"{self.scope}.csv", columns, cells_of(rows, columns))
