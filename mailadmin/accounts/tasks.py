from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from mailadmin.accounts import lockout


@shared_task
def forget_sign_ins() -> int:
    """Safe to run twice, as the next: what is old is gone after the first time."""
    return lockout.forget_old()


@shared_task
def forget_sessions() -> None:
    SessionStore.clear_expired()
