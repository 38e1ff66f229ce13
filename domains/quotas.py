"""Between bytes and the megabytes of the table `domain`, which count QUOTA_MULTIPLIER bytes."""

from __future__ import annotations

from django.conf import settings


def megabytes(quota_bytes: int) -> int:
    """Rounded up, so that no quota grows smaller; 0 (none) and -1 (not allowed) stay what they are."""
    return quota_bytes if quota_bytes <= 0 else -(-quota_bytes // settings.QUOTA_MULTIPLIER)
