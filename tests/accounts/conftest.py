"""People with a second factor, and the apps and keys that they hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.test import Client

from mailadmin.accounts import passkeys, services, totp
from mailadmin.accounts.models import Account
from mailadmin.accounts.passkeys import RelyingParty
from tests.factories import actor_of

from .authenticator import Authenticator
from .second_step import FACTOR, give_password

PARTY = RelyingParty(host="testserver.test", origin="https://testserver.test")


class App:
    """An authenticator app. Each `code()` is one that was not used yet: the clock of the site runs with it."""

    def __init__(self, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.totp = pyotp.TOTP(secret)
        self.now = time.time()
        self.monkeypatch = monkeypatch

    def wait(self, seconds: float = 30) -> None:
        self.now += seconds
        self.monkeypatch.setattr(totp.time, "time", lambda: self.now)

    def code(self, steps: int = 0) -> str:
        """The present one, or that of some steps later or, below 0, earlier."""
        return self.totp.at(self.now, counter_offset=steps)


@pytest.fixture
def with_app(monkeypatch: pytest.MonkeyPatch) -> Callable[[Account], App]:
    """`with_app(charlie)` sets one up; its next code is good."""

    def add(account: Account) -> App:
        app = App(totp.new_secret(), monkeypatch)
        app.wait(0)
        services.add_totp(account=account, secret=app.totp.secret, code=app.code(), actor=actor_of(account))
        account.refresh_from_db()
        app.wait()
        return app

    return add


@pytest.fixture
def with_passkey() -> Callable[..., Authenticator]:
    """`with_passkey(charlie)` adds one at PARTY."""

    def add(account: Account, name: str = "Key", **options: int | None) -> Authenticator:
        authenticator, challenge = Authenticator(**options), passkeys.new_challenge()
        services.add_passkey(
            account=account,
            name=name,
            answer=authenticator.create(challenge, host=PARTY.host, origin=PARTY.origin),
            challenge=challenge,
            party=PARTY,
            actor=actor_of(account),
        )
        return authenticator

    return add


@pytest.fixture
def at_party(settings: Any) -> None:
    """The site is where the passkeys belong."""
    settings.SITE_URL = PARTY.origin


@pytest.fixture
def waiting(charlie: Account) -> Callable[[], Client]:
    """A browser in which charlie's password was given; call it once the factor is set up."""

    def begin() -> Client:
        client = Client()
        response = give_password(client, charlie.address)
        assert (response.status_code, response["Location"]) == (302, FACTOR)
        return client

    return begin
