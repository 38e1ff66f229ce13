"""What every view of REST has: a token for its actor, a scope, and one way for every write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, cast

from django.contrib.auth.decorators import login_not_required
from django.http import UnreadablePostError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.common import no_append_slash
from rest_framework import status
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mailadmin.accounts.actors import Actor
from mailadmin.effects import Effects, rehearse
from mailadmin.transactions import atomic

from .answers import key_of, once
from .authentication import BearerAuthentication
from .models import Token
from .openapi import Description
from .parsing import StrictJSONParser
from .permissions import HasScope
from .requests import flag, refuse_unknown_parameters
from .scopes import READ, RESOURCE_OF, VERB_OF_METHOD
from .throttling import TokenThrottle
from .waiting import once_live


class ApiView(APIView):
    """`self.actor` is the token, at the address that it came from. `scope` is the resource's name in `scopes.py`."""

    scope: ClassVar[str]
    authentication_classes = [BearerAuthentication]
    permission_classes = [HasScope]
    parser_classes = [StrictJSONParser]
    throttle_classes = [TokenThrottle]
    schema = Description()
    # The names that the API has for the fields of the services.
    field_names: ClassVar[dict[str, str]] = {}

    rate_headers: Mapping[str, str] = MappingProxyType({})  # as the throttle counts

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return no_append_slash(login_not_required(super().as_view(**initkwargs)))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        try:
            self.body = request._request.body  # before it is parsed, which uses the stream up
        except UnreadablePostError:  # they are gone, and nobody reads this
            self.body = b""
        if len(self.body) != int(request.META.get("CONTENT_LENGTH") or 0):
            raise ParseError(_("The body did not arrive whole."), "body_unreadable")

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in self.rate_headers.items():
            response[name] = value
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are is in the header Allow; all else is in the OpenAPI document."""
        return Response(status=status.HTTP_204_NO_CONTENT)

    def verb_of(self, method: str) -> str:
        """What of the scope a request needs; empty where the view asks by itself."""
        return VERB_OF_METHOD.get(method, "")

    def require(self, verb: str) -> None:
        if not self.token.allows(f"{self.scope}:{verb}"):
            self.permission_denied(self.request)

    @property
    def token(self) -> Token:
        return cast(Token, self.request.auth)

    @cached_property
    def actor(self) -> Actor:
        return Actor.of_token(self.token, self.request.META.get("REMOTE_ADDR", ""))

    def checked(self, serializer_class: Any, given: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        """The fields of the body, beside those that are `given` otherwise. `Fields` itself knows none."""
        data = self.request.data
        if not isinstance(data, dict):
            raise ParseError(_("The body is a JSON object."), "json_no_object")
        serializer = serializer_class(data={**(given or {}), **data}, context={"view": self}, **options)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def write(self, act: Callable[[], Response]) -> Response:
        """`act` calls the services and answers. It is done whole and only once; then comes the wait, if one is asked
        for, until the `live_keys` of the response are live."""
        refuse_unknown_parameters(self.request, ("dry_run",))
        key_of(self.request)  # of a rehearsal it is refused as well, and not kept
        if flag(self.request, "dry_run"):
            return rehearsed(*atomic(rehearse)(act), self.token)
        return once_live(self.request, atomic(once)(self.request, self.body, act))


def rehearsed(response: Response, effects: Effects, token: Token) -> Response:
    """What would have been answered, and every row before and after; of one that was there and that the token may not
    read, no more than its key."""
    told = effects.as_dict()
    for change in told["changes"]:
        readable = token.allows(f"{RESOURCE_OF.get(change['object_type'], '')}:{READ}")
        if change["before"] and not readable:
            change["before"] = change["after"] = None
    return Response({"dry_run": True, "status": response.status_code, "result": response.data, **told})
