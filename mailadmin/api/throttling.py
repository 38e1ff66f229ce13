"""How many requests a token may send in a minute, over all web processes (draft-ietf-httpapi-ratelimit-headers).

The count is in the database. A process takes a share of it at a time and serves from that, so that most requests write
nothing. What a process has taken and does not need is lost until the minute is over: the limit is never exceeded, and
not always reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, cast

from django.db.models import F
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from mailadmin.transactions import atomic

from .models import Token, TokenUse

WINDOW = timedelta(minutes=1)
SHARES, SHARE_AT_MOST = 50, 100
SHARES_KEPT = 1000


@dataclass
class Share:
    """Of a window: how many requests this process may serve, and how many all of them had taken by then."""

    left: int
    taken: int
    ends_at: datetime

    def seconds(self) -> int:
        return max(1, int((self.ends_at - timezone.now()).total_seconds()) + 1)


_shares: dict[str, Share] = {}
_lock = Lock()


class TokenThrottle(BaseThrottle):
    share: Share

    def allow_request(self, request: Request, view: Any) -> bool:
        token = cast(Token, request.auth)
        with _lock:
            self.share = _shares.get(token.digest) or Share(0, 0, timezone.now())
            if self.share.left == 0 or self.share.ends_at <= timezone.now():
                self.share = _take(token)
                _keep(token, self.share)
            allowed = self.share.left > 0
            self.share.left -= allowed
        view.rate_headers = headers(token.requests_per_minute, self.share)
        return allowed

    def wait(self) -> float:
        return float(self.share.seconds() - 1)


def forget(token: Token) -> None:
    """What this process has left of its share."""
    with _lock:
        _shares.pop(token.digest, None)


def headers(limit: int, share: Share) -> dict[str, str]:
    left = max(0, limit - share.taken) + share.left
    window = int(WINDOW.total_seconds())
    return {
        "RateLimit-Policy": f'"token";q={limit};w={window}',
        "RateLimit": f'"token";r={left};t={share.seconds()}',
    }


@atomic
def _take(token: Token) -> Share:
    limit, now = token.requests_per_minute, timezone.now()
    wanted = min(SHARE_AT_MOST, max(1, limit // SHARES))
    uses = TokenUse.objects.filter(pk=token.pk)
    in_window = uses.filter(began_at__gt=now - WINDOW).update(count=F("count") + wanted)
    if not in_window and not uses.update(began_at=now, count=wanted):
        TokenUse.objects.create(pk=token.pk, began_at=now, count=wanted)
    use = uses.get()
    left = max(0, wanted - max(0, use.count - limit))
    return Share(left, min(use.count, limit), use.began_at + WINDOW)


def _keep(token: Token, share: Share) -> None:
    if len(_shares) >= SHARES_KEPT:
        _shares.clear()
    _shares[token.digest] = share
