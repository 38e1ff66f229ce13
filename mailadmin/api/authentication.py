"""`Authorization: Bearer TOKEN` (RFC 6750).

Wrong ones are not counted and lock nobody out: nobody guesses 256 bits, and a lock would be a way to stop a script.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from mailadmin.accounts.clients import is_within, parse_address, parse_proxies

from .models import Token
from .secret import digest_of

NOTED_ANEW_AFTER = timedelta(minutes=1)
REALM = 'Bearer realm="mailadmin"'


class BearerAuthentication(BaseAuthentication):
    """Sets `request.auth` to the Token. The person's own session in the same browser counts for nothing here."""

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        kind, _blank, secret = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer" or not secret.strip():
            raise AuthenticationFailed(_("Sign the request with “Authorization: Bearer TOKEN”."), "token_missing")
        token = find_token(secret.strip())
        if token.networks and not is_within(_client(request), parse_proxies(token.networks)):
            raise PermissionDenied(_("This token is not good from your network."), "network_refused")
        note_use(token, request.META.get("REMOTE_ADDR", ""))
        return AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def find_token(secret: str) -> Token:
    """Raises AuthenticationFailed if it is unknown, off, or past its time."""
    now, digest = timezone.now(), digest_of(secret)
    former = {"former_digest": digest, "former_until__gt": now}
    token = _only(digest=digest) or _only(**former)
    if token is None or not token.active:
        raise AuthenticationFailed(_("This token is not good, or not any more."), "token_invalid")
    if token.expires_at is not None and token.expires_at <= now:
        raise AuthenticationFailed(_("This token has expired."), "token_expired")
    return token


def _only(**fields: Any) -> Token | None:
    return next(iter(Token.objects.filter(**fields).order_by()), None)


def note_use(token: Token, client_address: str) -> None:
    """When it was used last, and from where: once a minute, so that reading is not writing."""
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - NOTED_ANEW_AFTER:
        return
    # If somebody is changing the token at this moment, the next request notes it.
    with suppress(OperationalError):
        Token.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=client_address[:45])


def _client(request: Request) -> Any:
    return parse_address(request.META.get("REMOTE_ADDR", ""))
