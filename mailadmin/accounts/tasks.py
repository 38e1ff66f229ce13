from celery import shared_task

from mailadmin.accounts import lockout
from mailadmin.accounts.sessions import SessionStore


@shared_task
def forget_sign_ins() -> int:
    """Safe to run twice, as the next: what is old is gone after the first time."""
    return lockout.forget_old()


@shared_task
def forget_sessions() -> None:
    SessionStore.clear_expired()
