"""`Prefer: wait=SECONDS`: an answer that waits until every mail host has applied the change."""

from __future__ import annotations

import time
from threading import BoundedSemaphore

from django.urls import reverse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from mailadmin.mailhost.models import PendingWork
from mailadmin.mailhost.queue import waiting

from .requests import wait_seconds

POLL_SECONDS = 0.05
# Of the threads of a process: while a mail host is away, who waits must not keep everybody from the site.
AT_ONCE = 2
_places = BoundedSemaphore(AT_ONCE)


def once_live(request: Request, response: Response) -> Response:
    """As it is, once what it changed is live, else 202 and the job to look at. Outside any transaction: a worker
    must see the work."""
    seconds, keys = wait_seconds(request), getattr(response, "live_keys", None)
    if seconds is None or keys is None:
        return response
    response["Preference-Applied"] = f"wait={seconds}"
    is_live = _waited(keys, seconds)
    if isinstance(response.data, dict) and "live" in response.data:
        response.data["live"] = is_live
    return response if is_live else _accepted(response, keys)


def _waited(keys: list[str], seconds: int) -> bool:
    """Whether it is live by then; or by now, if there is no place to wait."""
    if not _places.acquire(blocking=False):
        return wait_until_live(keys, 0)
    try:
        return wait_until_live(keys, seconds)
    finally:
        _places.release()


def wait_until_live(keys: list[str], seconds: float) -> bool:
    """Look again and again until no mail host has work for these keys."""
    until = time.monotonic() + seconds
    while waiting(keys):
        if time.monotonic() >= until:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _accepted(response: Response, keys: list[str]) -> Response:
    response.status_code = status.HTTP_202_ACCEPTED
    if job := PendingWork.objects.open().filter(key__in=keys).order_by("-id").first():
        response["Location"] = reverse("api:jobs", args=[job.pk])
    return response
