"""What is a webhook's name, and a URL that events may be sent to."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from mailadmin.accounts.clients import parse_address

from .networks import is_allowed

URL_LENGTH_AT_MOST = 500
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


def validate_name(name: str) -> None:
    """It stands in URLs of the API."""
    if not _NAME.fullmatch(name):
        raise ValidationError(_("A name has small letters, digits and hyphens, 64 at most."), "name_invalid")


def normalise_url(text: str) -> str:
    """With its host in lower case, as A-labels. Raises ValidationError.

    A name in it is only looked up when something is sent, for it may lead elsewhere by then.
    """
    text = text.strip()
    if len(text) > URL_LENGTH_AT_MOST:
        raise ValidationError(_("A URL has 500 characters at most."), "url_long")
    parts = _parse(text)
    if parts.scheme != "https" or not parts.host:
        raise ValidationError(_("A URL begins with https://."), "url_not_https")
    if parts.auth:
        raise ValidationError(_("A URL has no user name or password in it."), "url_credentials")
    if parts.fragment is not None:
        raise ValidationError(_("A URL has no # in it."), "url_invalid")
    literal = parse_address(parts.host.strip("[]"))
    if literal is not None and not is_allowed(literal):
        raise ValidationError(_("Nothing is sent to this network."), "url_network")
    return parts.url


def _parse(text: str) -> Url:
    invalid = ValidationError(_("This is no URL."), "url_invalid")
    if not text.isprintable() or " " in text:
        raise invalid
    try:
        parts = parse_url(text)
    except LocationParseError:
        raise invalid from None
    if parts.port == 0:
        raise invalid
    return parts
