"""What the workers do. Tasks carry names, never state: whatever is lost with a broker, the sweep finds in the rows."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from mailadmin.mailhost import hosts, maildirs, verification
from mailadmin.mailhost.apply import apply_pending as apply_pending_of
from mailadmin.mailhost.locks import host_lock
from mailadmin.mailhost.models import MailHost, PendingWork

log = logging.getLogger(__name__)
KEEP_DONE_DAYS = 7
BROKER_AWAY_SECONDS = 10


class _Broker:
    """A broker that is away is not asked again for a while: no save has to wait for it twice."""

    away_until = 0.0


def send_apply_pending(host: str) -> None:
    """Ask the worker on that host to go to work. If the broker is away the sweep will ask later."""
    send(apply_pending, host)


def send(task: object, host: str) -> None:
    if time.monotonic() < _Broker.away_until:
        return
    try:
        task.apply_async(args=[host], queue=f"mailadmin.host.{host}", retry=False)  # type: ignore[attr-defined]
    except (OperationalError, OSError) as error:
        _Broker.away_until = time.monotonic() + BROKER_AWAY_SECONDS
        log.warning("The broker is away; the work for %s waits for the next sweep: %s", host, error)


@shared_task
def apply_pending(host_name: str) -> int:
    """Do the pending work of this host, and return how much was done."""
    host = MailHost.objects.filter(pk=host_name).first()
    if host is None or host_name != settings.MAIL_HOST:
        return 0
    return len(apply_pending_of(host).done)


@shared_task
def sweep() -> None:
    """Send for every host that has work due: what a lost message, a killed worker or a failure left behind."""
    due = PendingWork.objects.open().filter(due_at__lte=timezone.now())
    for host in due.order_by().values_list("host_id", flat=True).distinct():
        send(apply_pending, host)


@shared_task
def verify_host(host_name: str) -> None:
    """Compare database, tables and disk, and keep the report."""
    verification.verify(MailHost.objects.get(pk=host_name))


@shared_task
def repair_host(host_name: str) -> None:
    """Cure every difference."""
    verification.repair(MailHost.objects.get(pk=host_name))


@shared_task
def prune() -> int:
    """Forget work that was done a week ago, and remove what was set aside on the volume for an archive's time."""
    with host_lock(wait=True):
        for path in maildirs.set_aside_before((timezone.now() - timedelta(days=settings.ARCHIVE_DAYS)).date()):
            maildirs.remove(path)
    old = PendingWork.objects.filter(done_at__lt=timezone.now() - timedelta(days=KEEP_DONE_DAYS))
    return old.delete()[0]


@worker_ready.connect
def _register(**kwargs: object) -> None:
    """A worker that starts makes its host known, and begins with what was left."""
    hosts.register()
    send_apply_pending(settings.MAIL_HOST)
