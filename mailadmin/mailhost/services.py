"""What a person may ask of the mail hosts. The work itself is done by their workers (tasks.py)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from celery import Task
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from domains.rules import require
from mailadmin.audit import services as audit
from mailadmin.mailhost import tasks
from mailadmin.mailhost.models import MailHost, PendingWork
from mailadmin.transactions import atomic

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@atomic
def retry(*, work: QuerySet[PendingWork], actor: Actor) -> int:
    """Make this open work due now, and wake the hosts that have it. Returns how much there is."""
    require(actor.is_superadmin)
    open_work = work.filter(done_at=None)
    hosts = list(open_work.order_by().values_list("host_id", flat=True).distinct())
    count = open_work.update(due_at=timezone.now())
    transaction.on_commit(lambda: _send(tasks.apply_pending, hosts))
    return count


@atomic
def ask_verify(*, actor: Actor) -> None:
    """Have every host compare the database with its tables and its disk."""
    require(actor.is_superadmin)
    hosts = list(MailHost.objects.values_list("name", flat=True))
    transaction.on_commit(lambda: _send(tasks.verify_host, hosts))


@atomic
def ask_repair(*, actor: Actor) -> None:
    """Have every host cure every difference."""
    require(actor.is_superadmin)
    hosts = list(MailHost.objects.all())
    for host in hosts:
        audit.record("mailhost.repair", actor=actor, target=host, before={}, after={})
    transaction.on_commit(lambda: _send(tasks.repair_host, [host.pk for host in hosts]))


def _send(task: Task, hosts: Iterable[str]) -> None:
    for host in hosts:
        tasks.send(task, host)


def _send_on_commit(task: object, hosts: list[str]) -> None:
    for host in hosts:
        transaction.on_commit(partial(tasks.send, task, host))
