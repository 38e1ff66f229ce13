from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from mailadmin.accounts.actors import Actor
from mailadmin.api.services import create_token

ApiClient = Callable[..., Client]  # `api("mailboxes:read", domains=["example.org"])`


@pytest.fixture
def api(db: None) -> ApiClient:
    """A client that signs its requests with a token of these scopes, good for all domains unless some are given."""

    def make(*scopes: str, name: str = "", **limits: Any) -> Client:
        name = name or "-".join(scopes)[:50] + str(len(made))
        token, secret = create_token(name=name, scopes=scopes, **limits, actor=Actor.of_command())
        made.append(token)
        return Client(headers={"Authorization": f"Bearer {secret}"})

    made: list[Any] = []
    return make
