from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from mailadmin.accounts.actors import Actor
from mailboxes.models import ArchivedMailbox
from mailboxes.services import purge

AT_ONCE = 200


@shared_task
def purge_archive() -> int:
    """Remove what was kept long enough; the next run goes on where this one ends."""
    due = ArchivedMailbox.objects.restorable().filter(purge_after__lte=timezone.now()).order_by("purge_after")
    return purge(archived=due[:AT_ONCE], actor=Actor.of_system())
