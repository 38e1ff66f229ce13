"""What the tests of the second step do in a browser, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import Client

from mailadmin.accounts import services
from mailadmin.accounts.models import Account
from tests.factories import PASSWORD

HOME = "192.0.2.1"
FACTOR, OWN = "/sign-in/factor/", "/account/"


def give_password(client: Client, address: str, **query: str) -> Any:
    return client.post("/sign-in/", {"identifier": address, "password": PASSWORD, **query}, REMOTE_ADDR=HOME)


def give_code(client: Client, code: str, **more: str) -> Any:
    return client.post(FACTOR, {"code": code, **more}, REMOTE_ADDR=HOME)


def give_passkey(client: Client, answer: str) -> Any:
    return client.post(f"{FACTOR}passkey/", {"answer": answer}, REMOTE_ADDR=HOME)


def challenge_of(client: Client) -> str:
    """The page's question to the passkeys."""
    page: Any = client.get(FACTOR)
    return str(json.loads(page.context["passkey_options"])["challenge"])


def refuses(client: Client, answer: str, code: str = "passkey_wrong") -> None:
    response = give_passkey(client, answer)
    assert response.status_code == 200
    assert [error.code for error in response.context["form"].errors.as_data()["answer"]] == [code]
    assert not is_signed_in(client)


def is_signed_in(client: Client) -> bool:
    response: HttpResponse = client.get(OWN)
    return response.status_code == 200


def guess(account: Account, code: str, client_address: str) -> str:
    return outcome(lambda: services.check_code(account=account, code=code, client_address=client_address))


def outcome(act: Callable[[], None]) -> str:
    """'let in', or the code of the refusal."""
    try:
        act()
    except ValidationError as error:
        if hasattr(error, "error_dict"):
            return str(next(iter(error.error_dict.values()))[0].code)
        return str(error.code)
    return "let in"
