"""What a token needs, so that it may send a request at all."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .models import Token


class HasScope(BasePermission):
    """Of PUT the view itself asks, once it knows whether it creates or changes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        verb = view.verb_of(request.method)
        return isinstance(request.auth, Token) and (not verb or request.auth.allows(f"{view.scope}:{verb}"))


class EveryDomain(BasePermission):
    """For what belongs to no domain: a token that is limited to some is refused, whatever it asks for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Token) and request.auth.every_domain
