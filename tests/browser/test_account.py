"""The portal's own pages in a browser, with and without JavaScript: a first sign-in, a new password, the sessions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from selenium.webdriver import Chrome

from tests.servers.gunicorn import Gunicorn
from tests.servers.project import PASSWORD

from .person import Person

NEW_PASSWORD = "blue lamp under seven trees"
_numbers = count(1)


@pytest.fixture(scope="module")
def domain(site: Gunicorn) -> str:
    site.project.manage("domain", "add", "portal.example", "--password-expiry-days", "90")
    return "portal.example"


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def joe(request: pytest.FixtureRequest, browser: Chrome, site: Gunicorn, domain: str) -> Iterator[Person]:
    """A mailbox user, not signed in yet: `joe.address`."""
    address = f"joe{next(_numbers)}@{domain}"
    site.project.manage("mailbox", "add", address, "--password-stdin", text=PASSWORD)
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    disabled = {"value": request.param == "without JavaScript"}
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", disabled)
    person = Person(browser, site.url)
    person.address = address  # type: ignore[attr-defined]  # of this file's tests
    browser.get_log("browser")
    yield person
    assert person.complaints == []
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_first_sign_in_leads_to_a_password_of_ones_own(joe: Person, site: Gunicorn) -> None:
    site.project.manage("mailbox", "edit", joe.address, "--must-change")  # type: ignore[attr-defined]

    joe.sign_in(joe.address)  # type: ignore[attr-defined]
    assert joe.path == "/account/password/?next=%2Faccount%2F"
    assert "Choose one that nobody but you knows." in joe.text

    joe.open("/account/forwarding/")
    assert joe.path == "/account/password/?next=%2Faccount%2Fforwarding%2F"

    joe.fill(current=PASSWORD, new="Portal-2026!", again="Portal-2026!")
    joe.press("Change password")
    assert "made of a name, an address or a word of this server" in joe.text

    joe.fill(current=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD)
    joe.press("Change password")
    assert joe.path == "/account/forwarding/"
    assert joe.told == ["Your password is changed. You are signed out everywhere else."]


def test_a_session_elsewhere_is_ended_from_here(joe: Person) -> None:
    browser, address = joe.browser, joe.address  # type: ignore[attr-defined]
    joe.sign_in(address)
    elsewhere = browser.get_cookie("sessionid")
    assert elsewhere is not None
    browser.delete_all_cookies()
    joe.sign_in(address)
    here = browser.get_cookie("sessionid")
    assert here is not None

    joe.open("/account/security/")
    assert "2 browsers are signed in." in joe.text
    joe.open("/account/sessions/")
    assert joe.text.count("Chrome on Linux") == 2
    joe.press("End")

    assert joe.told == ["The session is ended: Chrome on Linux."]
    assert joe.text.count("127.0.0.1") == 1
    browser.delete_all_cookies()
    browser.add_cookie(elsewhere)
    joe.open("/account/")
    assert joe.path == "/sign-in/?next=/account/"
    browser.add_cookie(here)
    joe.open("/account/")
    assert joe.path == "/account/"


def test_a_sensitive_page_asks_for_the_password_again_and_leads_back(joe: Person, site: Gunicorn) -> None:
    joe.sign_in(joe.address)  # type: ignore[attr-defined]
    later = (
        "import time; from mailadmin.accounts.models import Session; from mailadmin.accounts.sessions import *\n"
        "for row in Session.objects.all():\n"
        "    data = row.get_decoded(); data[AUTHENTICATED_AT] = int(time.time()) - 901\n"
        "    Session.objects.filter(pk=row.pk).update(session_data=Session.objects.encode(data))"
    )
    site.project.manage("shell", "-c", later)

    joe.open("/account/recovery/")
    assert joe.path == "/account/confirm/?next=%2Faccount%2Frecovery%2F"
    joe.fill(password="guessed wrongly")
    joe.press("Continue")
    assert "This is not your password." in joe.text
    joe.fill(password=PASSWORD)
    joe.press("Continue")

    assert joe.path == "/account/recovery/"


def test_the_home_says_how_the_mailbox_is(joe: Person, site: Gunicorn) -> None:
    address = joe.address  # type: ignore[attr-defined]
    site.project.manage("mailbox", "edit", address, "--quota-bytes", str(2 * 1024 * 1_024_000))

    joe.sign_in(address)

    assert joe.path == "/account/"
    for told in ("0 MB / 2 GB", "Incoming mail (IMAP)", "127.0.0.1", "Space: 2 GB", "by the server's administration"):
        assert told in joe.text.replace("\xa0", " ")
