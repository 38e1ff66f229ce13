from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from selenium.webdriver import Chrome

from mailadmin.accounts.models import Account
from mailadmin.accounts.sessions import mark_authenticated
from tests.servers.gunicorn import Gunicorn
from tests.servers.process import LOOPBACK

from .axe import clear_look
from .every_page import Visit, visit_with
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


@pytest.fixture
def people(
    signed_in: Callable[[Account], Client], root: Account, alice: Account, charlie: Account
) -> dict[str, Client]:
    """Their sessions, which know that the password was asked for just now."""
    clients = {"root": signed_in(root), "alice": signed_in(alice), "charlie": signed_in(charlie)}
    for client in clients.values():
        session = client.session
        mark_authenticated(session)
        session.save()
    return {"anonymous": Client(), **clients}


@pytest.fixture
def visit(browser: Chrome, live_server: LiveServer) -> Iterator[Visit]:
    yield visit_with(browser, live_server.url.replace("localhost", LOOPBACK))  # the browser knows no other name
    clear_look(browser)
