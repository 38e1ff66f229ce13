"""When an endpoint is told no more, when a delivery is sent once more, and when it is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from mailadmin.audit.models import Entry
from mailadmin.webhooks.delivery import deliver_due
from mailadmin.webhooks.models import Delivery, Endpoint, OffReason, give_up_time
from mailadmin.webhooks.services import (
    delete_endpoint,
    edit_endpoint,
    forget_old,
    redeliver,
    switch_off,
)
from tests.factories import system
from tests.refusals import nothing_written
from tests.servers.receiver import Receiver, reply

from .conftest import ping

pytestmark = pytest.mark.django_db


# -- Switched off
def test_who_is_gone_is_switched_off(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(410)]
    ping(endpoint)
    ping(endpoint)

    assert deliver_due(endpoint.pk) == 1
    row = Endpoint.objects.get()
    assert (row.active, row.off_reason) == (False, "gone")
    assert [each.state for each in Delivery.objects.order_by("id")] == ["given_up", "waiting"]
    entry = Entry.objects.latest("id")
    assert (entry.action, entry.actor, entry.face) == ("webhook.edit", "mailadmin", "worker")
    assert (entry.before, entry.after) == ({"active": True, "off_reason": ""}, {"active": False, "off_reason": "gone"})


@pytest.mark.parametrize(("days", "event_hours", "active"), [(4, 30, True), (6, 20, True), (6, 30, False)])
def test_who_has_failed_for_days_and_an_event_for_one_is_switched_off(
    days: int, event_hours: int, active: bool, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.answers = [reply(500)]
    Endpoint.objects.update(failures=9, failing_since=timezone.now() - timedelta(days=days))
    ping(endpoint)
    Delivery.objects.update(give_up_at=give_up_time() - timedelta(hours=event_hours))

    deliver_due(endpoint.pk)

    row = Endpoint.objects.get()
    assert (row.active, row.off_reason) == (active, "" if active else "failing")


def test_who_was_deleted_while_it_answered_is_gone(endpoint: Endpoint, receiver: Receiver) -> None:
    ping(endpoint)
    gone = Endpoint.objects.get()
    delete_endpoint(endpoint=endpoint, actor=system())

    with nothing_written():
        switch_off(endpoint=gone, reason=OffReason.GONE, actor=system())


def test_switched_on_again_it_begins_anew(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(410)]
    ping(endpoint)
    ping(endpoint)
    deliver_due(endpoint.pk)

    row = edit_endpoint(endpoint=endpoint, changes={"active": True}, actor=system())

    assert (row.off_reason, row.failures, row.failing_since) == ("", 0, None)
    assert deliver_due(endpoint.pk) == 1
    assert [each.state for each in Delivery.objects.order_by("id")] == ["given_up", "delivered"]


# -- Once more, and no more
def test_what_was_delivered_is_sent_once_more_under_its_id(endpoint: Endpoint, receiver: Receiver) -> None:
    made = ping(endpoint)
    deliver_due(endpoint.pk)

    redeliver(delivery=made, actor=system())

    assert Delivery.objects.get().state == "waiting"
    assert deliver_due(endpoint.pk) == 1
    assert [got.headers["webhook-id"] for got in receiver.received] == [made.message_id] * 2
    assert Delivery.objects.get().state == "delivered"


def test_a_deleted_endpoint_gets_nothing(endpoint: Endpoint, receiver: Receiver) -> None:
    ping(endpoint)
    delete_endpoint(endpoint=endpoint, actor=system())

    assert deliver_due(endpoint.pk) == 0
    assert receiver.received == []
    assert not Delivery.objects.exists()


def test_old_ones_are_forgotten_and_those_still_tried_are_not(endpoint: Endpoint, settings: Any) -> None:
    old, open_still, _new = ping(endpoint), ping(endpoint), ping(endpoint)
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS + 1)
    Delivery.objects.filter(pk__in=[old.pk, open_still.pk]).update(queued_at=long_ago)
    Delivery.objects.filter(pk=open_still.pk).update(due_at=timezone.now() + timedelta(hours=1))

    assert (forget_old(), forget_old()) == (1, 0)
    assert Delivery.objects.count() == 2
