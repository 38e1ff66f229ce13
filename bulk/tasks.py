from __future__ import annotations

from celery import shared_task

from bulk import services
from bulk.models import Import


@shared_task
def work_on(pk: str) -> None:
    """One turn; the next is asked for, behind what else waits for this worker."""
    if services.take_turn(int(pk)):
        services.announce(Import.objects.get(pk=pk))


@shared_task
def sweep() -> int:
    return services.sweep_imports()


@shared_task
def forget() -> int:
    return services.forget_imports()
