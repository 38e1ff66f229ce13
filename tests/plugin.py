"""The ground that every test stands on, laid before Django reads its settings: a private MariaDB (SQLite with
`--database=sqlite`) and private directories. Under pytest-xdist the first process owns them, and the others share.
Also the fixtures of the servers: `mariadb`, `new_database`, `site`, `browser`."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.servers.chromium import start_chromium
from tests.servers.gunicorn import Gunicorn
from tests.servers.mariadb import MariaDB
from tests.servers.project import Project

GROUND = "MAILADMIN_TEST_GROUND"  # in the environment: the directory of the whole test run

_numbers = count(1)


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
    for name in ("SECRET_KEY_FILE", "DATABASE_URL_FILE", "CELERY_BROKER_URL", "MAIL_CONFIG", "DOVECOT_CONFIG"):
        os.environ.pop(name, None)
    os.environ.update(
        SECRET_KEY="only for tests, and long enough that no check complains: 0123456789 abcdefghijk",
        VAR_DIR=str(directory / "var"),
        MAIL_VOLUME=str(directory / "vmail"),
        MAPS_DIR=str(directory / "maps"),
        MAPS_TYPE="texthash",
        LOG_LEVEL="WARNING",
    )


@pytest.fixture(autouse=True)
def host_directories(tmp_path: Path, settings: Any) -> Path:
    """Each test has its own mail volume (`vmail/`) and lookup tables (`maps/`) below the returned directory."""
    settings.MAIL_VOLUME = tmp_path / "vmail"
    settings.MAPS_DIR = tmp_path / "maps"
    return tmp_path


@pytest.fixture(scope="session")
def mariadb() -> MariaDB:
    """The test run's own, beside the database of the unit tests: for servers that need one to themselves."""
    return MariaDB(Path(os.environ[GROUND]) / "mariadb")


@pytest.fixture(scope="session")
def new_database(mariadb: MariaDB) -> Callable[[], str]:
    """Each call gives the DATABASE_URL of an empty database on MariaDB."""
    process = own_directory().name
    return lambda: mariadb.create_database(f"site_{process}_{next(_numbers)}")


@pytest.fixture(scope="session")
def site(new_database: Callable[[], str]) -> Iterator[Gunicorn]:
    """The web process on a database of its own, with a superadmin: `site.url`, `site.project.manage(...)`."""
    project = Project(own_directory() / "site", database_url=new_database())
    project.set_up()
    gunicorn = Gunicorn(project)
    try:
        gunicorn.start()
        yield gunicorn
    finally:
        gunicorn.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    driver = start_chromium(own_directory() / "chromium")
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Chrome) -> Iterator[Chrome]:
    """A browser that nobody has signed in with."""
    yield chromium
    chromium.get("about:blank")
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
