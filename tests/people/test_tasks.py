from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from people.models import Offboarding, ReservedAddress, Step
from people.services.offboarding import start_offboarding
from people.tasks import advance_offboardings, forget_reservations
from tests.factories import make_mailbox, system

pytestmark = pytest.mark.django_db


def test_the_beat_does_what_is_due_and_again_nothing() -> None:
    ahead = timezone.now() + timedelta(days=1)
    start_offboarding(mailbox=make_mailbox("joe@example.org"), at=ahead, wishes={"archive_days": 0}, actor=system())
    assert advance_offboardings() == 0
    Step.objects.update(due_at=timezone.now())

    assert (advance_offboardings(), advance_offboardings()) == (5, 0)
    assert Offboarding.objects.get().steps.first().done_by == "mailadmin"  # type: ignore[union-attr]
    assert forget_reservations() == 0
    ReservedAddress.objects.update(until_at=timezone.now())
    assert forget_reservations() == 1


def test_the_beat_knows_both_tasks() -> None:
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {advance_offboardings.name, forget_reservations.name} <= tasks
