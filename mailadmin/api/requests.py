"""What a request asks for beside its body: which rows and fields, a rehearsal, to wait, and of which revision."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _
from rest_framework.request import Request

from mailadmin.addresses import normalise_domain
from mailadmin.errors import at_field, refuse

WAIT_SECONDS_AT_MOST = 30
LENGTH_AT_MOST = 255
LONG = ("after", "fields")
KEY_PATTERN = "^[!-~]{1,255}$"
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*\"?(\d{1,6})\"?\s*(?=,|;|$)", re.IGNORECASE)
_TAGS = re.compile(r'\s*(?:W/)?"([^"]*)"\s*(?:,|$)')


def refuse_unknown_parameters(request: Request, known: Iterable[str]) -> None:
    """A misspelt filter must not mean all rows, nor a misspelt `dry_run` the real thing."""
    for name in request.query_params.keys() - set(known):
        refuse(name[:100], _("There is no such parameter."), "parameter_unknown")
    for name, values in request.query_params.lists():
        if len(values) > 1:
            refuse(name, _("This parameter is there twice."), "parameter_twice")
        if len(values[0]) > LENGTH_AT_MOST and name not in LONG:
            refuse(name, _("This has %(most)d letters at most."), "parameter_long", most=LENGTH_AT_MOST)


def flag(request: Request, name: str) -> bool | None:
    """`true` or `false`, or None if it is not given."""
    text = request.query_params.get(name)
    if text is None:
        return None
    if text not in ("true", "false"):
        refuse(name, _("This must be true or false."), "wrong_type")
    return text == "true"


def domain_parameter(request: Request, name: str = "domain") -> str:
    """The stored name, or nothing."""
    text = request.query_params.get(name, "")
    return at_field(name, normalise_domain, text) if text else ""


def wait_seconds(request: Request) -> int | None:
    """Of `Prefer: wait=10` (RFC 7240); None without it."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found.group(1)), WAIT_SECONDS_AT_MOST) if found else None


def entity_tags(header: str) -> list[str]:
    """Of If-Match or If-None-Match (RFC 9110, 8.8.3 and 13.1)."""
    return _TAGS.findall(header)
