from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.utils import timezone

from mailadmin.audit.models import Entry
from tests.factories import make_mailbox, system
from vacations.models import Vacation
from vacations.services import set_vacation
from vacations.tasks import end_past

pytestmark = pytest.mark.django_db


def test_what_is_over_is_switched_off_by_the_worker() -> None:
    now = timezone.now()
    for name, until in (("joe", now - timedelta(seconds=1)), ("ann", now + timedelta(hours=1)), ("ben", None)):
        mailbox = make_mailbox(f"{name}@example.org")
        set_vacation(
            mailbox=mailbox, active=True, subject="", body="Away.", from_at=now - timedelta(days=2), actor=system()
        )
        if until:
            Vacation.objects.filter(pk=mailbox.pk).update(until_at=until)

    assert end_past() == 1
    assert end_past() == 0

    assert set(Vacation.objects.active().values_list("pk", flat=True)) == {"ann@example.org", "ben@example.org"}
    entry = Entry.objects.filter(action="vacation.end").get()
    assert (entry.object_key, entry.actor, entry.face) == ("joe@example.org", "mailadmin", "worker")


def test_the_beat_asks_for_it() -> None:
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert end_past.name in tasks
    assert end_past.name in current_app.tasks
