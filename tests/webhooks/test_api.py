"""/api/v1/webhooks/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from domains.models import Domain
from mailadmin.webhooks.delivery import deliver_due
from mailadmin.webhooks.models import Delivery, Endpoint
from mailadmin.webhooks.services import ping_endpoint
from mailadmin.webhooks.signing import PREFIX
from tests.factories import system
from tests.refusals import nothing_written
from tests.servers.receiver import Receiver, reply

from .conftest import make_endpoint

pytestmark = pytest.mark.django_db
WEBHOOKS, HR = "/api/v1/webhooks/", "/api/v1/webhooks/hr/"
URL = "https://hr.elsewhere.test/events"
FIELDS = ("name", "url", "description", "event_types", "domains", "active", "failing_since", "off_reason", "created_at")


@pytest.fixture
def client(api: Callable[..., Client]) -> Client:
    return api("webhooks:read", "webhooks:create", "webhooks:write", "webhooks:delete")


@pytest.fixture
def hr(example_org: Domain) -> Endpoint:
    return make_endpoint("hr", URL)


def payload(**overrides: Any) -> dict[str, Any]:
    return {"name": "hr", "url": URL} | overrides


def send(client: Client, method: str, url: str, body: Any = None, **headers: str) -> HttpResponse:
    send_it = getattr(client, method)
    if body is None:
        return send_it(url, content_type="application/json", headers=headers)
    return send_it(url, body, content_type="application/json", headers=headers)


def test_a_new_one_is_told_its_secret_this_once(client: Client, example_org: Domain) -> None:
    response = send(client, "post", WEBHOOKS, payload(event_types=["mailbox.create"], domains=["Example.org"]))

    assert (response.status_code, response["Location"]) == (201, HR)
    made = response.json()
    assert made.pop("secret").startswith(PREFIX)
    assert made == client.get(HR).json()
    assert tuple(made) == FIELDS
    assert (made["event_types"], made["domains"]) == (["mailbox.create"], ["example.org"])
    assert client.get(WEBHOOKS).json() == {"results": [made], "next": None}


def test_the_same_request_again_makes_no_second_and_tells_the_same_secret(client: Client) -> None:
    first = send(client, "post", WEBHOOKS, payload(), **{"Idempotency-Key": "a"})
    second = send(client, "post", WEBHOOKS, payload(), **{"Idempotency-Key": "a"})

    assert second.json() == first.json()
    assert Endpoint.objects.count() == 1


def test_a_dry_run_tells_no_secret(client: Client) -> None:
    with nothing_written():
        response = send(client, "post", f"{WEBHOOKS}?dry_run=true", payload())

    assert (response.json()["status"], "secret" in response.json()["result"]) == (201, False)
    assert [change["action"] for change in response.json()["changes"]] == ["webhook.create"]


def test_put_creates_and_then_changes(client: Client) -> None:
    first = send(client, "put", HR, {"url": URL})
    second = send(client, "put", HR, {"url": URL, "description": "Personnel"})

    assert (first.status_code, "secret" in first.json()) == (201, True)
    assert (second.status_code, "secret" in second.json()) == (200, False)
    assert Endpoint.objects.get().description == "Personnel"


def test_one_of_the_name_is_a_conflict_with_a_link(client: Client, hr: Endpoint) -> None:
    with nothing_written():
        response = send(client, "post", WEBHOOKS, payload())

    assert (response.status_code, response.json()["code"], response.json()["existing"]) == (409, "webhook_exists", HR)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "H R", "name_invalid"),
        ("url", "http://hr.elsewhere.test/", "url_not_https"),
        ("url", "https://127.0.0.1/", "url_network"),
        ("url", 5, "wrong_type"),
        ("event_types", ["nothing.happens"], "event_unknown"),
        ("domains", ["nowhere.test"], "domain_unknown"),
        ("active", "no", "wrong_type"),
    ],
)
def test_a_wrong_value_is_refused_by_name(field: str, value: Any, code: str, client: Client) -> None:
    with nothing_written():
        response = send(client, "post", WEBHOOKS, payload(**{field: value}))

    assert response.status_code == 400
    assert [each["code"] for each in response.json()["errors"][field]] == [code]


def test_it_is_changed_renamed_and_deleted(client: Client, hr: Endpoint) -> None:
    assert send(client, "patch", HR, {"active": False, "name": "people"}).status_code == 200
    assert Endpoint.objects.get().active is False
    assert client.get(HR).status_code == 404

    assert send(client, "delete", "/api/v1/webhooks/people/").status_code == 204
    assert not Endpoint.objects.exists()


def test_a_change_of_what_was_not_read_is_refused(client: Client, hr: Endpoint) -> None:
    tag = client.get(HR)["ETag"]
    send(client, "patch", HR, {"description": "x"})

    with nothing_written():
        response = send(client, "patch", HR, {"description": "y"}, **{"If-Match": tag})

    assert response.status_code == 412


def test_a_new_secret_is_told_this_once(client: Client, hr: Endpoint) -> None:
    response = send(client, "post", f"{HR}rotate/")

    assert (response.status_code, response.json()["secret"].startswith(PREFIX)) == (201, True)
    assert Endpoint.objects.get().former_secret == hr.secret


def test_a_test_event_can_be_followed(client: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answers = [reply(500, b"Broken")]
    queued = send(client, "post", f"{HR}test/").json()
    deliver_due(endpoint.pk)

    found = client.get(f"{HR}deliveries/{queued['id']}/").json()
    assert (queued["state"], found["state"], found["status"], found["answer"]) == ("waiting", "failed", 500, "Broken")
    assert found["message_id"] == receiver.received[0].headers["webhook-id"]
    assert client.get(HR).json()["failing_since"] is not None

    again = send(client, "post", f"{HR}deliveries/{queued['id']}/redeliver/")
    assert (again.status_code, again.json()["attempts"]) == (202, 0)
    assert deliver_due(endpoint.pk) == 1
    assert client.get(f"{HR}deliveries/?state=delivered").json()["results"][0]["id"] == queued["id"]


def test_the_deliveries_page_by_key_and_are_told_apart(client: Client, hr: Endpoint) -> None:
    rows = [ping_endpoint(endpoint=hr, actor=system()) for _each in range(3)]
    ping_endpoint(endpoint=make_endpoint("other", URL), actor=system())

    first = client.get(f"{HR}deliveries/?limit=2&state=open").json()
    second = client.get(first["next"]).json()

    found = [each["id"] for page in (first, second) for each in page["results"]]
    assert found == [row.pk for row in reversed(rows)]
    assert client.get(f"{HR}deliveries/?state=given_up").json() == {"results": [], "next": None}
    assert client.get(f"{HR}deliveries/?state=lost").status_code == 400
    foreign = Delivery.objects.exclude(endpoint=hr).get()
    assert client.get(f"{HR}deliveries/{foreign.pk}/").status_code == 404


@pytest.mark.parametrize("act", ["rotate", "test"])
def test_an_act_takes_no_fields(act: str, client: Client, hr: Endpoint) -> None:
    with nothing_written():
        response = send(client, "post", f"{HR}{act}/", {"secret": "whsec_mine"})

    assert (response.status_code, list(response.json()["errors"])) == (400, ["secret"])


def test_what_is_off_sends_nothing(client: Client, hr: Endpoint) -> None:
    send(client, "patch", HR, {"active": False})

    with nothing_written():
        response = send(client, "post", f"{HR}test/")

    assert (response.status_code, response.json()["code"]) == (400, "webhook_off")


def test_a_token_of_some_domains_is_refused_whatever_there_is(
    api: Callable[..., Client], hr: Endpoint, example_org: Domain
) -> None:
    client = api("all", domains=["example.org"])

    with nothing_written():
        for url in (WEBHOOKS, HR, "/api/v1/webhooks/nowhere/", f"{HR}deliveries/"):
            assert client.get(url).status_code == 403
        assert send(client, "post", WEBHOOKS, payload(name="mine")).status_code == 403
        assert send(client, "delete", HR).status_code == 403
        assert send(client, "post", f"{HR}rotate/").status_code == 403


@pytest.mark.parametrize(
    ("method", "url", "verb"),
    [
        ("get", WEBHOOKS, "read"),
        ("post", WEBHOOKS, "create"),
        ("get", HR, "read"),
        ("patch", HR, "write"),
        ("delete", HR, "delete"),
        ("post", f"{HR}rotate/", "write"),
        ("post", f"{HR}test/", "write"),
        ("get", f"{HR}deliveries/", "read"),
    ],
)
def test_each_act_needs_its_scope(method: str, url: str, verb: str, api: Callable[..., Client], hr: Endpoint) -> None:
    body = None if method == "get" else {}
    others = [f"webhooks:{each}" for each in ("read", "create", "write", "delete") if each != verb]

    with_all_others, with_it = api(*others), api(f"webhooks:{verb}")

    with nothing_written():
        assert send(with_all_others, method, url, body).status_code == 403
    assert send(with_it, method, url, body).status_code != 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_lists_ask_as_often_for_three_rows_as_for_one(
    count: int, client: Client, hr: Endpoint, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        ping_endpoint(endpoint=hr, actor=system())
        make_endpoint(f"other{number}", URL)
    client.get(WEBHOOKS)  # the token's last use is written once

    with django_assert_num_queries(2):
        client.get(WEBHOOKS)
    with django_assert_num_queries(3):
        client.get(f"{HR}deliveries/")
