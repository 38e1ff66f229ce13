"""What may be registered, and by whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.revisions import revision
from mailadmin.sealing import unseal
from mailadmin.webhooks import services, signing
from mailadmin.webhooks.models import Delivery, Endpoint
from tests.factories import actor_of, make_domain, system
from tests.refusals import nothing_written, refused

from .conftest import make_endpoint

pytestmark = pytest.mark.django_db
URL = "https://hr.elsewhere.test/events"


def create(**overrides: Any) -> tuple[Endpoint, str]:
    return services.create_endpoint(**{"name": "hr", "url": URL, "actor": system(), **overrides})


def test_it_is_stored_as_it_is_compared_and_its_secret_sealed(example_org: Any) -> None:
    endpoint, secret = create(
        url="https://HR.Elsewhere.test:8443/a?b=c",
        description="Personnel",
        event_types=["mailbox.edit", "mailbox.create", "mailbox.edit"],
        domains=["EXAMPLE.org"],
    )

    row = Endpoint.objects.get()
    assert (row.url, row.description) == ("https://hr.elsewhere.test:8443/a?b=c", "Personnel")
    assert (row.event_types, row.domains) == (["mailbox.create", "mailbox.edit"], ["example.org"])
    assert secret.startswith("whsec_")
    assert secret not in str(list(Endpoint.objects.values_list()))
    assert unseal(row.secret, purpose=signing._PURPOSE) == secret
    assert endpoint == row


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hr.elsewhere.test/", "url_not_https"),
        ("ftp://hr.elsewhere.test/", "url_not_https"),
        ("//hr.elsewhere.test/", "url_not_https"),
        ("hr.elsewhere.test", "url_not_https"),
        ("https://", "url_not_https"),
        ("", "url_not_https"),
        ("https://joe:secret@hr.elsewhere.test/", "url_credentials"),
        ("https://joe@hr.elsewhere.test/", "url_credentials"),
        ("https://hr.elsewhere.test/#a", "url_invalid"),
        ("https://hr.elsewhere.test:0/", "url_invalid"),
        ("https://hr.elsewhere.test:99999/", "url_invalid"),
        ("https://hr.elsewhere.test/a b", "url_invalid"),
        ("https://hr.elsewhere.test/\r\nHost: x", "url_invalid"),
        ("https://[::1/", "url_invalid"),
        ("https://127.0.0.1/", "url_network"),
        ("https://10.1.2.3:8443/", "url_network"),
        ("https://[::ffff:10.1.2.3]/", "url_network"),
        ("https://169.254.169.254/latest/meta-data/", "url_network"),
        ("https://hr.elsewhere.test/" + "a" * 500, "url_long"),
    ],
)
def test_a_wrong_url_is_refused(url: str, code: str) -> None:
    with nothing_written(), refused(code, "url"):
        create(url=url)


@pytest.mark.parametrize("name", ["", "HR", "h r", "-hr", "hr-", "h/r", "hr\n", "é", "a" * 65])
def test_a_wrong_name_is_refused(name: str) -> None:
    with nothing_written(), refused("name_invalid", "name"):
        create(name=name)


@pytest.mark.parametrize("name", ["h", "hr", "hr-2", "2", "a" * 64])
def test_a_good_name_is_taken(name: str) -> None:
    assert create(name=name)[0].name == name


def test_a_name_is_taken_once(example_org: Any) -> None:
    create()
    other = make_endpoint("other", URL)

    with nothing_written(), refused("webhook_exists", "name"):
        create()
    with nothing_written(), refused("webhook_exists", "name"):
        services.edit_endpoint(endpoint=other, changes={"name": "hr"}, actor=system())


def test_an_unknown_event_or_domain_is_refused(example_org: Any) -> None:
    with nothing_written(), refused("event_unknown", "event_types"):
        create(event_types=["mailbox.create", "webhook.create"])
    with nothing_written(), refused("domain_unknown", "domains"):
        create(domains=["example.org", "example.test"])


def test_a_domain_that_is_deleted_since_may_stay(example_org: Any) -> None:
    endpoint = make_endpoint("hr", URL, domains=["example.org"])
    example_org.delete()

    changed = services.edit_endpoint(
        endpoint=endpoint, changes={"description": "x", "domains": ["example.org"]}, actor=system()
    )

    assert changed.domains == ["example.org"]


def test_the_audit_tells_of_it_without_the_secrets(example_org: Any) -> None:
    endpoint, secret = create()
    services.rotate_secret(endpoint=endpoint, actor=system())
    services.edit_endpoint(endpoint=endpoint, changes={"active": False}, actor=system())
    services.delete_endpoint(endpoint=endpoint, actor=system())

    entries = list(Entry.objects.filter(object_type="endpoint").order_by("id"))
    assert [(entry.action, entry.object_key) for entry in entries] == [
        ("webhook.create", "hr"),
        ("webhook.rotate", "hr"),
        ("webhook.edit", "hr"),
        ("webhook.delete", "hr"),
    ]
    assert entries[2].after == {"active": False}
    told = [
        entry.before.get(name) or entry.after.get(name) for entry in entries for name in ("secret", "former_secret")
    ]
    assert all(text.startswith("•••") for text in told if text)
    assert any(told)
    assert secret not in str([(entry.before, entry.after) for entry in entries])


def test_the_same_again_changes_nothing(example_org: Any) -> None:
    endpoint = make_endpoint("hr", URL, event_types=["mailbox.create"])

    with nothing_written():
        services.edit_endpoint(
            endpoint=endpoint, changes={"url": URL, "event_types": ["mailbox.create"]}, actor=system()
        )


def test_a_form_that_another_one_has_overtaken_is_refused_and_a_try_overtakes_none(example_org: Any) -> None:
    endpoint = make_endpoint("hr", URL)
    shown = revision(endpoint)
    Endpoint.objects.update(failures=3, rests_until=timezone.now())

    services.edit_endpoint(endpoint=endpoint, changes={"description": "x"}, expected_revision=shown, actor=system())
    with nothing_written(), refused("stale"):
        services.edit_endpoint(endpoint=endpoint, changes={"description": "y"}, expected_revision=shown, actor=system())


def test_what_is_off_is_sent_nothing(example_org: Any) -> None:
    endpoint = make_endpoint("hr", URL)
    delivery = services.ping_endpoint(endpoint=endpoint, actor=system())
    services.edit_endpoint(endpoint=endpoint, changes={"active": False}, actor=system())

    with nothing_written(), refused("webhook_off", "active"):
        services.ping_endpoint(endpoint=endpoint, actor=system())
    with nothing_written(), refused("webhook_off", "active"):
        services.redeliver(delivery=delivery, actor=system())


def test_only_superadmins_may(alice: Account) -> None:
    make_domain("example.com")
    endpoint = make_endpoint("hr", URL)
    delivery = services.ping_endpoint(endpoint=endpoint, actor=system())
    actor: Actor = actor_of(alice)

    for act in (
        lambda: create(name="other", actor=actor),
        lambda: services.edit_endpoint(endpoint=endpoint, changes={"description": "x"}, actor=actor),
        lambda: services.rotate_secret(endpoint=endpoint, actor=actor),
        lambda: services.delete_endpoint(endpoint=endpoint, actor=actor),
        lambda: services.ping_endpoint(endpoint=endpoint, actor=actor),
        lambda: services.redeliver(delivery=delivery, actor=actor),
    ):
        with nothing_written(), pytest.raises(PermissionDenied):
            act()
    assert list(Endpoint.objects.visible_to(actor)) == []
    assert Delivery.objects.count() == 1
