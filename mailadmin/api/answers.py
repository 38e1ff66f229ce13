"""The same request again gets the first answer again (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from mailadmin.sealing import seal, unseal

from .models import Answer, Token
from .problems import Problem

KEY_LENGTH_AT_MOST = 255


def once(request: Request, body: bytes, act: Callable[[], Response]) -> Response:
    """`act()`, or what it answered the first time. Within the transaction of what `act` does.

    The row of the key comes first, and its unique key makes whoever sends the same at the same moment wait until the
    first is through. What is refused leaves no row: nothing happened, and it can be sent again.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return act()
    if not 1 <= len(key) <= KEY_LENGTH_AT_MOST or not key.isprintable():
        raise Problem(400, "idempotency_key_invalid", _("An Idempotency-Key has 1 to 255 characters."))
    asked = _digest(request.method or "", request.get_full_path(), body)
    row, created = Answer.objects.get_or_create(
        token=cast(Token, request.auth), key_digest=_digest(key), defaults={"request_digest": asked}
    )
    if not created:
        return _again(row, asked, key)
    response = act()
    row.status = response.status_code
    row.headers = {name: value for name, value in response.headers.items() if name in ("ETag", "Location")}
    row.body = seal(json.dumps(response.data, cls=JSONEncoder), purpose=_purpose(key))
    row.save(update_fields=["status", "headers", "body"])
    return response


def _again(row: Answer, asked: str, key: str) -> Response:
    if row.request_digest != asked:
        raise Problem(422, "idempotency_key_reused", _("This Idempotency-Key was used for another request."))
    response = Response(json.loads(unseal(row.body, purpose=_purpose(key))), status=row.status)
    for name, value in row.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def _purpose(key: str) -> str:
    """Only who knows the key of the request opens its answer."""
    return f"answer {_digest(key)}"


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode(errors="surrogateescape")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
