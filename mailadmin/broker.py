"""Messages to the workers. They only make things quick: what counts are rows, which a beat looks for."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
AWAY_SECONDS = 10


class _Broker:
    """A broker that is away is not asked again for a while: no save has to wait for it twice."""

    away_until = 0.0


def send(task: str, *args: str, queue: str) -> None:
    """Ask a worker for this task. If the broker is away nothing is raised: the beat will ask later."""
    if time.monotonic() < _Broker.away_until:
        return
    try:
        current_app.send_task(task, args=args, queue=queue, retry=False)
    except (OperationalError, OSError) as error:
        _Broker.away_until = time.monotonic() + AWAY_SECONDS
        log.warning("The broker is away; %s waits for the beat: %s", task, error)


def send_on_commit(task: str, *args: str, queue: str) -> None:
    """Once in a transaction, however often it is asked for."""
    message = (task, args, queue)
    if any(getattr(hook[1], "message", None) == message for hook in transaction.get_connection().run_on_commit):
        return

    def send_it() -> None:
        send(task, *args, queue=queue)

    send_it.message = message  # type: ignore[attr-defined]
    transaction.on_commit(send_it)
