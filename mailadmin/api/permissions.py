"""What a token needs beside its scope."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .models import Token


class EveryDomain(BasePermission):
    """For what belongs to no domain: a token that is limited to some is refused, whatever it asks for."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Token) and request.auth.every_domain
