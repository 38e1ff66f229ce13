"""What is believed of proxies, what browsers may keep, and how much may be sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from mailadmin.accounts.clients import UNIX_SOCKET, is_within, parse_address, parse_proxies
from mailadmin.accounts.models import Account
from mailadmin.accounts.time_zones import time_zone_of

logger = logging.getLogger(__name__)


class NotKeptMiddleware:
    """No page is stored by a browser or a proxy: after the sign-out, the way back must not show what was there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class BodyLimitMiddleware:
    """Refuses a body over the limit before any of it is read. Django's own limit counts fields only: a file within a
    form would be written to the disk first, whoever sent it. A body whose length is not told is not read at all.

    A view with `takes_files` may be sent a file by administrators, or by a script whose token it asks for itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or len(length) > 18 or int(length) > _most(takes_files=True):
            raise RequestDataTooBig
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Before the check of the form's token, which reads the form."""
        takes_files = getattr(getattr(view, "view_class", None), "takes_files", False)
        if takes_files and getattr(view, "login_required", True):
            takes_files = getattr(request.user, "is_administrator", False)
        if int(request.META.get("CONTENT_LENGTH") or "0") > _most(takes_files=takes_files):
            raise RequestDataTooBig


def _most(*, takes_files: bool) -> int:
    """A file comes with the other fields of its form."""
    most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return most + settings.IMPORT_MAX_BYTES if takes_files else most


class TimeZoneMiddleware:
    """Times are shown, and understood, in the person's own zone. Pages for everybody show none, and ask nobody's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if getattr(view, "login_required", True) and isinstance(request.user, Account):
            timezone.activate(time_zone_of(request.user))


class TrustedProxyMiddleware:
    """Believes X-Forwarded-For and X-Forwarded-Proto only from the proxies that the site names.

    REMOTE_ADDR becomes the last hop that is no proxy of ours: left of it a client writes what it likes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        try:
            self.proxies = parse_proxies(settings.TRUSTED_PROXIES)
        except ValueError as error:
            raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from None
        self.has_warned = False
        self.trusts_socket = UNIX_SOCKET in settings.TRUSTED_PROXIES

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        forwarded_for = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        forwarded_proto = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        peer = request.META.get("REMOTE_ADDR", "")
        if self._is_trusted(peer):
            self._believe(request, forwarded_for, forwarded_proto)
        elif forwarded_for and not self.has_warned:
            self._warn(peer)
        return self.get_response(request)

    def _is_trusted(self, peer: str) -> bool:
        if not peer:
            return self.trusts_socket
        return is_within(parse_address(peer), self.proxies)

    def _warn(self, peer: str) -> None:
        """Once: behind a proxy that is not named, all clients seem to be one, and its failures lock them all."""
        address = parse_address(peer)
        if address is None or address.is_private:
            self.has_warned = True
            logger.warning("X-Forwarded-For of %s is ignored. Is it your proxy? Set TRUSTED_PROXIES.", peer or "unix")

    def _believe(self, request: HttpRequest, forwarded_for: str, forwarded_proto: str) -> None:
        for hop in reversed(forwarded_for.split(",")):
            address = parse_address(hop)
            if address is None:
                break
            request.META["REMOTE_ADDR"] = str(address)
            if not is_within(address, self.proxies):
                break
        proto = forwarded_proto.rpartition(",")[2].strip().lower()
        if proto in ("http", "https"):
            request.META["HTTP_X_FORWARDED_PROTO"] = proto
