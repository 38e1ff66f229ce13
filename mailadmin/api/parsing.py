"""JSON that means one thing only: UTF-8, no key twice, no NaN, not too deep (RFC 8259, RFC 7493)."""

from __future__ import annotations

import json
import math
from typing import IO, Any, NoReturn

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

LEVELS_AT_MOST = 20


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        """Only this very type: the parser is found for `*/*` as well."""
        kind, parameters = parse_header_parameters(media_type or "")
        if kind != self.media_type or parameters.get("charset", "utf-8").lower() != "utf-8":
            raise UnsupportedMediaType(media_type or "")
        return parse(stream.read())


def parse(body: bytes) -> Any:
    """Raises ParseError."""
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole
        )
    except UnicodeDecodeError:
        raise ParseError(_("The body is not UTF-8."), "json_not_utf8") from None
    except RecursionError:
        raise ParseError(_("The body is nested too deep."), "json_too_deep") from None
    except ValueError as error:
        raise ParseError(_("The body is not JSON: %(reason)s.") % {"reason": error}, "json_invalid") from None
    _refuse_deep(value)
    if "\\u" in text:
        _refuse_halves(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _value in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ParseError(_("“%(name)s” is there twice.") % {"name": twice[:100]}, "json_key_twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ParseError(_("%(name)s is no number of JSON.") % {"name": name}, "json_not_a_number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _no_constant(text[:20])
    return number


def _whole(text: str) -> int:
    if len(text) > 30:
        _no_constant(text[:20])
    return int(text)


def _refuse_deep(value: Any, level: int = 1) -> None:
    """Without recursion of the length of the body: each level is one call at most, up to the limit."""
    if level > LEVELS_AT_MOST:
        raise ParseError(_("The body is nested too deep."), "json_too_deep")
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in below:
        if isinstance(each, dict | list):
            _refuse_deep(each, level + 1)


def _refuse_halves(value: Any) -> None:
    """Of surrogate pairs: no text of Unicode, and no answer could repeat it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ParseError(_("The body has half of a surrogate pair in it."), "json_surrogate") from None
