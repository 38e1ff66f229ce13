from __future__ import annotations

from celery import shared_task

from . import answers


@shared_task
def forget_answers() -> int:
    return answers.forget_answers()
