"""Which changes are told of, to whom, and what is said: rows in the transaction of the change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction

from aliases.services import edit_alias
from domains.services import delete_domain, edit_domain
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account
from mailadmin.audit import services as audit
from mailadmin.audit.forms import ACTIONS
from mailadmin.audit.masks import MASK
from mailadmin.audit.models import Entry
from mailadmin.effects import rehearse
from mailadmin.webhooks.events import KINDS, PAYLOAD_AT_MOST, QUIET, is_event
from mailadmin.webhooks.models import Delivery, Endpoint
from mailadmin.webhooks.services import edit_endpoint
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox, edit_mailbox, rename_mailbox, set_mailbox_password
from tests.factories import PASSWORD, make_alias, make_alias_domain, make_domain, make_mailbox, system

from .conftest import make_endpoint

pytestmark = pytest.mark.django_db
URL = "https://hr.elsewhere.test/events"


@pytest.fixture
def hr(example_org: Any) -> Endpoint:
    """It wants all events, and has heard of none yet."""
    return make_endpoint("hr", URL)


def told() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("id").values_list("event_type", "subject"))


def body() -> dict[str, Any]:
    """Of the last event."""
    return json.loads(Delivery.objects.latest("id").payload)


# -- What is told
def test_a_change_is_told_with_what_was_and_what_is(hr: Endpoint) -> None:
    joe = make_mailbox("joe@example.org", name="Joe")
    edit_mailbox(mailbox=joe, changes={"name": "Joseph", "active": False}, actor=system())

    entry = Entry.objects.latest("id")
    assert told() == [("mailbox.create", "joe@example.org"), ("mailbox.edit", "joe@example.org")]
    assert body() == {
        "type": "mailbox.edit",
        "timestamp": entry.at.isoformat(),
        "data": {
            "object_type": "mailbox",
            "key": "joe@example.org",
            "domain": "example.org",
            "actor": system().label,
            "face": "command",
            "changed": ["active", "name"],
            "before": {"active": True, "name": "Joe"},
            "after": {"active": False, "name": "Joseph"},
        },
    }


def test_the_life_of_accounts_domains_and_aliases_is_told(hr: Endpoint) -> None:
    domain = make_domain("example.net")
    joe = make_mailbox("joe@example.net")
    make_alias("team@example.net", "joe@example.net")
    old = make_alias_domain("old.net", domain)
    renamed = rename_mailbox(mailbox=joe, address="ann@example.net", actor=system())
    delete_mailbox(mailbox=renamed, actor=system())
    edit_domain(domain=domain, changes={"active": False}, actor=system())

    found = set(told())
    assert found >= {
        ("domain.create", "example.net"),
        ("mailbox.create", "joe@example.net"),
        ("alias.create", "team@example.net"),
        ("alias_domain.create", old.pk),
        ("mailbox.rename", "joe@example.net"),
        ("mailbox.delete", "ann@example.net"),
        ("domain.edit", "example.net"),
    }


def test_a_password_is_told_of_and_not_told(hr: Endpoint) -> None:
    joe = make_mailbox("joe@example.org")
    assert MASK not in body()["data"]["after"].values()
    assert "password" not in body()["data"]["after"]

    set_mailbox_password(mailbox=joe, password=PASSWORD + " again", actor=system())

    data = body()["data"]
    assert (body()["type"], "password" in data["changed"]) == ("mailbox.password", True)
    assert "password" not in data["before"] | data["after"]
    stored = Mailbox.objects.get(pk="joe@example.org").password
    for payload in Delivery.objects.values_list("payload", flat=True):
        assert stored not in payload
        assert MASK not in payload


def test_one_event_has_one_id_for_all_who_want_it(hr: Endpoint) -> None:
    make_endpoint("audit", URL)
    make_mailbox("joe@example.org")

    first, second = Delivery.objects.order_by("endpoint__name")
    assert (first.endpoint.name, second.endpoint.name) == ("audit", "hr")
    assert (first.message_id, first.payload) == (second.message_id, second.payload)
    assert first.message_id.startswith("msg_")
    assert "." not in first.message_id


def test_a_body_that_would_be_long_names_only_what_changed(hr: Endpoint) -> None:
    alias = make_alias("team@example.org", "ann@elsewhere.test")
    short = body()["data"]
    assert short["after"]["goto"] == "ann@elsewhere.test"

    edit_alias(alias=alias, changes={"targets": [f"person{n}@elsewhere.test" for n in range(900)]}, actor=system())

    assert body()["data"]["changed"] == ["goto"]
    assert body()["data"].keys() == short.keys() - {"before", "after"}
    assert len(Delivery.objects.latest("id").payload) < PAYLOAD_AT_MOST


def test_every_action_is_an_event_or_was_left_out_on_purpose() -> None:
    left_out = {action.partition(".")[0] for action in ACTIONS if not is_event(action)} - KINDS

    assert left_out <= {"administrator", "factor", "mailhost", "webhook", "token", "template", "import", "bulk"}
    assert ACTIONS.keys() >= QUIET


# -- To whom
def test_only_the_events_and_domains_that_it_wants(example_com: Any) -> None:
    make_endpoint("hr", URL, event_types=["mailbox.create"], domains=["example.com"])

    make_mailbox("joe@example.org")
    joe = make_mailbox("joe@example.com")
    edit_mailbox(mailbox=joe, changes={"name": "Joe"}, actor=system())

    assert told() == [("mailbox.create", "joe@example.com")]


def test_the_end_of_a_domain_is_told_to_who_wanted_it_alone(example_com: Any) -> None:
    make_endpoint("hr", URL, domains=["example.com"])

    delete_domain(domain=example_com, actor=system())
    make_mailbox("joe@example.org")

    assert told() == [("domain.delete", "example.com")]


def test_who_is_switched_off_is_told_nothing(hr: Endpoint) -> None:
    edit_endpoint(endpoint=hr, changes={"active": False}, actor=system())
    make_mailbox("joe@example.org")
    assert told() == []

    edit_endpoint(endpoint=hr, changes={"active": True}, actor=system())
    make_mailbox("ann@example.org")
    assert told() == [("mailbox.create", "ann@example.org")]


def test_what_is_no_event_is_not_told(hr: Endpoint, root: Account) -> None:
    audit.record("mailbox.rehash", actor=system(), target=make_mailbox("joe@example.org"), before={}, after={"a": 1})
    edit_endpoint(endpoint=hr, changes={"description": "Personnel"}, actor=system())

    assert told() == [("mailbox.create", "joe@example.org")]


# -- When
def test_a_change_that_is_taken_back_leaves_nothing(hr: Endpoint) -> None:
    with transaction.atomic():
        make_mailbox("joe@example.org")
        assert told() == [("mailbox.create", "joe@example.org")]
        transaction.set_rollback(True)
    assert told() == []

    with transaction.atomic():
        make_mailbox("joe@example.org")
    assert told() == [("mailbox.create", "joe@example.org")]


def test_a_dry_run_tells_nobody(hr: Endpoint) -> None:
    rehearse(lambda: make_mailbox("joe@example.org"))

    assert told() == []


def test_it_is_announced_once_on_commit(hr: Endpoint, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        make_mailbox("joe@example.org")
        make_mailbox("ann@example.org")

    messages = [message for each in callbacks if (message := getattr(each, "message", None))]
    announced = [message for message in messages if message[0] == "mailadmin.webhooks.tasks.deliver"]
    assert announced == [("mailadmin.webhooks.tasks.deliver", (str(hr.pk),), "mailadmin")]


# -- What it costs
def queries_about_webhooks(act: Any) -> list[str]:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        act()
    return [query["sql"].split()[0] for query in captured.captured_queries if "mailadmin_webhook" in query["sql"]]


@pytest.mark.django_db(transaction=True)
def test_with_nobody_to_tell_a_transaction_asks_once() -> None:
    make_domain("example.org")

    def three() -> None:
        for name in ("joe", "ann", "bob"):
            make_mailbox(f"{name}@example.org")

    assert queries_about_webhooks(three) == ["SELECT"]


@pytest.mark.django_db(transaction=True)
def test_with_somebody_to_tell_each_change_is_one_insert_more() -> None:
    make_domain("example.org")
    for name in ("hr", "audit", "chat"):
        make_endpoint(name, URL)

    def one() -> None:
        make_mailbox("joe@example.org")

    def many() -> None:
        rows = [Mailbox.objects.get(pk="joe@example.org")] * 10
        audit.record_creations("mailbox.create", rows, actor=Actor.of_command(), domain_name="example.org")

    assert queries_about_webhooks(one) == ["SELECT", "INSERT"]
    assert queries_about_webhooks(many) == ["SELECT", "INSERT"]
    assert Delivery.objects.count() == 3 * 11


def test_an_endpoint_made_in_the_same_transaction_is_told_of_what_follows(example_org: Any) -> None:
    make_mailbox("joe@example.org")
    make_endpoint("hr", URL)
    make_mailbox("ann@example.org")

    assert told() == [("mailbox.create", "ann@example.org")]
