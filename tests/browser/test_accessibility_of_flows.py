"""The pages that no address leads to straight away: what a form answers with, the second step, a link from a letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from selenium.webdriver import Chrome
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from mailadmin.accounts.models import Account
from mailadmin.letters.links import make_link
from mailadmin.letters.models import Purpose
from tests.factories import PASSWORD

from .axe import violations_in_every_look
from .every_page import Visit
from .person import is_gone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("things")]
Check = Callable[[str], None]


@pytest.fixture
def check(browser: Chrome) -> Check:
    """`check(heading)`: the page is the one that is meant, and breaks no rule."""

    def check(heading: str) -> None:
        assert browser.find_element("css selector", "h1").text.split("\n")[0] == heading
        assert violations_in_every_look(browser) == {}

    return check


def fill(browser: Chrome, **fields: str) -> None:
    for name, text in fields.items():
        field = browser.find_element("css selector", f"main [name={name}]:not([type=hidden])")
        field.clear()
        field.send_keys(text)


def press(browser: Chrome, label: str) -> None:
    paths = [f"//main//{kind}[normalize-space()='{label}']" for kind in ("button", "a")]
    follow(browser, browser.find_element("xpath", " | ".join([*paths, f"//main//input[@value='{label}']"])))


def follow(browser: Chrome, element: WebElement) -> None:
    page = browser.find_element("tag name", "html")
    element.click()
    WebDriverWait(browser, 20, poll_frequency=0.05).until(lambda _browser: is_gone(page))


def test_the_second_step(people: dict[str, Client], browser: Chrome, visit: Visit, check: Check) -> None:
    visit(people["anonymous"], "/sign-in/")
    fill(browser, identifier="charlie@example.org", password=PASSWORD)
    press(browser, "Sign in")
    check("Second step")
    fill(browser, code="000000")
    press(browser, "Continue")
    check("Second step")
    assert browser.title == "Error: Second step · mailadmin"
    press(browser, "Use a recovery code")
    check("Second step")


def test_the_sign_in_refused(people: dict[str, Client], browser: Chrome, visit: Visit, check: Check) -> None:
    visit(people["anonymous"], "/sign-in/")
    fill(browser, identifier="charlie@example.org", password="wrong")
    press(browser, "Sign in")
    check("Sign in")
    refusal = browser.switch_to.active_element
    assert (refusal.aria_role, browser.title) == ("alert", "Error: Sign in · mailadmin")


def test_a_forgotten_password(
    people: dict[str, Client], browser: Chrome, visit: Visit, check: Check, settings: Any
) -> None:
    settings.SITE_URL = "http://127.0.0.1"
    visit(people["anonymous"], "/forgotten/")
    check("Forgotten password")
    fill(browser, identifier="charlie@example.org")
    press(browser, "Send a link")
    check("Look into your other mailbox")


def test_a_link_to_set_a_password(
    people: dict[str, Client], charlie: Account, browser: Chrome, visit: Visit, check: Check
) -> None:
    _link, url = make_link(
        account=charlie, purpose=Purpose.SET_UP, sent_to="charlie@elsewhere.example", lifetime=timedelta(hours=1)
    )
    visit(people["anonymous"], url)
    heading = browser.find_element("css selector", "h1").text
    check(heading)
    fields = browser.find_elements("css selector", "main [type=password]")
    assert [field.get_attribute("autocomplete") for field in fields] == ["new-password", "new-password"]
    fields[0].send_keys("short")
    fields[1].send_keys("shorter")
    follow(browser, browser.find_element("css selector", "main .btn-primary"))
    check(heading)
    assert browser.title == f"Error: {heading} · mailadmin"


def test_the_preview_of_a_vacation_reply(
    people: dict[str, Client], browser: Chrome, visit: Visit, check: Check
) -> None:
    visit(people["charlie"], "/account/vacation/")
    fill(browser, subject="Away", body="Until Monday.")
    press(browser, "Preview")
    check("Vacation reply")
    assert "Until Monday." in browser.find_element("id", "preview").text


def test_a_new_app_password(people: dict[str, Client], browser: Chrome, visit: Visit, check: Check) -> None:
    visit(people["charlie"], "/account/app-passwords/add/")
    fill(browser, name="Tablet")
    press(browser, "Make the app password")
    check("Your app password for “Tablet”")


def test_new_recovery_codes(people: dict[str, Client], browser: Chrome, visit: Visit, check: Check) -> None:
    visit(people["charlie"], "/account/second-factor/recovery-codes/")
    follow(browser, browser.find_element("css selector", "main .btn-danger, main .btn-primary"))
    check("Your recovery codes")


def test_a_password_that_must_be_changed(
    people: dict[str, Client], charlie: Account, browser: Chrome, visit: Visit, check: Check
) -> None:
    Account.objects.filter(pk=charlie.pk).update(password_change_required=True)
    visit(people["charlie"], "/account/vacation/")
    check("Choose a new password")


def test_what_is_asked_of_several_rows(people: dict[str, Client], browser: Chrome, visit: Visit, check: Check) -> None:
    visit(people["root"], "/mailboxes/")
    browser.find_element("css selector", "[data-check-all]").click()
    follow(browser, browser.find_element("xpath", "//*[@class='bulk']//button[normalize-space()='Delete']"))
    check("Delete 4 mailboxes?")


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/mailboxes/?q=nobody", "Mailboxes"),
        ("/search/?q=joe", "Search: joe"),
        ("/search/?q=nobody", "Search: nobody"),
        ("/mailhost/trace/?address=team@example.org", "Trace an address"),
        ("/mailhost/trace/?address=no+address", "Trace an address"),
        ("/audit/?domain=example.org", "Audit"),
    ],
)
def test_a_list_narrowed(
    path: str, heading: str, people: dict[str, Client], browser: Chrome, visit: Visit, check: Check
) -> None:
    visit(people["root"], path)
    check(heading)
