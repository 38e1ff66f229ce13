"""Events on their way to a real server, which takes them, or not: signatures, tries, and when it ends."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from mailadmin.webhooks import delivery as deliveries
from mailadmin.webhooks.delivery import back_off, deliver_due, endpoints_with_work, give_up_old
from mailadmin.webhooks.models import Delivery, Endpoint
from mailadmin.webhooks.services import (
    create_endpoint,
    edit_endpoint,
    rotate_secret,
)
from tests.factories import make_mailbox, system
from tests.servers.receiver import Received, Receiver, reply

from .conftest import make_endpoint, ping

pytestmark = pytest.mark.django_db


def now_due() -> None:
    """The time of the next try has come."""
    Delivery.objects.update(due_at=timezone.now())
    Endpoint.objects.update(rests_until=None)


def opens(secret: str, got: Received) -> bool:
    """Whether the library of a receiver, by this secret, takes it for genuine."""
    try:
        Webhook(secret).verify(got.body, got.headers)
    except WebhookVerificationError:
        return False
    return True


# -- Signed and delivered
def test_an_event_arrives_signed(receiver: Receiver) -> None:
    endpoint, secret = create_endpoint(name="hr", url=receiver.url(), actor=system())
    make_mailbox("joe@example.org")

    assert deliver_due(endpoint.pk) == 2  # its domain as well

    got = receiver.received[1]
    event = Webhook(secret).verify(got.body, got.headers)
    assert (event["type"], event["data"]["key"]) == ("mailbox.create", "joe@example.org")
    row = Delivery.objects.latest("id")
    assert got.headers["webhook-id"] == row.message_id
    assert (row.state, row.status, row.attempts, row.error) == ("delivered", 204, 1, "")
    assert row.duration_ms is not None
    assert deliver_due(endpoint.pk) == 0


def test_what_was_changed_on_the_way_is_not_genuine(receiver: Receiver) -> None:
    endpoint, secret = create_endpoint(name="hr", url=receiver.url(), actor=system())
    ping(endpoint)
    deliver_due(endpoint.pk)

    (got,) = receiver.received
    assert opens(secret, got)
    assert not opens(secret, Received(got.path, got.headers, got.body.replace(b"ping", b"pong")))
    assert not opens(secret, Received(got.path, {**got.headers, "webhook-id": "msg_2"}, got.body))


def test_while_a_secret_is_rotated_both_sign(receiver: Receiver) -> None:
    endpoint, former = create_endpoint(name="hr", url=receiver.url(), actor=system())
    _row, secret = rotate_secret(endpoint=endpoint, actor=system())
    ping(endpoint)
    deliver_due(endpoint.pk)
    Endpoint.objects.update(former_until=timezone.now())
    ping(endpoint)
    deliver_due(endpoint.pk)

    first, second = receiver.received
    assert (opens(secret, first), opens(former, first)) == (True, True)
    assert (opens(secret, second), opens(former, second)) == (True, False)


def test_with_another_secret_key_nothing_is_sent_and_the_log_says_why(
    endpoint: Endpoint, receiver: Receiver, settings: Any
) -> None:
    ping(endpoint)
    settings.SECRET_KEY = "another one, and long enough that no check complains: 0123456789"

    deliver_due(endpoint.pk)

    assert receiver.received == []
    assert Delivery.objects.get().error == "SECRET_KEY is another one: rotate the secret of this webhook."


# -- Refused, and tried again
def test_what_fails_is_tried_again_with_the_same_id_and_a_new_time(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(500, b"Broken")]
    made = ping(endpoint)

    assert (deliver_due(endpoint.pk), deliver_due(endpoint.pk)) == (1, 0)
    row = Delivery.objects.get()
    assert (row.state, row.status, row.answer, row.error) == ("failed", 500, "Broken", "HTTP 500")
    assert row.due_at > timezone.now()

    now_due()
    deliver_due(endpoint.pk)
    row = Delivery.objects.get()
    assert (row.state, row.status, row.attempts, row.error) == ("delivered", 204, 2, "")
    assert {got.headers["webhook-id"] for got in receiver.received} == {made.message_id}
    assert len({got.body for got in receiver.received}) == 1


def test_tries_are_further_apart_each_time_and_never_quite_the_same() -> None:
    waits = [sorted(back_off(attempts).total_seconds() for _each in range(50)) for attempts in range(1, 13)]

    for attempts, middle in enumerate([20, 80, 320, 1280, 5120, 20480, 43200, 43200, 43200, 43200, 43200, 43200]):
        assert 0.8 * middle <= waits[attempts][0] < waits[attempts][-1] <= 1.2 * middle
    total = sum(back_off(attempts).total_seconds() for attempts in range(1, 12))
    assert timedelta(days=2) < timedelta(seconds=total) < timedelta(days=4)


def test_after_three_days_it_is_given_up(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(404)]
    made = ping(endpoint)
    Delivery.objects.update(give_up_at=timezone.now() + timedelta(seconds=5))

    deliver_due(endpoint.pk)

    assert Delivery.objects.get().state == "given_up"
    now_due()
    assert deliver_due(endpoint.pk) == 0
    assert made.give_up_at - made.queued_at == pytest.approx(timedelta(days=3), abs=timedelta(seconds=1))


def test_what_waits_for_a_receiver_that_is_off_is_given_up_too(endpoint: Endpoint) -> None:
    ping(endpoint)
    edit_endpoint(endpoint=endpoint, changes={"active": False}, actor=system())
    assert (endpoints_with_work(), give_up_old()) == ([], 0)

    Delivery.objects.update(give_up_at=timezone.now())

    assert (give_up_old(), give_up_old()) == (1, 0)
    assert Delivery.objects.get().state == "given_up"


def test_retry_after_is_heeded(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(429, Retry_After="7200")]
    ping(endpoint)

    deliver_due(endpoint.pk)

    assert Delivery.objects.get().due_at > timezone.now() + timedelta(seconds=7100)


def test_an_unheard_of_retry_after_is_not(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(503, Retry_After="99999999999")]
    ping(endpoint)

    deliver_due(endpoint.pk)

    assert Delivery.objects.get().state == "failed"
    assert Delivery.objects.get().due_at < timezone.now() + timedelta(days=1)


def test_who_is_in_trouble_is_left_in_peace_and_the_others_are_not(endpoint: Endpoint, receiver: Receiver) -> None:
    other = make_endpoint("other", receiver.url())
    receiver.answers = [reply(503)]
    for each in (endpoint, endpoint, other):
        ping(each)

    assert deliver_due(endpoint.pk) == 1
    assert endpoints_with_work() == [other.pk]
    assert deliver_due(other.pk) == 1

    now_due()
    assert (endpoints_with_work(), deliver_due(endpoint.pk)) == ([endpoint.pk], 2)
    row = Endpoint.objects.get(pk=endpoint.pk)
    assert (row.failures, row.failing_since, row.rests_until) == (0, None, None)


def test_one_event_that_is_refused_does_not_hold_up_the_next(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(400)]
    ping(endpoint)
    ping(endpoint)

    assert deliver_due(endpoint.pk) == 2
    assert [row.state for row in Delivery.objects.order_by("id")] == ["failed", "delivered"]


# -- Two workers
def test_an_endpoint_is_one_workers_at_a_time(endpoint: Endpoint) -> None:
    ping(endpoint)
    ping(endpoint)
    Endpoint.objects.update(rests_until=timezone.now() + timedelta(seconds=9))
    assert (deliver_due(endpoint.pk), endpoints_with_work()) == (0, [])

    Endpoint.objects.update(rests_until=timezone.now())
    assert deliver_due(endpoint.pk) == 2
    assert Endpoint.objects.get().rests_until is None


def test_of_two_workers_one_sends(endpoint: Endpoint) -> None:
    mine = ping(endpoint)
    theirs = Delivery.objects.get(pk=mine.pk)

    assert deliveries._claim(theirs)
    assert not deliveries._claim(mine)
    assert deliver_due(endpoint.pk) == 0


def test_a_long_run_hands_over(
    endpoint: Endpoint,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def outlast_the_run(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(deliveries.RUN_SECONDS)
        reply(204)(handler)

    monkeypatch.setattr(deliveries, "RUN_SECONDS", 0.2)
    receiver.answers = [outlast_the_run]
    ping(endpoint)
    ping(endpoint)
    connection.run_on_commit.clear()  # what they have announced

    with django_capture_on_commit_callbacks() as callbacks:
        assert deliver_due(endpoint.pk) == 1

    assert [getattr(each, "message", (None,))[0] for each in callbacks] == ["mailadmin.webhooks.tasks.deliver"]


def test_the_sweep_asks_for_what_is_due_alone(endpoint: Endpoint, receiver: Receiver) -> None:
    make_endpoint("idle", receiver.url())
    assert endpoints_with_work() == []

    ping(endpoint)
    assert endpoints_with_work() == [endpoint.pk]

    Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    assert endpoints_with_work() == []


def test_the_payload_is_json_of_the_kind_that_is_promised(endpoint: Endpoint, receiver: Receiver) -> None:
    ping(endpoint)
    deliver_due(endpoint.pk)

    event = json.loads(receiver.received[0].body)
    assert (event.keys(), event["type"], event["data"]) == ({"type", "timestamp", "data"}, "ping", {})
