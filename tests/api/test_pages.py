from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.api.authentication import find_token
from mailadmin.api.models import Token
from mailadmin.api.services import create_token
from tests.factories import system

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(signed_in: Callable[[Account], Client], root: Account) -> Client:
    return signed_in(root)


def _payload(**overrides: Any) -> dict[str, Any]:
    payload = {"name": "hr", "scopes": ["mailboxes:create"], "reach": "some", "domains": "example.org\nExample.com"}
    return {**payload, "requests_per_minute": 60, "active": "on", **overrides}


def secret_in(answer: Any) -> str:
    [secret] = re.findall(r"mla_[\w-]{43}", answer.content.decode())
    return str(secret)


def test_a_new_token_is_shown_once(client: Client, example_org: Domain, example_com: Domain) -> None:
    made = client.post(reverse("tokens:add"), _payload())

    token = Token.objects.get()
    assert (made.status_code, find_token(secret_in(made))) == (200, token)
    assert list(token.domain_names().order_by("domain_id")) == ["example.com", "example.org"]
    for name in ("list", "detail", "edit"):
        shown = client.get(reverse(f"tokens:{name}", args=[token.pk] if name != "list" else []))
        assert (shown.status_code, "mla_" in shown.content.decode()) == (200, False)
    assert "mla_" not in str(dict(client.session))


def test_what_is_wrong_stands_at_its_field(client: Client) -> None:
    answer = client.post(reverse("tokens:add"), _payload(domains="example.net", networks="x"))

    assert answer.context["form"].errors.keys() & {"domains", "networks"}
    assert not Token.objects.exists()


def test_edited_and_replaced_and_deleted(client: Client, example_org: Domain) -> None:
    token, _former = create_token(name="hr", scopes=["all"], domains=["example.org"], actor=system())
    revision = client.get(reverse("tokens:edit", args=[token.pk])).context["form"]["revision"].value()

    client.post(reverse("tokens:edit", args=[token.pk]), _payload(reach="every", domains="", revision=revision))
    assert Token.objects.get().every_domain
    made = client.post(reverse("tokens:rotate", args=[token.pk]), {"former_hours": 0})
    assert Token.objects.get(digest=find_token(secret_in(made)).digest).former_digest is None
    client.post(reverse("tokens:delete", args=[token.pk]))
    assert not Token.objects.exists()


def test_a_token_whose_domains_are_gone_is_not_opened_to_all_by_saving_it(client: Client, example_org: Domain) -> None:
    token, _secret = create_token(name="hr", scopes=["all"], domains=["example.org"], actor=system())
    token.domains.all().delete()

    form = client.get(reverse("tokens:edit", args=[token.pk])).context["form"]
    assert form["reach"].value() == "some"
    client.post(reverse("tokens:edit", args=[token.pk]), _payload(domains="", revision=form["revision"].value()))

    assert not Token.objects.get().every_domain


def test_the_reference_is_open_to_everybody(client: Client) -> None:
    for who in (client, Client()):
        page = who.get(reverse("api:docs"))
        assert (page.status_code, b"/api/v1/domains/{name}/" in page.content) == (200, True)
