from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from domains.models import Domain
from mailadmin.accounts.models import Account


@pytest.fixture
def domain(example_org: Domain) -> Domain:
    return example_org


@pytest.fixture
def other_domain(example_com: Domain) -> Domain:
    return example_com


@pytest.fixture
def root_client(signed_in: Callable[[Account], Client], root: Account) -> Client:
    return signed_in(root)


@pytest.fixture
def alice_client(signed_in: Callable[[Account], Client], alice: Account) -> Client:
    return signed_in(alice)


@pytest.fixture
def bob_client(signed_in: Callable[[Account], Client], bob: Account) -> Client:
    return signed_in(bob)
