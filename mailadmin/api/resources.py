"""What every resource of REST is made of: list, show, create, put, patch, delete over the services of a room.

Each write goes one way (`write`): the Idempotency-Key, what If-Match asks for, the service, and then, once it is
committed, the wait until it is live. With `dry_run=true` the same is done and taken back, and the answer says what it
would have brought about.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from mailadmin.errors import at_field, refuse

from .fields import Fields
from .problems import Problem
from .reading import ReadResource, Row
from .requests import entity_tags
from .scopes import CREATE, WRITE


class Resource(ReadResource[Row], ABC):
    """They are written as well. Subclasses say which service each act is."""

    renames: ClassVar[bool] = False  # whether PATCH may give another key

    def add(self, fields: dict[str, Any]) -> Row:
        """Call the service that creates one."""
        raise MethodNotAllowed(str(self.request.method))

    def edit(self, row: Row, fields: dict[str, Any]) -> Row:
        """Call the services that change it."""
        raise MethodNotAllowed(str(self.request.method))

    def remove(self, row: Row) -> None:
        """Call the service that deletes it."""
        raise MethodNotAllowed(str(self.request.method))

    def post(self, request: Request) -> Response:
        fields = self.fields(partial=False)
        return self.write(lambda: self._made(self.add(fields)))

    def put(self, request: Request, key: str) -> Response:
        """Create it or change it to be so. What is not given is left as it is, or as it is by default."""
        return self.write(self._put)

    def patch(self, request: Request, key: str) -> Response:
        fields = self.fields(partial=True)
        return self.write(lambda: self._told(self.edit(self._locked(), fields)))

    def delete(self, request: Request, key: str) -> Response:
        self.checked(Fields)
        return self.write(self._delete)

    def _put(self) -> Response:
        row = self.find(lock=True)
        if row is None:
            try:
                return self._put_new()
            except ValidationError:
                # Somebody may have made it at the same moment.
                row = self.find(lock=True)
                if row is None:
                    raise
        self._refuse_stale(row)
        self.require(WRITE)
        return self._told(self.edit(row, self.fields(partial=True)))

    def _put_new(self) -> Response:
        self._refuse_stale(None)
        self.require(CREATE)
        return self._made(self.add(self.fields(partial=False)))

    def _delete(self) -> Response:
        row = self._locked()
        keys = self.live_keys(row)
        self.remove(row)
        response = Response(status=status.HTTP_204_NO_CONTENT)
        response.live_keys = keys  # type: ignore[attr-defined]
        return response

    def _locked(self) -> Row:
        row = self.find(lock=True)
        if row is None:
            raise Http404
        self._refuse_stale(row)
        return row

    def _refuse_stale(self, row: Row | None) -> None:
        """RFC 9110, 13.1.1 and 13.1.2."""
        wanted, unwanted = (self.request.headers.get(name) for name in ("If-Match", "If-None-Match"))
        if (wanted is not None and not self._is(row, wanted)) or (unwanted is not None and self._is(row, unwanted)):
            raise Problem(412, "stale", _("It is not, or not any more, what your request is about. Read it again."))

    def _is(self, row: Row | None, header: str) -> bool:
        if row is None or header.strip() == "*":
            return row is not None
        return self.tag(row) in [tag.partition(".")[0] for tag in entity_tags(header)]

    def fields(self, *, partial: bool) -> dict[str, Any]:
        """The checked body. The key of the URL may stand in it as well, and is the same, unless PATCH renames."""
        given = {} if partial or not self.key else {self.key_field: self.key}
        fields = self.checked(self.serializer_class, given, partial=partial)
        return self._with_key(fields, partial=partial) if self.key else fields

    def _with_key(self, fields: dict[str, Any], *, partial: bool) -> dict[str, Any]:
        key = fields.get(self.key_field, self.key)
        same = at_field(self.key_field, self.normalise_key, key) == self.normalise_key(self.key)
        if not same and not (self.renames and self.request.method == "PATCH"):
            refuse(self.key_field, _("This is not what the address of the request says."), "key_differs")
        if same and partial:
            fields.pop(self.key_field, None)
        return fields

    def _made(self, row: Row) -> Response:
        response = self._told(row)
        response.status_code = status.HTTP_201_CREATED
        response["Location"] = self.url_of(row)
        return response

    def _told(self, row: Row) -> Response:
        row = self.rows().get(pk=row.pk)  # as the database has it; and still the token's to see
        self.dress([row])
        described = self.describe(row)
        response = Response(described, headers={"ETag": f'"{self.entity_tag(row, described)}"'})
        response.live_keys = self.live_keys(row)  # type: ignore[attr-defined]
        return response

    @abstractmethod
    def url_of(self, row: Row) -> str:
        """Its path."""

    def given_key(self) -> str:
        """What the request calls the thing, as it is stored."""
        data = self.request.data
        return self.normalise_key(data.get(self.key_field, self.key) if isinstance(data, dict) else self.key)

    def existing_url(self, code: str) -> str | None:
        """For a 409: where the thing is that has the name already, if the token may see it."""
        return None


def resource_paths(name: str, view: Any, key: str = "str") -> list[URLPattern]:
    """`NAME/` and `NAME/KEY/`, as the URLs `api:NAME_list` and `api:NAME`; `key` is the path converter."""
    whole, one = (view.as_view(http_method_names=methods) for methods in (LIST_METHODS, ROW_METHODS))
    return [path(f"{name}/", whole, name=f"{name}_list"), path(f"{name}/<{key}:key>/", one, name=name)]


LIST_METHODS = ["get", "head", "options", "post"]
ROW_METHODS = ["get", "head", "options", "put", "patch", "delete"]
