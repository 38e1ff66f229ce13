"""This machine among the mail hosts."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mailadmin.mailhost.models import Kind, MailHost, PendingWork

# Longer than any transaction that may have read the list of hosts before a new one was in it.
OVERLOOKED_AT_MOST = timedelta(seconds=60)


@transaction.atomic
def register() -> MailHost:
    """The row of this host. One that is new has all tables to build before anything else, and once more when nobody
    can have overlooked it any longer. Maildirs that its volume lacks are made at the first delivery, or by `repair`."""
    host, created = MailHost.objects.get_or_create(name=settings.MAIL_HOST)
    if created:
        PendingWork.objects.create(host=host, kind=Kind.REBUILD)
        PendingWork.objects.create(host=host, kind=Kind.REBUILD, due_at=timezone.now() + OVERLOOKED_AT_MOST)
    return host
