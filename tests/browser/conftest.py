from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from tests.servers.gunicorn import Gunicorn

from .person import Person


@pytest.fixture
def person(browser: Chrome, site: Gunicorn) -> Iterator[Person]:
    """The superadmin, signed in."""
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    person = Person(browser, site.url)
    person.sign_in()
    browser.get_log("browser")
    yield person
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.fixture
def plain_person(person: Person) -> Person:
    """The same, with JavaScript switched off."""
    person.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    person.open("/")
    return person
