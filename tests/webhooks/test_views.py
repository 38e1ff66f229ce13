"""The pages, by what a superadmin sees and does on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import Account
from mailadmin.webhooks.delivery import deliver_due
from mailadmin.webhooks.models import Delivery, Endpoint
from mailadmin.webhooks.services import ping_endpoint
from tests.factories import system
from tests.refusals import nothing_written
from tests.servers.receiver import Receiver, reply

from .conftest import make_endpoint

pytestmark = pytest.mark.django_db
LIST, ADD = reverse("webhooks:list"), reverse("webhooks:add")
URL = "https://hr.elsewhere.test/events"


@pytest.fixture
def client(signed_in: Callable[[Account], Client], root: Account) -> Client:
    return signed_in(root)


@pytest.fixture
def hr(example_org: Any) -> Endpoint:
    return make_endpoint("hr", URL)


def payload(**overrides: Any) -> dict[str, Any]:
    return {"name": "hr", "url": URL, "description": "", "event_types": [], "domains": "", "active": "on"} | overrides


def page(name: str, pk: int) -> str:
    return reverse(f"webhooks:{name}", args=[pk])


def test_a_new_one_shows_its_secret_once_and_nowhere_else(client: Client, example_org: Any) -> None:
    response = client.post(ADD, payload(event_types=["mailbox.create"], domains="example.org\n"))

    secret = response.context["secret"]
    assert response.content.decode().count(secret) == 1
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    row = Endpoint.objects.get()
    assert (row.name, row.url, row.event_types, row.domains) == ("hr", URL, ["mailbox.create"], ["example.org"])
    for url in (LIST, page("detail", row.pk), page("edit", row.pk)):
        shown = client.get(url).content.decode()
        assert "hr" in shown
        assert secret not in shown
        assert row.secret not in shown
    assert secret not in str(dict(client.session))


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("name", "H R", "A name has small letters, digits and hyphens, 64 at most."),
        ("url", "http://hr.elsewhere.test/", "A URL begins with https://."),
        ("domains", "nowhere.test", "There is no domain nowhere.test."),
    ],
)
def test_a_refusal_stands_at_its_field(client: Client, field: str, value: str, text: str) -> None:
    with nothing_written():
        response = client.post(ADD, payload(**{field: value}))

    assert response.context["form"].errors == {field: [text]}


def test_it_is_changed(client: Client, hr: Endpoint) -> None:
    shown = client.get(page("edit", hr.pk)).context["form"]

    response = client.post(page("edit", hr.pk), payload(description="Personnel", revision=shown["revision"].initial))

    assert response["Location"] == page("detail", hr.pk)
    assert Endpoint.objects.get().description == "Personnel"


def test_a_new_secret_is_shown_once(client: Client, hr: Endpoint) -> None:
    assert client.get(page("rotate", hr.pk)).status_code == 200
    assert Endpoint.objects.get().former_until is None

    response = client.post(page("rotate", hr.pk))

    assert response.context["secret"].startswith("whsec_")
    assert Endpoint.objects.get().former_secret == hr.secret


def test_it_is_deleted_with_its_log(client: Client, hr: Endpoint) -> None:
    ping_endpoint(endpoint=hr, actor=system())

    response = client.post(page("delete", hr.pk))

    assert response["Location"] == LIST
    assert (Endpoint.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.parametrize("name", ["add", "edit", "rotate", "delete"])
def test_what_opens_the_way_out_asks_for_the_password_again(
    name: str, client: Client, hr: Endpoint, settings: Any
) -> None:
    settings.REAUTHENTICATION_MINUTES = 0
    args = [] if name == "add" else [hr.pk]

    with nothing_written():
        response = client.post(reverse(f"webhooks:{name}", args=args), payload())

    assert response["Location"].startswith(reverse("accounts:confirm"))


def test_a_test_event_is_sent_and_its_answer_shown(client: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(503, b"<b>Busy</b>")]

    response = client.post(page("test", endpoint.pk), follow=True)
    assert "A test event is sent in a moment" in response.content.decode()
    deliver_due(endpoint.pk)

    listed = client.get(page("detail", endpoint.pk)).content.decode()
    assert "HTTP 503" in listed
    assert "It has taken no event since" in listed
    row = Delivery.objects.get()
    shown = client.get(page("delivery", row.pk)).content.decode()
    assert row.message_id in shown
    assert "&lt;b&gt;Busy&lt;/b&gt;" in shown
    assert "&quot;type&quot;: &quot;ping&quot;" in shown


def test_a_delivery_is_sent_again(client: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    row = ping_endpoint(endpoint=endpoint, actor=system())
    deliver_due(endpoint.pk)

    response = client.post(page("redeliver", row.pk))

    assert response["Location"] == page("delivery", row.pk)
    assert deliver_due(endpoint.pk) == 1
    assert len(receiver.received) == 2


def test_of_one_that_is_off_the_page_says_why_and_nothing_is_sent(client: Client, hr: Endpoint) -> None:
    row = ping_endpoint(endpoint=hr, actor=system())
    Endpoint.objects.update(active=False, off_reason="gone")

    shown = client.get(page("detail", hr.pk)).content.decode()
    assert "It has answered that it wants no more events (410 Gone)." in shown
    assert "Send a test event" not in shown
    with nothing_written():
        for url in (page("test", hr.pk), page("redeliver", row.pk)):
            assert "This webhook is switched off" in client.post(url, follow=True).content.decode()


@pytest.mark.parametrize(("state", "found"), [("", 4), ("delivered", 1), ("open", 2), ("failed", 2), ("nonsense", 4)])
def test_the_log_is_filtered(state: str, found: int, client: Client, hr: Endpoint) -> None:
    now = timezone.now()
    first, second, third, _waiting = (ping_endpoint(endpoint=hr, actor=system()) for _each in range(4))
    Delivery.objects.filter(pk=first.pk).update(attempts=1, error="HTTP 500")
    Delivery.objects.filter(pk=second.pk).update(attempts=9, error="HTTP 500", closed_at=now)
    Delivery.objects.filter(pk=third.pk).update(attempts=1, delivered_at=now, closed_at=now)

    response = client.get(page("detail", hr.pk), {"state": state})

    assert len(response.context["page"].rows) == found


def test_the_log_has_pages(client: Client, hr: Endpoint) -> None:
    for _each in range(30):
        ping_endpoint(endpoint=hr, actor=system())

    first = client.get(page("detail", hr.pk))
    second = client.get(page("detail", hr.pk) + first.context["links"]["next"])

    keys = [row.pk for response in (first, second) for row in response.context["page"].rows]
    assert keys == sorted(Delivery.objects.values_list("pk", flat=True), reverse=True)


@pytest.mark.parametrize("count", [1, 3])
def test_the_lists_ask_as_often_for_three_rows_as_for_one(
    count: int, client: Client, hr: Endpoint, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        ping_endpoint(endpoint=hr, actor=system())
        make_endpoint(f"other{number}", URL)

    with django_assert_max_num_queries(QUERIES_OF_A_PAGE + 1):
        client.get(LIST)
    with django_assert_max_num_queries(QUERIES_OF_A_PAGE + 2):
        client.get(page("detail", hr.pk))


QUERIES_OF_A_PAGE = 4
