from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from domains.models import Domain
from mailadmin.api.authentication import find_token
from mailadmin.api.models import Token
from mailadmin.audit.models import Entry

pytestmark = pytest.mark.django_db
HR = ("add", "hr", "--scope=mailboxes:create", "--domain=example.org")


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("token", *arguments, stdout=out)
    return out.getvalue()


def told(*arguments: str) -> Any:
    return json.loads(said(*arguments, "--json"))


def test_add_prints_the_token_alone(example_org: Domain) -> None:
    printed = said(*HR)

    token = Token.objects.get()
    assert (printed, find_token(printed.strip())) == (f"{printed.strip()}\n", token)
    assert (token.scopes, list(token.domain_names()), token.every_domain) == (
        ["mailboxes:create"],
        ["example.org"],
        False,
    )


def test_no_other_verb_shows_it(example_org: Domain) -> None:
    secret = told(*HR)["token"]

    outputs = [said(*verb) + said(*verb, "--json") for verb in [("list",), ("show", "hr"), ("edit", "hr", "--active")]]
    token = Token.objects.get()
    assert ["mailboxes:create" in output for output in outputs] == [True] * 3
    assert not [each for each in (secret, token.digest) if each in "".join(outputs)]


def test_edit_changes_what_is_given(example_org: Domain) -> None:
    said(*HR, "--network=192.0.2.0/24", "--expires-at=2999-01-31T18:00:00+01:00")

    edited = told("edit", "hr", "--name=personnel", "--every-domain", "--every-network", "--no-expiry", "--no-active")

    wanted = {"name": "personnel", "domains": None, "networks": [], "expires_at": None, "active": False}
    assert {name: edited[name] for name in wanted} == wanted
    assert edited["scopes"] == ["mailboxes:create"]


def test_rotate_prints_another_and_keeps_the_former_for_a_while(example_org: Domain) -> None:
    former = said(*HR).strip()

    present = said("rotate", "hr", "--former-hours=2").strip()

    assert find_token(former) == find_token(present) == Token.objects.get()
    until = Token.objects.get().former_until
    assert until is not None
    assert timedelta(hours=1) < until - timezone.now() <= timedelta(hours=2)


def test_delete(example_org: Domain) -> None:
    said(*HR)

    assert said("delete", "hr") == "deleted hr\n"
    assert not Token.objects.exists()


def test_a_rehearsal_writes_nothing(example_org: Domain) -> None:
    changes = told(*HR, "--dry-run")["changes"]

    assert [change["action"] for change in changes] == ["token.create"]
    assert not Token.objects.exists()
    assert not Entry.objects.filter(action="token.create").exists()


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("--scope=mailboxes:eat", "scopes: There is no scope “mailboxes:eat”."),
        ("--domain=example.net", "domains: There is no domain example.net."),
        ("--network=192.0.2.1/24", "networks: 192.0.2.1/24 is no network such as 192.0.2.0/24."),
        ("--requests-per-minute=0", "requests_per_minute: From 1 to 1000000."),
        ("--expires-at=2001-01-01", "expires_at: This time is past."),
    ],
)
def test_what_is_wrong_is_refused(example_org: Domain, argument: str, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        said(*HR, argument)

    assert str(refused.value) == says
    assert not Token.objects.exists()
