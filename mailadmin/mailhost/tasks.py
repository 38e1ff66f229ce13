"""What the workers do. Tasks carry names, never state: whatever is lost with a broker, the sweep finds in the rows."""

from __future__ import annotations

from datetime import timedelta

from celery import Task, shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone

from mailadmin import broker
from mailadmin.mailhost import hosts, maildirs, verification
from mailadmin.mailhost.apply import apply_pending as apply_pending_of
from mailadmin.mailhost.locks import host_lock
from mailadmin.mailhost.models import MailHost, PendingWork

KEEP_DONE_DAYS = 7


def send(task: Task, host: str) -> None:
    """Ask the worker on that host for this task. If the broker is away the sweep will ask later."""
    broker.send(task.name, host, queue=_queue_of(host))


def announce_work(host: str) -> None:
    """Ask the worker on that host to go to work once this transaction is committed."""
    broker.send_on_commit(apply_pending.name, host, queue=_queue_of(host))


def _queue_of(host: str) -> str:
    return f"mailadmin.host.{host}"


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
    send(apply_pending, settings.MAIL_HOST)
