from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from mailadmin.accounts.models import Session, SignIn
from mailadmin.accounts.tasks import forget_sessions, forget_sign_ins
from mailadmin.celery import app

pytestmark = pytest.mark.django_db


def test_expired_sessions_are_forgotten():
    now = timezone.now()
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(minutes=1))
    Session.objects.create(session_key="new", session_data="", expire_date=now + timedelta(minutes=1))

    forget_sessions()

    assert [session.session_key for session in Session.objects.all()] == ["new"]


def test_old_sign_ins_are_forgotten_and_familiar_ones_are_not():
    for days in (91, 29):
        SignIn.objects.create(
            identifier="alice@example.org",
            client_address="192.0.2.1",
            at=timezone.now() - timedelta(days=days),
            succeeded=True,
        )

    assert (forget_sign_ins(), forget_sign_ins()) == (1, 0)
    assert SignIn.objects.count() == 1


def test_beat_knows_the_tasks_by_their_names():
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {forget_sessions.name, forget_sign_ins.name} <= scheduled
    assert scheduled <= set(app.tasks)
