from __future__ import annotations

from celery import shared_task

from app_passwords import services


@shared_task
def close_expired() -> int:
    """Open sessions of app passwords whose last day is over."""
    return services.close_expired()
