"""What a token opens, where from, until when, and how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from domains.models import Domain
from domains.services import delete_domain
from mailadmin.accounts.actors import Actor
from mailadmin.api import throttling
from mailadmin.api.models import Token, TokenUse
from mailadmin.api.services import create_token, delete_token, edit_token, rotate_token
from mailadmin.audit.models import Entry
from mailadmin.revisions import revision
from tests.factories import make_domain, system
from tests.refusals import nothing_written, refused

from .conftest import ApiClient

pytestmark = pytest.mark.django_db
URL = "/api/v1/domains/"


def make(**fields: Any) -> tuple[Token, str]:
    return create_token(**{"name": "hr", "scopes": ["all"], "actor": system(), **fields})


def get(secret: str, **extra: Any) -> Any:
    return Client(headers={"Authorization": f"Bearer {secret}"}).get(URL, **extra)


# -- Made and changed
def test_a_token_is_stored_as_a_digest_and_recorded_masked(example_org: Domain) -> None:
    token, secret = make(domains=["Example.ORG"], networks=["192.0.2.7", "2001:DB8::/32"])

    entry = Entry.objects.get(action="token.create")
    assert (token.networks, entry.after["domains"]) == (["192.0.2.7/32", "2001:db8::/32"], ["example.org"])
    assert secret not in str(Token.objects.values().get())
    assert token.digest not in str(entry.after)


def test_a_token_makes_no_other(api: ApiClient) -> None:
    api("all")
    actor = Actor.of_token(Token.objects.get(), "")

    with pytest.raises(PermissionDenied), nothing_written():
        make(name="another", actor=actor)


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"name": " "}, "name", "name_invalid"),
        ({"name": "a\nb"}, "name", "name_invalid"),
        ({"name": "taken"}, "name", "token_exists"),
        ({"scopes": []}, "scopes", "scopes_empty"),
        ({"scopes": ["mailboxes:eat"]}, "scopes", "scope_unknown"),
        ({"domains": []}, "domains", "domains_empty"),
        ({"domains": ["example.net"]}, "domains", "domain_unknown"),
        ({"networks": ["192.0.2.1/24"]}, "networks", "network_invalid"),
        ({"networks": ["everywhere"]}, "networks", "network_invalid"),
        ({"requests_per_minute": 0}, "requests_per_minute", "requests_per_minute_invalid"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expires_at", "expires_past"),
    ],
)
def test_what_is_wrong_is_refused(fields: dict[str, Any], field: str, code: str) -> None:
    make(name="taken")

    with refused(code, field), nothing_written():
        make(**fields)


def test_edit_records_what_differs(example_org: Domain) -> None:
    token, _secret = make()

    edit_token(token=token, changes={"domains": ["example.org"], "active": False}, actor=system())

    entry = Entry.objects.get(action="token.edit")
    assert entry.before == {"active": True, "domains": [], "every_domain": True}
    assert entry.after == {"active": False, "domains": ["example.org"], "every_domain": False}


def test_a_form_that_is_stale_is_refused_and_a_use_makes_none_stale() -> None:
    token, secret = make()
    shown = revision(token)
    get(secret)
    edit_token(token=token, changes={"name": "personnel"}, expected_revision=shown, actor=system())

    with refused("stale"):
        edit_token(token=token, changes={"name": "other"}, expected_revision=shown, actor=system())


def test_a_deleted_token_opens_nothing() -> None:
    token, secret = make()
    delete_token(token=token, actor=system())

    assert get(secret).json()["code"] == "token_invalid"
    assert Entry.objects.filter(action="token.delete", object_key="hr").exists()


def test_a_token_of_a_deleted_domain_is_not_good_for_all() -> None:
    make_domain("example.net")
    _token, secret = make(domains=["example.net"])
    make_domain("example.org")

    delete_domain(domain=Domain.objects.get(pk="example.net"), actor=system())

    assert get(secret).json() == {"results": [], "next": None}


# -- Good or not
def test_rotated_both_are_good_for_a_while() -> None:
    token, former = make()
    _token, present = rotate_token(token=token, former_hours=1, actor=system())
    assert [get(secret).status_code for secret in (former, present)] == [200, 200]

    Token.objects.update(former_until=timezone.now())

    assert [get(secret).status_code for secret in (former, present)] == [401, 200]


def test_rotated_with_no_hours_the_former_ends_now() -> None:
    token, former = make()

    rotate_token(token=token, former_hours=0, actor=system())

    assert get(former).status_code == 401


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"active": False}, 401, "token_invalid"),
        ({"expires_at": timezone.now()}, 401, "token_expired"),
        ({"networks": ["192.0.2.0/24"]}, 403, "network_refused"),
    ],
)
def test_off_expired_or_from_elsewhere(fields: dict[str, Any], status: int, code: str) -> None:
    _token, secret = make()
    Token.objects.update(**fields)

    answer = get(secret)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("WWW-Authenticate" in answer) == (status == 401)


def test_from_its_network_it_is_good() -> None:
    _token, secret = make(networks=["192.0.2.0/24"])

    assert get(secret, REMOTE_ADDR="192.0.2.9").status_code == 200
    assert get(secret, REMOTE_ADDR="::ffff:192.0.2.9").status_code == 200


def test_its_use_is_noted_once_a_minute() -> None:
    _token, secret = make()
    get(secret, REMOTE_ADDR="192.0.2.9")
    first = Token.objects.get()

    get(secret, REMOTE_ADDR="192.0.2.10")

    assert (first.last_used_from, Token.objects.get().last_used_at) == ("192.0.2.9", first.last_used_at)
    Token.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    get(secret, REMOTE_ADDR="192.0.2.10")
    assert Token.objects.get().last_used_from == "192.0.2.10"


# -- How often
def test_over_its_rate_it_is_told_to_wait() -> None:
    _token, secret = make(requests_per_minute=3)

    answers = [get(secret) for _time in range(5)]

    assert [each.status_code for each in answers] == [200, 200, 200, 429, 429]
    assert [each["RateLimit"].split(";")[:2] for each in answers] == [
        ['"token"', f"r={left}"] for left in (2, 1, 0, 0, 0)
    ]
    assert {each["RateLimit-Policy"] for each in answers} == {'"token";q=3;w=60'}
    assert (answers[-1].json()["code"], 1 <= int(answers[-1]["Retry-After"]) <= 61) == ("throttled", True)


def test_after_a_minute_it_may_go_on() -> None:
    token, secret = make(requests_per_minute=1)
    assert [get(secret).status_code for _time in range(2)] == [200, 429]

    TokenUse.objects.update(began_at=timezone.now() - timedelta(minutes=2))
    throttling.forget(token)

    assert get(secret).status_code == 200


def test_processes_share_one_limit() -> None:
    token, secret = make(requests_per_minute=100)
    served = 0
    for _process in range(60):
        throttling.forget(token)  # as another process, that has taken no share yet
        served += get(secret).status_code == 200

    assert served == 50  # each took its share of 2


def test_most_requests_write_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    _token, secret = make()
    get(secret)  # notes the use, takes a share

    with django_assert_num_queries(2):  # the token, the rows
        get(secret)
