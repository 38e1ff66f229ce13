from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from mailadmin.accounts.actors import Actor
from vacations.services import end_past_vacations


@shared_task
def end_past() -> int:
    """Switch off the replies whose end has come. Until then their scripts lie there and answer nothing."""
    now, count = timezone.now(), 0
    while ended := end_past_vacations(before=now, actor=Actor.of_system()):
        count += ended
    return count
