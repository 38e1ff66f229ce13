"""The ground that every test stands on, laid before Django reads its settings: a private MariaDB (SQLite with
`--database=sqlite`) and private directories. Under pytest-xdist the first process owns them, and the others share."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.mariadb import MariaDB

GROUND = "MAILADMIN_TEST_GROUND"  # in the environment: the directory of the whole test run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("mariadb", "sqlite"), default="mariadb", help="run the tests on this")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # A wrapper, because it must come before pytest-django's own hook, which loads the settings.
    if GROUND not in os.environ:
        _lay_ground(early_config.known_args_namespace.database)
    _give_directories(own_directory())
    return (yield)


def own_directory() -> Path:
    """This process's part of the ground."""
    return Path(os.environ[GROUND]) / os.environ.get("PYTEST_XDIST_WORKER", "main")


def _lay_ground(database: str) -> None:
    ground = Path(tempfile.mkdtemp(prefix="mailadmin-tests-"))
    ground.chmod(0o755)  # Postfix and Dovecot read their parts of it as other users
    os.environ[GROUND] = str(ground)
    atexit.register(shutil.rmtree, ground, ignore_errors=True)
    if database == "sqlite":
        os.environ["DATABASE_URL"] = f"sqlite:///{ground}/tests.sqlite3"
        return
    mariadb = MariaDB(ground / "mariadb")
    atexit.register(mariadb.stop)
    mariadb.start()
    os.environ["DATABASE_URL"] = mariadb.url("mailadmin")


def _give_directories(directory: Path) -> None:
    """One set for each process of the test run. The settings of whoever runs the tests do not count."""
    (directory / "var" / "static").mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    for name in (
        "SECRET_KEY_FILE", "DATABASE_URL_FILE", "CELERY_BROKER_URL", "MAIL_CONFIG", "DOVECOT_CONFIG",
        "SITE_URL", "EMAIL_URL", "EMAIL_URL_FILE", "MAIL_FROM",
    ):  # fmt: skip
        os.environ.pop(name, None)
    os.environ.update(
        SECRET_KEY="only for tests, and long enough that no check complains: 0123456789 abcdefghijk",
        VAR_DIR=str(directory / "var"),
        MAIL_VOLUME=str(directory / "vmail"),
        MAPS_DIR=str(directory / "maps"),
        MAPS_TYPE="texthash",
        LOG_LEVEL="WARNING",
    )
