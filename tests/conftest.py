"""The people of the tests: root may everything, alice administers example.org, bob other.org, charlie reads mail."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from domains.models import Domain
from mailadmin.accounts.models import Account, Role

from .factories import make_administrator, make_domain, make_mailbox, make_superadmin


def pytest_configure() -> None:
    # The manifest is written by collectstatic, which a test does not wait for.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture
def domain(db: None) -> Domain:
    """example.org, which alice administers and charlie's mailbox is in."""
    return make_domain("example.org")


@pytest.fixture
def other_domain(db: None) -> Domain:
    """other.org, which bob administers."""
    return make_domain("other.org")


@pytest.fixture
def root(db: None) -> Account:
    return make_superadmin("root@example.net")


@pytest.fixture
def alice(domain: Domain) -> Account:
    return make_administrator("alice@example.net", domain)


@pytest.fixture
def bob(other_domain: Domain) -> Account:
    return make_administrator("bob@example.net", other_domain)


@pytest.fixture
def charlie(domain: Domain) -> Account:
    return Account.objects.create(mailbox=make_mailbox("charlie@example.org"), role=Role.MAILBOX_USER)


@pytest.fixture
def client_of(db: None) -> Callable[[Account], Client]:
    """A browser in which this account has signed in."""

    def sign_in(account: Account) -> Client:
        client = Client()
        client.force_login(account)
        return client

    return sign_in


@pytest.fixture
def root_client(client_of: Callable[[Account], Client], root: Account) -> Client:
    return client_of(root)


@pytest.fixture
def alice_client(client_of: Callable[[Account], Client], alice: Account) -> Client:
    return client_of(alice)


@pytest.fixture
def bob_client(client_of: Callable[[Account], Client], bob: Account) -> Client:
    return client_of(bob)


@pytest.fixture
def charlie_client(client_of: Callable[[Account], Client], charlie: Account) -> Client:
    return client_of(charlie)
