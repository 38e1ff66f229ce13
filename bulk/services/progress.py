"""How far an import is, told while its transaction is still open."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.utils import timezone

from bulk.models import Import

CLAIM = timedelta(minutes=2)
EVERY_SECONDS = 1.0


class Cancelled(Exception):
    """Somebody asked for the end."""


class Progress:
    """Tells it by a connection of its own, that of its thread: what a transaction writes nobody sees before its end.

    On SQLite the open transaction has the database to itself, and nothing can be told meanwhile.
    """

    def __init__(self, row: Import) -> None:
        self._pk = row.pk
        self._lines = 0
        self._told_at = time.monotonic()

    def __enter__(self) -> Progress:
        self._thread = ThreadPoolExecutor(max_workers=1)
        return self

    def __exit__(self, *error: Any) -> None:
        self._thread.submit(connections.close_all)
        self._thread.shutdown()

    def begin(self, lines: int = 0) -> None:
        self._lines = lines

    def note(self, lines: int = 0) -> None:
        """So many lines more are behind. Raises Cancelled."""
        self._lines += lines
        alone = connection.vendor == "sqlite" and connection.in_atomic_block
        if alone or time.monotonic() - self._told_at < EVERY_SECONDS:
            return
        self._told_at = time.monotonic()
        if not self._thread.submit(_tell, self._pk, self._lines).result():
            raise Cancelled


def _tell(pk: int, lines: int) -> bool:
    """Whether to go on. The claim goes on with it."""
    mine = Import.objects.filter(pk=pk, cancel_asked=False)
    return mine.update(progress=lines, claimed_until=timezone.now() + CLAIM) == 1
