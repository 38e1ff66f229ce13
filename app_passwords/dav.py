"""Answers the web server in front of SOGo, or of another DAV server: may whoever sends this name and password enter?

Made for nginx's auth_request and what is like it: 204 lets in and names the mailbox in X-Remote-User, 401 asks for
name and password, 403 is for who guesses too often (auth_request takes any other status for a fault of ours). Only app
passwords count here, never the mailbox's own: there is no way to ask for a second factor.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from app_passwords.models import Protocol
from app_passwords.services import verify_app_password
from mailadmin.accounts.identifiers import normalise_identifier, unspoken_identifier
from mailadmin.accounts.lockout import Attempt, Locked

HEADER_LENGTH_AT_MOST = 2000
# All that an address can have but letters beyond ASCII, which no header can carry and which come percent-encoded.
ASCII_OF_ADDRESSES = "@#$&*+-=?^_{}~."


@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class DavAuthentication(View):
    """By any method: the web server passes on that of the request which it asks about."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DAV_APP_PASSWORDS:
            raise Http404
        name, password = _given(request.headers.get("Authorization", ""))
        if not name:
            return _ask()
        address, client = normalise_identifier(name), request.META.get("REMOTE_ADDR", "")
        # The right one first: nobody is locked out by somebody else's guesses, and no row is written for each of the
        # hundreds of requests that one synchronisation makes.
        if verify_app_password(address=address, password=password, protocol=Protocol.DAV, client_address=client):
            return HttpResponse(status=204, headers={"X-Remote-User": quote(address, safe=ASCII_OF_ADDRESSES)})
        try:
            Attempt(unspoken_identifier("dav", address), client)
        except Locked:
            return HttpResponse(status=403)
        return _ask()


def _given(header: str) -> tuple[str, str]:
    """RFC 7617; two empty texts for anything else."""
    scheme, _blank, encoded = header[:HEADER_LENGTH_AT_MOST].partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return ("", "") if "\0" in name else (name, password)


def _ask() -> HttpResponse:
    return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="mail", charset="UTF-8"'})
