"""Lists, and single rows at their keys."""

from __future__ import annotations

import hashlib
import json
from typing import Any, ClassVar, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.utils.encoders import JSONEncoder

from mailadmin.errors import refuse
from mailadmin.mailhost.queue import waiting
from mailadmin.pages.keyset import Order
from mailadmin.revisions import revision

from .paging import PARAMETERS, page_of
from .requests import entity_tags, refuse_unknown_parameters
from .views import ApiView

Row = TypeVar("Row", bound=Model)


class ReadResource(ApiView, Generic[Row]):
    """Rows of one model, each at its key: listed and shown."""

    model: type[Row]
    serializer_class: ClassVar[type[Serializer[Any]]]
    key_field: ClassVar[str] = "id"  # what the key is called in the body
    orders: ClassVar[dict[str, Order]]  # what `order` can be; the first is the default
    filters: ClassVar[tuple[str, ...]] = ()  # the names of the parameters that `narrow` knows
    filter_schemas: ClassVar[dict[str, dict[str, Any]]] = {}  # what they are, for those that components.py has not
    lookup: ClassVar[str] = "pk"
    is_single: ClassVar[bool] = False  # one thing at its URL, in no list
    key: str = ""  # of the URL; empty for the whole list

    def order_choices(self) -> dict[str, Order]:
        """`orders`, unless they depend on what the list is narrowed to."""
        return self.orders

    def narrow(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """The rows that the parameters of the list ask for."""
        return rows

    def rows(self) -> QuerySet[Row]:
        """Those that the token may see."""
        return self.model._default_manager.visible_to(self.actor)  # type: ignore[attr-defined]

    def normalise_key(self, key: str) -> str:
        """As it is stored. Raises ValidationError for what can be no key."""
        return key

    def live_keys(self, row: Row) -> list[str]:
        """The domains and addresses whose pending work says whether the row is live."""
        return [str(row.pk)]

    def tag(self, row: Row) -> str:
        """Of the ETag: another one when anything of it that can be changed was changed."""
        return revision(row)

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.key = kwargs.get("key", "")

    def get(self, request: Request, key: Any = "") -> Response:
        return self._list() if key == "" else self._one()

    def _list(self) -> Response:
        refuse_unknown_parameters(self.request, (*PARAMETERS, "fields", *self.filters))
        reader = self._reader(self.wanted)
        rows, next_url = page_of(self.request, self.narrow(self.rows()), self.order_choices())
        self.dress(rows)
        return Response({"results": [reader.to_representation(row) for row in rows], "next": next_url})

    def _one(self) -> Response:
        refuse_unknown_parameters(self.request, ("fields",))
        reader, row = self._reader(self.wanted), self.find()
        if row is None:
            raise Http404
        self.dress([row])
        described = reader.to_representation(row)
        tag = self.entity_tag(row, described)
        if tag in entity_tags(self.request.headers.get("If-None-Match", "")):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": f'"{tag}"'})
        return Response(described, headers={"ETag": f'"{tag}"'})

    def entity_tag(self, row: Row, described: dict[str, Any]) -> str:
        """Of the row, which is what If-Match compares, and of what is said of it beside: `live`, what it holds."""
        said = json.dumps(described, cls=JSONEncoder).encode()
        return f"{self.tag(row)}.{hashlib.sha256(said).hexdigest()[:8]}"

    def find(self, *, lock: bool = False) -> Row | None:
        """What the URL names, if there is such a thing and the token may see it; a wrong name names nothing."""
        try:
            key = self.normalise_key(self.key)
        except ValidationError:
            return None
        rows = self.rows()
        return (rows.select_for_update() if lock else rows).filter(**{self.lookup: key}).first()

    def dress(self, rows: list[Row]) -> None:
        """Set what the representation needs beside the row; `live` to begin with."""
        if self.wanted is not None and "live" not in self.wanted:
            return
        keys = {row.pk: self.live_keys(row) for row in rows}
        open_keys = waiting({key for several in keys.values() for key in several}) if rows else set()
        for row in rows:
            row.live = open_keys.isdisjoint(keys[row.pk])  # type: ignore[attr-defined]

    def describe(self, row: Row) -> dict[str, Any]:
        return dict(self._reader(None).to_representation(row))

    @cached_property
    def wanted(self) -> list[str] | None:
        """The names in the parameter `fields`; None: all of them."""
        names = self.request.query_params.get("fields")
        return None if names is None else [name for name in names.split(",") if name]

    def _reader(self, wanted: list[str] | None) -> Serializer[Any]:
        """It reads those fields alone, and once made any number of rows."""
        reader = self.serializer_class(context={"view": self})
        if wanted is None:
            return reader
        readable = {name for name, field in reader.fields.items() if not field.write_only}
        for name in wanted:
            if name not in readable:
                refuse("fields", _("There is no field “%(name)s”."), "field_unknown", name=name[:100])
        for name in readable.difference(wanted):
            del reader.fields[name]
        return reader
