from celery import shared_task

from mailadmin.accounts import lockout


@shared_task
def forget_sign_ins() -> int:
    """Safe to run twice: what is old is gone after the first time."""
    return lockout.forget_old()
