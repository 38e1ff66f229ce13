"""Sends what is due to one endpoint. Each delivery is claimed before, so that of two workers one sends it; one that is
killed between sending and saying so sends it once more, under the same id."""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailadmin.accounts.actors import Actor
from mailadmin.sealing import Unreadable

from .models import Delivery, Endpoint, OffReason
from .queue import announce
from .sending import Answer, post
from .services import switch_off
from .signing import headers

log = logging.getLogger(__name__)
# A run is short, so that a slow endpoint does not keep a worker from other work: what is left is asked for anew.
RUN_SECONDS = 30.0
CLAIM = timedelta(seconds=60)
CANDIDATES = 10
FIRST_WAIT_SECONDS = 20
WAIT_FACTOR = 4
LONGEST_WAIT_SECONDS = 12 * 3600
LONGEST_REST_SECONDS = 600
SWITCH_OFF_AFTER = timedelta(days=5)
ANSWER_KEPT = 1000
GONE = 410
# The endpoint is to blame, not this event: it is left in peace for a while (no answer at all counts as well).
OVERLOADED = frozenset({408, 429, *range(500, 600)})


def deliver_due(endpoint_pk: int) -> int:
    """How many tries were made. It ends early when the endpoint is in trouble."""
    tries, until = 0, time.monotonic() + RUN_SECONDS
    while delivery := _claim_next(endpoint_pk):
        _try(delivery)
        tries += 1
        if time.monotonic() >= until:
            announce(endpoint_pk)
            break
    return tries


def give_up_old() -> int:
    """What waited in vain: its endpoint is switched off, or has taken nothing for so long."""
    now = timezone.now()
    return Delivery.objects.open().filter(give_up_at__lte=now).update(closed_at=now)


def endpoints_with_work() -> list[int]:
    due = Delivery.objects.due().order_by().values_list("endpoint_id", flat=True)
    return list(due.distinct())


def _claim_next(endpoint_pk: int) -> Delivery | None:
    due = Delivery.objects.due().filter(endpoint_id=endpoint_pk).select_related("endpoint")
    candidates = list(due.order_by("due_at", "pk")[:CANDIDATES])
    return next((delivery for delivery in candidates if _claim(delivery)), None)


def _claim(delivery: Delivery) -> bool:
    """A guarded update: nobody else sends it until the claim is over."""
    unclaimed = Delivery.objects.open().filter(pk=delivery.pk, due_at=delivery.due_at)
    delivery.attempts += 1
    delivery.due_at = timezone.now() + CLAIM
    return unclaimed.update(due_at=delivery.due_at, attempts=delivery.attempts) == 1


def _try(delivery: Delivery) -> None:
    endpoint = delivery.endpoint
    try:
        answer = post(endpoint.url, delivery.payload, headers(endpoint, delivery))
    except Unreadable:
        answer = Answer(error="SECRET_KEY is another one: rotate the secret of this webhook.")
    _note(delivery, answer)
    if answer.error:
        log.warning("Webhook %s, %s, try %s: %s", endpoint, delivery.message_id, delivery.attempts, answer.error)
        _note_failure(endpoint, answer)
    elif endpoint.failures:
        Endpoint.objects.filter(pk=endpoint.pk).update(failures=0, failing_since=None, rests_until=None)


def _note(delivery: Delivery, answer: Answer) -> None:
    now = timezone.now()
    delivery.status, delivery.answer, delivery.error = answer.status, answer.text[:ANSWER_KEPT], answer.error
    delivery.tried_at, delivery.duration_ms = now, answer.duration_ms
    if not answer.error:
        delivery.delivered_at = delivery.closed_at = now
    else:
        delivery.due_at = now + max(back_off(delivery.attempts), timedelta(seconds=_asked(answer)))
        if delivery.due_at >= delivery.give_up_at or answer.status == GONE:
            delivery.closed_at = now
    names = ("status", "answer", "error", "tried_at", "duration_ms", "delivered_at", "closed_at", "due_at")
    Delivery.objects.filter(pk=delivery.pk).update(**{name: getattr(delivery, name) for name in names})


def _note_failure(endpoint: Endpoint, answer: Answer) -> None:
    now = timezone.now()
    rests_until = None
    if answer.status is None or answer.status in OVERLOADED:
        rest = min(FIRST_WAIT_SECONDS * 2 ** min(endpoint.failures, 10), LONGEST_REST_SECONDS)
        rests_until = now + timedelta(seconds=max(rest, min(_asked(answer), LONGEST_REST_SECONDS)))
    Endpoint.objects.filter(pk=endpoint.pk).update(
        failures=F("failures") + 1, failing_since=Coalesce("failing_since", now), rests_until=rests_until
    )
    if answer.status == GONE:
        switch_off(endpoint=endpoint, reason=OffReason.GONE, actor=Actor.of_system())
    elif endpoint.failing_since and endpoint.failing_since < now - SWITCH_OFF_AFTER:
        switch_off(endpoint=endpoint, reason=OffReason.FAILING, actor=Actor.of_system())


def back_off(attempts: int) -> timedelta:
    """Longer each time, and never quite the same, so that what failed together does not come back together."""
    seconds = min(FIRST_WAIT_SECONDS * WAIT_FACTOR ** min(attempts - 1, 10), LONGEST_WAIT_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  # no secret


def _asked(answer: Answer) -> int:
    """By Retry-After, within reason."""
    return min(answer.retry_after_seconds, LONGEST_WAIT_SECONDS)
