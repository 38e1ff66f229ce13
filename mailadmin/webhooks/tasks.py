from __future__ import annotations

from celery import shared_task
from django.conf import settings

from mailadmin import broker

from .delivery import deliver_due, endpoints_with_work, give_up_old
from .queue import DELIVER
from .services import forget_old


@shared_task
def deliver(endpoint_pk: str) -> int:
    """Asked for with each event, and by `sweep`."""
    return deliver_due(int(endpoint_pk))


@shared_task
def sweep() -> None:
    """Send for every endpoint that has something due: what failed, or what a lost message left behind."""
    give_up_old()
    for pk in endpoints_with_work():
        broker.send(DELIVER, str(pk), queue=settings.CELERY_TASK_DEFAULT_QUEUE)


@shared_task
def prune() -> int:
    return forget_old()
