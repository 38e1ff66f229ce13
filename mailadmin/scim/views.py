"""The endpoints of RFC 7644, 3.2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import Http404
from django.utils.cache import patch_vary_headers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from scim2_models import Context, NotImplementedException, ResponseParameters, SearchRequest

from mailadmin.api.models import Token
from mailadmin.api.parsing import StrictJSONParser
from mailadmin.api.scopes import SCIM
from mailadmin.api.views import ApiView
from mailadmin.transactions import atomic

from . import errors, operations
from .directory import Directory
from .groups import Groups
from .provider import PROVIDER
from .users import Users

MEDIA_TYPE = "application/scim+json"


class ScimParser(StrictJSONParser):
    media_type = MEDIA_TYPE


class ScimRenderer(JSONRenderer):
    media_type = MEDIA_TYPE


class AlwaysScim(BaseContentNegotiation):
    """Every answer is SCIM's, whatever Accept says: it is JSON as well."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type

    def select_parser(self, request: Request, parsers: Any) -> Any:
        wanted = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == wanted), None)


class MaySpeakScim(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Token) and request.auth.allows(SCIM)


class ScimView(ApiView):
    scope = SCIM
    permission_classes = [MaySpeakScim]
    parser_classes = [ScimParser, StrictJSONParser]
    renderer_classes = [ScimRenderer]
    content_negotiation_class = AlwaysScim
    schema: Any = None  # it describes itself, at /Schemas

    def get_exception_handler(self) -> Any:
        return errors.handle

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with PROVIDER:
            return super().dispatch(request, *args, **kwargs)

    @property
    def base(self) -> str:
        return self.request.build_absolute_uri("/scim/v2")

    def one(self, resource: Any, status: int = 200) -> Response:
        """RFC 7644, 3.9 and 3.14."""
        parameters = self._parameters(ResponseParameters, type(resource))
        body = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=parameters)
        headers = {"ETag": resource.meta.version, "Content-Location": resource.meta.location}
        response = Response(body, status=status, headers=headers)
        patch_vary_headers(response, ["Authorization"])
        return response

    def page(self, directories: list[Directory[Any]], request: Any) -> Response:
        found = operations.search(directories, request)
        return Response(found.model_dump(scim_ctx=Context.SEARCH_RESPONSE, response_parameters=request))

    def _parameters(self, message: Any, model: Any) -> Any:
        return message[model].model_validate(self.request.query_params.dict(), scim_ctx=Context.SEARCH_REQUEST)


class DirectoryView(ScimView):
    directory_class: ClassVar[type[Directory[Any]]] = Users
    field_names = {
        "address": "userName",
        "description": "displayName",
        "external_id": "externalId",
        "language": "preferredLanguage",
        "local_part": "userName",
        "name": "displayName",
        "targets": "members",
    }

    @property
    def directory(self) -> Directory[Any]:
        return self.directory_class(self.actor, self.base)


class Many(DirectoryView):
    def get(self, request: Request) -> Response:
        return self.page([self.directory], self._parameters(SearchRequest, self.directory_class.model))

    def post(self, request: Request) -> Response:
        made = atomic(operations.create)(self.directory, request.data)
        response = self.one(made, status=201)
        response["Location"] = made.meta.location
        return response


class One(DirectoryView):
    def get(self, request: Request, uid: str) -> Response:
        _row, shown = operations.find(self.directory, uid, request.headers.get("If-Match"))
        unwanted = request.headers.get("If-None-Match")
        if unwanted is not None and (unwanted.strip() == "*" or operations.matches(unwanted, shown)):
            return Response(status=304, headers={"ETag": shown.meta.version})
        return self.one(shown)

    def put(self, request: Request, uid: str) -> Response:
        return self._changed(operations.replace, uid)

    def patch(self, request: Request, uid: str) -> Response:
        return self._changed(operations.patch, uid)

    def _changed(self, change: Callable[..., Any], uid: str) -> Response:
        data, if_match = self.request.data, self.request.headers.get("If-Match")
        return self.one(atomic(change)(self.directory, uid, data, if_match))

    def delete(self, request: Request, uid: str) -> Response:
        atomic(operations.delete)(self.directory, uid, request.headers.get("If-Match"))
        return Response(status=204)


class Search(DirectoryView):
    """RFC 7644, 3.4.3: what else would be in an URL."""

    def post(self, request: Request) -> Response:
        model: Any = SearchRequest.__class_getitem__(self.directory_class.model)
        return self.page([self.directory], operations.read(model, request.data, Context.SEARCH_REQUEST))


class SearchAll(ScimView):
    def post(self, request: Request) -> Response:
        model: Any = SearchRequest.__class_getitem__(Users.model | Groups.model)
        wanted = operations.read(model, request.data, Context.SEARCH_REQUEST)
        return self.page([Users(self.actor, self.base), Groups(self.actor, self.base)], wanted)


class Me(ScimView):
    """A token is nobody's."""

    def _refuse(self, request: Request) -> Response:
        raise NotImplementedException(detail="A token is no User.")

    get = post = put = patch = delete = _refuse


class Nothing(ScimView):
    def _refuse(self, request: Request) -> Response:
        raise Http404

    get = post = put = patch = delete = _refuse
