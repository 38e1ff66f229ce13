"""Every page of the permission table, and every form refused, against WCAG 2.2 AA: light and dark, desk and phone."""

from __future__ import annotations

import pytest
from django.test import Client
from selenium.webdriver import Chrome
from selenium.webdriver.support.expected_conditions import title_is
from selenium.webdriver.support.ui import WebDriverWait

from tests.test_permissions import TABLE

from .axe import set_look, violations, violations_in_every_look
from .every_page import EVERYBODY, Visit, urls_for

pytestmark = pytest.mark.django_db(transaction=True)
COVERED = "because it is partially obscured"
# What is sent empty must be refused: a form of which nothing is required would be saved, and shows no error.
SEND_EMPTY = """
const typed = ["input:not([type=hidden], [type=checkbox], [type=radio])", "textarea"];
const form = document.querySelector("main form[method=post]");
if (!form || !form.querySelector(typed.map((each) => `${each}:required`).join())) return false;
form.noValidate = true;
form.querySelectorAll(typed.join()).forEach((field) => { field.value = ""; });
form.requestSubmit();
return true;
"""


def report(found: dict[str, dict[str, list[str]]]) -> str:
    lines = [f"{page} ({', '.join(at)}) {text}" for page, broken in found.items() for text, at in broken.items()]
    return "\n".join(lines)


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_page_breaks_a_rule(
    who: str, people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    found, elsewhere = {}, {}
    for name, url in urls_for(who, people[who], things).items():
        visit(people[who], url)
        if not browser.current_url.endswith(url):
            elsewhere[name] = browser.current_url
        found[name] = violations_in_every_look(browser)
    broken = report(found)
    assert not broken, broken
    assert elsewhere == {}


@pytest.mark.parametrize("who", EVERYBODY)
def test_no_refused_form_breaks_a_rule(
    who: str, people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    found, unrefused = {}, []
    for name, url in urls_for(who, people[who], things).items():
        if "POST" not in TABLE[name].methods:
            continue
        visit(people[who], url)
        if not browser.execute_script(SEND_EMPTY):
            continue
        if not browser.execute_script("return !!document.querySelector('main [aria-invalid=true]')"):
            unrefused.append(name)
        found[name] = violations_in_every_look(browser)
    broken = report(found)
    assert not broken, broken
    assert unrefused == []


@pytest.mark.parametrize(
    ("who", "path", "title"),
    [("root", "/nothing-here/", "Not found · mailadmin"), ("charlie", "/domains/", "Not allowed · mailadmin")],
)
def test_no_error_page_breaks_a_rule(
    who: str, path: str, title: str, people: dict[str, Client], browser: Chrome, visit: Visit
) -> None:
    visit(people[who], path)
    assert browser.title == title
    assert violations_in_every_look(browser) == {}


def test_the_page_of_a_form_that_was_open_too_long_breaks_no_rule(
    people: dict[str, Client], browser: Chrome, visit: Visit
) -> None:
    visit(people["root"], "/domains/add/")
    browser.delete_cookie("csrftoken")
    browser.execute_script("document.querySelector('main form').noValidate = true")
    browser.find_element("css selector", "main .btn-primary").click()
    WebDriverWait(browser, 20, poll_frequency=0.05).until(title_is("Please send the form again · mailadmin"))
    assert violations_in_every_look(browser) == {}


def test_no_open_menu_breaks_a_rule(
    people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    """Of the account, of a row, of what is to be done with chosen rows; and the navigation on a phone."""
    visit(people["root"], "/mailboxes/")
    found = {}
    for selector in (".topbar .account", "table .menu summary", "[data-check-all]"):
        browser.find_element("css selector", selector).click()
        found[selector] = violations_in_every_look(browser)
        set_look(browser, 1280, "light")
    for scheme in ("light", "dark"):
        visit(people["root"], "/mailboxes/")
        set_look(browser, 390, scheme)
        browser.find_element("css selector", ".topbar [popovertarget=menu]").click()
        found[f"navigation {scheme}"] = {text: [scheme] for text in violations(browser)}
    # What lies below an open menu is reached by closing it.
    found = {state: {text: at for text, at in each.items() if COVERED not in text} for state, each in found.items()}
    broken = report(found)
    assert not broken, broken


def later(browser: Chrome, minutes: int) -> None:
    """The browser's clock is set forward, as after a sleep."""
    browser.execute_script("const now = Date.now(); Date.now = () => now + arguments[0] * 60000;", minutes)
    browser.execute_script("document.dispatchEvent(new Event('visibilitychange'))")


def test_the_end_of_the_session_is_told_and_can_be_put_off(
    people: dict[str, Client], browser: Chrome, visit: Visit
) -> None:
    visit(people["charlie"], "/account/password/")
    box = browser.find_element("id", "session-end")
    assert (box.aria_role, box.text) == ("alert", "")

    later(browser, 55)
    assert "you are signed out in a few minutes" in box.text
    assert violations_in_every_look(browser) == {}
    box.find_element("css selector", "button").click()
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _browser: box.text == "")
    later(browser, 55)
    assert "you are signed out in a few minutes" in box.text

    people["charlie"].session.flush()  # ended elsewhere
    box.find_element("css selector", "button").click()
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _browser: "You are signed out." in box.text)
    assert violations_in_every_look(browser) == {}
    box.find_element("link text", "Sign in again").click()
    WebDriverWait(browser, 10, poll_frequency=0.05).until(title_is("Sign in · mailadmin"))
