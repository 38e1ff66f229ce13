from __future__ import annotations

from celery import shared_task

from domains import usage
from domains.models import Domain


@shared_task
def recount() -> None:
    """Correct the running counts after writes by other programs."""
    usage.recount(Domain.objects.all())
