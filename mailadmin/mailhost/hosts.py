"""This machine among the mail hosts."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from mailadmin.mailhost.models import Kind, MailHost, PendingWork


@transaction.atomic
def register() -> MailHost:
    """The row of this host. A host that is new has all tables to build before anything else."""
    host, created = MailHost.objects.get_or_create(name=settings.MAIL_HOST)
    if created:
        PendingWork.objects.create(host=host, kind=Kind.REBUILD)
    return host
