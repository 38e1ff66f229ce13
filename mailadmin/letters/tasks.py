from __future__ import annotations

from celery import shared_task

from mailadmin.letters import expiry, links, outbox


@shared_task
def send_letters() -> int:
    """Asked for with each letter, and by the beat for those that failed or whose message was lost."""
    return outbox.send_due()


@shared_task
def forget_letters() -> int:
    return outbox.forget_closed() + links.forget_old() + expiry.forget_old()


@shared_task
def warn_of_expiry() -> int:
    """Safe to run twice: each warning is remembered."""
    return expiry.warn_all()
