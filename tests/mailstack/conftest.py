from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.mailstack.stack import Stack
from tests.plugin import own_directory
from tests.servers.mariadb import MariaDB

_numbers = count(1)


@contextmanager
def running_stack(mariadb: MariaDB, database_url: str, *, seed: bool) -> Iterator[Stack]:
    stack = Stack(own_directory() / f"stack{next(_numbers)}", mariadb, database_url, seed=seed)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def stack(mariadb: MariaDB, new_database: Callable[[], str]) -> Iterator[Stack]:
    """On lookup tables of lmdb and our own configuration."""
    with running_stack(mariadb, new_database(), seed=False) as stack:
        yield stack


@pytest.fixture(scope="module", params=["lmdb", "seed"])
def either_stack(request: pytest.FixtureRequest, mariadb: MariaDB, new_database: Callable[[], str]) -> Iterator[Stack]:
    """Once on lmdb tables, and once on the seed's own queries."""
    with running_stack(mariadb, new_database(), seed=request.param == "seed") as stack:
        yield stack
