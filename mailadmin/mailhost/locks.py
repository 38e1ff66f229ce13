"""One process at a time works on this host's tables and volume. The kernel lets go of the lock when the process ends,
however it ends, so there is no lease to time out and no stale lock to remove."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings


@contextmanager
def host_lock(*, wait: bool) -> Iterator[bool]:
    """Whether the lock was taken; with `wait` it always is, in the end."""
    settings.MAPS_DIR.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.MAPS_DIR / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
