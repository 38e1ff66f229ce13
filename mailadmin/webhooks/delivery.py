"""Sends what is due to one endpoint, which is one worker's at a time, so that a slow one never keeps two of them. Each
delivery is claimed as well; a worker that is killed between sending and saying so sends it once more, under the same
id, when the claims are over."""

from __future__ import annotations

import logging
import random
import time
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from mailadmin.accounts.actors import Actor
from mailadmin.sealing import Unreadable

from .models import GIVE_UP_AFTER, Delivery, Endpoint, OffReason
from .queue import announce
from .sending import Answer, post
from .services import switch_off
from .signing import headers

log = logging.getLogger(__name__)
# A run is short, so that a slow endpoint does not keep a worker from other work: what is left is asked for anew.
RUN_SECONDS = 30.0
CLAIM = timedelta(seconds=60)  # longer than a run and its last try
FIRST_WAIT_SECONDS = 20
WAIT_FACTOR = 4
LONGEST_WAIT_SECONDS = 12 * 3600
LONGEST_REST_SECONDS = 600
SWITCH_OFF_AFTER = timedelta(days=5)
SWITCH_OFF_AFTER_TRYING = timedelta(days=1)
ANSWER_KEPT = 1000
GONE = 410
# The endpoint is to blame, not this event: it is left in peace for a while (no answer at all counts as well).
OVERLOADED = frozenset({408, 429, *range(500, 600)})


def deliver_due(endpoint_pk: int) -> int:
    """How many tries were made. It ends early when the endpoint is in trouble, and leaves at once when another worker
    is at it: that one looks again when it has let go, so nothing that was queued meanwhile is overlooked."""
    tries, until = 0, time.monotonic() + RUN_SECONDS
    taken_until = timezone.now() + CLAIM
    if not Endpoint.objects.awake().filter(pk=endpoint_pk).update(rests_until=taken_until):
        return 0
    while time.monotonic() < until and (delivery := _claim_next(endpoint_pk, taken_until)):
        _try(delivery)
        tries += 1
    Endpoint.objects.filter(pk=endpoint_pk, rests_until=taken_until).update(rests_until=None)
    if Delivery.objects.due().filter(endpoint_id=endpoint_pk).exists():
        announce(endpoint_pk)
    return tries


def give_up_old() -> int:
    """What waited in vain: its endpoint is switched off, or has taken nothing for so long."""
    now = timezone.now()
    return Delivery.objects.open().filter(give_up_at__lte=now).update(closed_at=now)


def endpoints_with_work() -> list[int]:
    due = Delivery.objects.open().filter(endpoint=OuterRef("pk"), due_at__lte=timezone.now())
    return list(Endpoint.objects.awake().filter(Exists(due)).values_list("pk", flat=True))


def _claim_next(endpoint_pk: int, taken_until: datetime) -> Delivery | None:
    """The next one that is due, while the endpoint is this worker's and no failure has put it to rest."""
    ours = Delivery.objects.open().filter(endpoint_id=endpoint_pk, endpoint__active=True)
    ours = ours.filter(endpoint__rests_until=taken_until, due_at__lte=timezone.now()).select_related("endpoint")
    delivery = ours.order_by("due_at", "pk").first()
    return delivery if delivery is not None and _claim(delivery) else None


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
        _note_failure(delivery, answer)
    elif endpoint.failures:
        Endpoint.objects.filter(pk=endpoint.pk).update(failures=0, failing_since=None)


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


def _note_failure(delivery: Delivery, answer: Answer) -> None:
    endpoint, now = delivery.endpoint, timezone.now()
    noted = Endpoint.objects.filter(pk=endpoint.pk)
    noted.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", now))
    if answer.status is None or answer.status in OVERLOADED:
        rest = max(FIRST_WAIT_SECONDS * 2 ** min(endpoint.failures, 10), answer.retry_after_seconds)
        noted.update(rests_until=now + timedelta(seconds=min(rest, LONGEST_REST_SECONDS)))
    if answer.status == GONE:
        switch_off(endpoint=endpoint, reason=OffReason.GONE, actor=Actor.of_system())
    elif _has_failed_for_long(delivery, now):
        switch_off(endpoint=endpoint, reason=OffReason.FAILING, actor=Actor.of_system())


def _has_failed_for_long(delivery: Delivery, now: datetime) -> bool:
    """The endpoint, and this event as well: one that comes after a quiet week has its own chances."""
    since, begun = delivery.endpoint.failing_since, delivery.give_up_at - GIVE_UP_AFTER
    return since is not None and since < now - SWITCH_OFF_AFTER and begun < now - SWITCH_OFF_AFTER_TRYING


def back_off(attempts: int) -> timedelta:
    """Longer each time, and never quite the same, so that what failed together does not come back together."""
    seconds = min(FIRST_WAIT_SECONDS * WAIT_FACTOR ** min(attempts - 1, 10), LONGEST_WAIT_SECONDS)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  # no secret


def _asked(answer: Answer) -> int:
    """By Retry-After, within reason."""
    return min(answer.retry_after_seconds, LONGEST_WAIT_SECONDS)
