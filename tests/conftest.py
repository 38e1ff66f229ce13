"""Who and what the tests share: root is superadmin, alice administers example.org, bob example.com, and charlie has
a mailbox in example.org, so may see nothing but his own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from selenium.webdriver import Chrome

from domains.models import Domain
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.sessions import mark_authenticated
from mailboxes.models import Mailbox
from tests import factories
from tests.api.conftest import api  # noqa: F401  # the fixture, for every room's test_api
from tests.plugin import GROUND, own_directory
from tests.servers.chromium import start_chromium
from tests.servers.gunicorn import Gunicorn
from tests.servers.mariadb import MariaDB
from tests.servers.project import Project
from tests.things import make_things

_numbers = count(1)


def pytest_configure() -> None:
    # The pages under unit test need no collected files; those in the browser have them.
    django_settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as a site has it: in memory, two threads do not wait for one another as they do there.
        database.setdefault("TEST", {})["NAME"] = str(own_directory() / "tests.sqlite3")


@pytest.fixture(autouse=True)
def host_directories(tmp_path: Path, settings: Any) -> Path:
    """Each test has its own mail volume (`vmail/`) and lookup tables (`maps/`) below the returned directory."""
    settings.MAIL_VOLUME = tmp_path / "vmail"
    settings.MAPS_DIR = tmp_path / "maps"
    return tmp_path


@pytest.fixture
def example_org(db: None) -> Domain:
    return factories.make_domain("example.org")


@pytest.fixture
def example_com(db: None) -> Domain:
    return factories.make_domain("example.com")


@pytest.fixture
def root(db: None) -> Account:
    return factories.make_superadmin("root@example.net")


@pytest.fixture
def alice(example_org: Domain) -> Account:
    return factories.make_administrator("alice@example.net", example_org)


@pytest.fixture
def bob(example_com: Domain) -> Account:
    return factories.make_administrator("bob@example.net", example_com)


@pytest.fixture
def charlies_mailbox(example_org: Domain) -> Mailbox:
    return factories.make_mailbox("charlie@example.org")


@pytest.fixture
def charlie(charlies_mailbox: Mailbox) -> Account:
    """As the first sign-in makes it."""
    return Account.objects.create(mailbox=charlies_mailbox, role=Role.MAILBOX_USER)


@pytest.fixture
def things(example_org: Domain, alice: Account, bob: Account, charlie: Account, root: Account) -> dict[str, str]:
    return make_things(example_org)


@pytest.fixture
def signed_in() -> Callable[[Account], Client]:
    """`signed_in(alice).get(...)`: just now, with the password."""

    def sign_in(account: Account) -> Client:
        client = Client()
        client.force_login(account)
        session = client.session
        mark_authenticated(session)
        session.save()
        return client

    return sign_in


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
    """A browser that nobody has signed in with, and whose page has the focus: a window that was opened beside it in an
    earlier test takes it away for good."""
    chromium.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    yield chromium
    chromium.get("about:blank")
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
