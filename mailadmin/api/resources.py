"""What every resource of REST is made of: list, show, create, put, patch, delete over the services of a room.

Each write goes one way (`write`): the Idempotency-Key, what If-Match asks for, the service, and then, once it is
committed, the wait until it is live. With `dry_run=true` the same is done and taken back, and the answer says what it
would have brought about.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar, cast

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404
from django.urls import URLPattern, path
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from mailadmin.accounts.actors import Actor
from mailadmin.effects import Effects, rehearse
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.models import PendingWork
from mailadmin.mailhost.queue import waiting
from mailadmin.pages.keyset import Order
from mailadmin.revisions import revision
from mailadmin.transactions import atomic

from .answers import once
from .authentication import BearerAuthentication
from .models import Token
from .paging import PARAMETERS, page_of
from .parsing import StrictJSONParser
from .problems import Problem
from .requests import entity_tags, flag, refuse_unknown_parameters, wait_seconds
from .scopes import CREATE, DELETE, READ, WRITE
from .throttling import TokenThrottle

Row = TypeVar("Row", bound=Model)
SCOPE_OF_METHOD = {"GET": READ, "HEAD": READ, "OPTIONS": READ, "POST": CREATE, "PATCH": WRITE, "DELETE": DELETE}
POLL_SECONDS = 0.05


class HasScope(BasePermission):
    """Of PUT the view itself asks, once it knows whether it creates or changes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        verb = view.verb_of(request.method)
        return isinstance(request.auth, Token) and (not verb or request.auth.allows(f"{view.scope}:{verb}"))


class ApiView(APIView):
    """`self.actor` is the token, at the address that it came from. `scope` is the resource's name in `scopes.py`."""

    scope: ClassVar[str]
    authentication_classes = [BearerAuthentication]
    permission_classes = [HasScope]
    parser_classes = [StrictJSONParser]
    throttle_classes = [TokenThrottle]
    # The names that the API has for the fields of the services.
    field_names: ClassVar[dict[str, str]] = {}

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return login_not_required(super().as_view(**initkwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.body = request._request.body  # before it is parsed, which uses the stream up

    def verb_of(self, method: str) -> str:
        """What of the scope a request needs; empty where the view asks by itself."""
        return SCOPE_OF_METHOD.get(method, "")

    def require(self, verb: str) -> None:
        if not self.token.allows(f"{self.scope}:{verb}"):
            self.permission_denied(self.request)

    @property
    def token(self) -> Token:
        return cast(Token, self.request.auth)

    @cached_property
    def actor(self) -> Actor:
        return Actor.of_token(self.token, self.request.META.get("REMOTE_ADDR", ""))

    def write(self, act: Callable[[], Response]) -> Response:
        """`act` calls the services and answers; it is done at once, whole, and only once."""
        refuse_unknown_parameters(self.request, ("dry_run",))
        if flag(self.request, "dry_run"):
            return rehearsed(*atomic(rehearse)(act))
        return atomic(once)(self.request, self.body, act)


def rehearsed(response: Response, effects: Effects) -> Response:
    """What would have been answered, and every row before and after."""
    changes = [
        {
            "action": entry.action,
            "object_type": entry.object_type,
            "key": entry.object_key,
            "before": entry.before,
            "after": entry.after,
        }
        for entry in effects.entries
    ]
    work = [{"host": work.host_id, "kind": work.kind, "key": work.key} for work in effects.work]
    told = {"dry_run": True, "status": response.status_code, "result": response.data}
    return Response({**told, "changes": changes, "pending": work, "warnings": effects.warnings})


class ReadResource(ApiView, Generic[Row]):
    """Rows of one model, each at its key: listed and shown."""

    model: type[Row]
    serializer_class: ClassVar[type[BaseSerializer[Any]]]
    orders: ClassVar[dict[str, Order]]  # what `order` can be; the first is the default
    filters: ClassVar[tuple[str, ...]] = ()  # the names of the parameters that `narrow` knows
    lookup: ClassVar[str] = "pk"
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

    # -- reading

    def get(self, request: Request, key: str = "") -> Response:
        return self._one() if key else self._list()

    def _list(self) -> Response:
        refuse_unknown_parameters(self.request, (*PARAMETERS, "fields", *self.filters))
        rows, next_url = page_of(self.request, self.narrow(self.rows()), self.order_choices())
        self.dress(rows)
        described = self.serializer_class(rows, many=True, context={"request": self.request}).data
        return Response({"results": [self._sparse(dict(each)) for each in described], "next": next_url})

    def _one(self) -> Response:
        refuse_unknown_parameters(self.request, ("fields",))
        row = self.find()
        if row is None:
            raise Http404
        self.dress([row])
        tag = self.tag(row)
        if tag in entity_tags(self.request.headers.get("If-None-Match", "")):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": f'"{tag}"'})
        return Response(self._sparse(self.describe(row)), headers={"ETag": f'"{tag}"'})

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
        keys = {row.pk: self.live_keys(row) for row in rows}
        open_keys = waiting({key for several in keys.values() for key in several}) if rows else set()
        for row in rows:
            row.live = open_keys.isdisjoint(keys[row.pk])  # type: ignore[attr-defined]

    def describe(self, row: Row) -> dict[str, Any]:
        return dict(self.serializer_class(row, context={"request": self.request}).data)

    def _sparse(self, described: dict[str, Any]) -> dict[str, Any]:
        wanted = self.request.query_params.get("fields")
        if wanted is None:
            return described
        names = [name for name in wanted.split(",") if name]
        for name in names:
            if name not in described:
                refuse("fields", _("There is no field “%(name)s”."), "field_unknown", name=name[:100])
        return {name: described[name] for name in names}


class Resource(ReadResource[Row], ABC):
    """They are written as well. Subclasses say which service each act is."""

    key_field: ClassVar[str]  # what the key is called in the body
    renames: ClassVar[bool] = False  # whether PATCH may give another key

    @abstractmethod
    def add(self, fields: dict[str, Any]) -> Row:
        """Call the service that creates one."""

    @abstractmethod
    def edit(self, row: Row, fields: dict[str, Any]) -> Row:
        """Call the services that change it."""

    @abstractmethod
    def remove(self, row: Row) -> None:
        """Call the service that deletes it."""

    def post(self, request: Request) -> Response:
        fields = self.fields(partial=False)
        return self._live(self.write(lambda: self._made(self.add(fields))))

    def put(self, request: Request, key: str) -> Response:
        """Create it or change it to be so. What is not given is left as it is, or as it is by default."""
        return self._live(self.write(self._put))

    def patch(self, request: Request, key: str) -> Response:
        fields = self.fields(partial=True)
        return self._live(self.write(lambda: self._told(self.edit(self._locked(), fields))))

    def delete(self, request: Request, key: str) -> Response:
        return self._live(self.write(self._delete))

    def _put(self) -> Response:
        row = self.find(lock=True)
        self._refuse_stale(row)
        self.require(CREATE if row is None else WRITE)
        fields = self.fields(partial=row is not None)
        return self._made(self.add(fields)) if row is None else self._told(self.edit(row, fields))

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
        tag = self.tag(row) if row is not None else None
        wanted, unwanted = (self.request.headers.get(name) for name in ("If-Match", "If-None-Match"))
        stale = wanted is not None and (row is None if wanted.strip() == "*" else tag not in entity_tags(wanted))
        if unwanted is not None:
            stale |= row is not None if unwanted.strip() == "*" else tag in entity_tags(unwanted)
        if stale:
            raise Problem(412, "stale", _("It is not, or not any more, what your request is about. Read it again."))

    def fields(self, *, partial: bool) -> dict[str, Any]:
        """The checked body. The key of the URL may stand in it as well, and is the same, unless PATCH renames."""
        data = self.request.data
        if not isinstance(data, dict):
            raise ParseError(_("The body is a JSON object."), "json_no_object")
        if self.key and not partial:
            data = {self.key_field: self.key, **data}
        serializer = self.serializer_class(data=data, partial=partial, context={"request": self.request, "view": self})
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
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
        response = Response(self.describe(row), headers={"ETag": f'"{self.tag(row)}"'})
        response.live_keys = self.live_keys(row)  # type: ignore[attr-defined]
        return response

    @abstractmethod
    def url_of(self, row: Row) -> str:
        """Its path."""

    def existing_url(self, code: str) -> str | None:
        """For a 409: where the thing is that has the name already, if the token may see it."""
        return None

    # -- waiting

    def _live(self, response: Response) -> Response:
        """With `Prefer: wait=SECONDS`: as it was, once every mail host has applied it, else 202 and the job."""
        seconds, keys = wait_seconds(self.request), getattr(response, "live_keys", None)
        if seconds is None or keys is None:
            return response
        response["Preference-Applied"] = f"wait={seconds}"
        is_live = wait_until_live(keys, seconds)
        if isinstance(response.data, dict) and "live" in response.data:
            response.data["live"] = is_live
        if not is_live:
            response.status_code = status.HTTP_202_ACCEPTED
            if job := PendingWork.objects.open().filter(key__in=keys).order_by("-id").first():
                response["Location"] = f"/api/v1/jobs/{job.pk}/"
        return response


def wait_until_live(keys: list[str], seconds: float) -> bool:
    """Look again and again, outside any transaction, until no mail host has work for these keys."""
    until = time.monotonic() + seconds
    while waiting(keys):
        if time.monotonic() >= until:
            return False
        time.sleep(POLL_SECONDS)
    return True


def resource_paths(name: str, view: Any, key: str = "str") -> list[URLPattern]:
    """`NAME/` and `NAME/KEY/`, as the URLs `api:NAME_list` and `api:NAME`; `key` is the path converter."""
    whole, one = (view.as_view(http_method_names=methods) for methods in (LIST_METHODS, ROW_METHODS))
    return [path(f"{name}/", whole, name=f"{name}_list"), path(f"{name}/<{key}:key>/", one, name=name)]


LIST_METHODS = ["get", "head", "options", "post"]
ROW_METHODS = ["get", "head", "options", "put", "patch", "delete"]
