"""Queues events for those who want to know, in the transaction of the change that the audit records."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from mailadmin.broker import send_on_commit

from .events import is_event, payload_of
from .models import Delivery, Endpoint

if TYPE_CHECKING:
    from mailadmin.audit.models import Entry

AT_ONCE = 1000
# Written out, for every change asks it: to have it composed takes longer than all else here.
WHO_LISTENS = "SELECT id, event_types, domains FROM mailadmin_webhook WHERE active"
DELIVER = "mailadmin.webhooks.tasks.deliver"  # by name: the worker's side writes the audit, which calls this


def queue_events(entries: Sequence[Entry]) -> None:
    """A row for each event and each endpoint that wants it; announced on commit."""
    events = [entry for entry in entries if is_event(entry.action)]
    if not events or not (endpoints := _listening()):
        return
    deliveries = [delivery for entry in events for delivery in _deliveries(entry, endpoints)]
    Delivery.objects.bulk_create(deliveries, batch_size=AT_ONCE)
    for pk in {delivery.endpoint_id for delivery in deliveries}:
        announce(pk)


def announce(endpoint_pk: int) -> None:
    send_on_commit(DELIVER, str(endpoint_pk), queue=settings.CELERY_TASK_DEFAULT_QUEUE)


def new_message_id() -> str:
    return f"msg_{uuid.uuid4().hex}"


def _deliveries(entry: Entry, endpoints: list[Endpoint]) -> list[Delivery]:
    wanting = [endpoint for endpoint in endpoints if endpoint.wants(entry.action, entry.domain_name)]
    if not wanting:
        return []
    message_id, payload = new_message_id(), payload_of(entry)
    return [
        Delivery(
            endpoint=endpoint,
            message_id=message_id,
            event_type=entry.action,
            subject=entry.object_key,
            payload=payload,
        )
        for endpoint in wanting
    ]


class _Listening:
    """Who listens, asked for once in a transaction: a hook of its commit that does nothing but remember it till then,
    so that it cannot outlive what it was true for."""

    def __init__(self) -> None:
        self.endpoints = list(Endpoint.objects.raw(WHO_LISTENS))

    def __call__(self) -> None:
        pass


def _listening() -> list[Endpoint]:
    for hook in transaction.get_connection().run_on_commit:
        if isinstance(hook[1], _Listening):
            return hook[1].endpoints
    listening = _Listening()
    transaction.on_commit(listening)
    return listening.endpoints


def forget_listening() -> None:
    """After a change of an endpoint, for what follows in the same transaction."""
    connection = transaction.get_connection()
    connection.run_on_commit = [hook for hook in connection.run_on_commit if not isinstance(hook[1], _Listening)]
