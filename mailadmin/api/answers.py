"""The same request again gets the first answer again (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from mailadmin.sealing import Unreadable, seal, unseal

from .models import Answer, Token
from .problems import Problem
from .requests import KEY_PATTERN

KEPT = timedelta(hours=24)
KEPT_HEADERS = ("ETag", "Location")


def once(request: Request, body: bytes, act: Callable[[], Response]) -> Response:
    """`act()`, or what it answered the first time. Within the transaction of what `act` does.

    The row of the key comes first, and its unique key makes whoever sends the same at the same moment wait until the
    first is through. What is refused leaves no row: nothing happened, and it can be sent again.
    """
    key = key_of(request)
    if key is None:
        return act()
    row = Answer(
        token=cast(Token, request.auth),
        key_digest=_digest(key),
        request_digest=_digest(request.method or "", request.get_full_path(), body),
    )
    former = _reserve(row)
    if former is not None:
        return _again(former, row.request_digest, key)
    response = act()
    _keep(row, response, key)
    return response


def key_of(request: Request) -> str | None:
    """Raises Problem for one that is none."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not re.match(KEY_PATTERN, key):
        text = _("An Idempotency-Key has from 1 to 255 letters, digits and signs of ASCII.")
        raise Problem(400, "idempotency_key_invalid", text)
    return key


def forget_answers() -> int:
    """Those that were kept for long enough; how many there were."""
    count, _by_model = Answer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return count


def _reserve(row: Answer) -> Answer | None:
    """Put the row there, or find the one that was there before."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        former = Answer.objects.filter(token=row.token, key_digest=row.key_digest).first()
        if former is None:
            raise
        if former.created_at >= timezone.now() - KEPT:
            return former
        former.delete()
        row.save(force_insert=True)
    return None


def _keep(row: Answer, response: Response, key: str) -> None:
    row.status = response.status_code
    row.headers = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
    told = {"data": response.data, "live_keys": getattr(response, "live_keys", None)}
    row.body = seal(json.dumps(told, cls=JSONEncoder), purpose=_purpose(key))
    row.save(update_fields=["status", "headers", "body"])


def _again(former: Answer, request_digest: str, key: str) -> Response:
    if former.request_digest != request_digest:
        raise Problem(422, "idempotency_key_reused", _("This Idempotency-Key was used for another request."))
    try:
        told = json.loads(unseal(former.body, purpose=_purpose(key)))
    except Unreadable:  # SECRET_KEY is another since
        raise Problem(422, "answer_unreadable", _("It was done; what was answered cannot be read any more.")) from None
    response = Response(told["data"], status=former.status, headers=former.headers)
    response["Idempotency-Replayed"] = "true"
    response.live_keys = told["live_keys"]  # type: ignore[attr-defined]  # as the first had them
    return response


def _purpose(key: str) -> str:
    """Only who knows the key of the request opens its answer."""
    return f"answer {key}"


def _digest(*parts: Any) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode(errors="surrogateescape")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
