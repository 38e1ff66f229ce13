from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from mailadmin.accounts.actors import Actor
from people.services.offboarding import advance
from people.services.tombstones import forget_reservations as forget_past


@shared_task
def advance_offboardings() -> int:
    """Do what has become due of those who leave."""
    return advance(now=timezone.now(), actor=Actor.of_system())


@shared_task
def forget_reservations() -> int:
    return forget_past(now=timezone.now())
