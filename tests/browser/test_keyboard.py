"""The keyboard alone: nothing here touches the mouse, and each thing is found by the name that a screen reader says."""

from __future__ import annotations

import pytest
from django.test import Client
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import title_is
from selenium.webdriver.support.ui import WebDriverWait

from domains.models import Domain
from mailadmin.accounts.models import Account
from tests.factories import PASSWORD, make_alias

from .axe import set_look
from .every_page import EVERYBODY, Visit, urls_for

pytestmark = pytest.mark.django_db(transaction=True)
TABS_AT_MOST = 120
# A field of a date has a stop for the day, the month, the year, the hour, the minute and its calendar.
STEPS = """
const dates = document.querySelectorAll("input[type^=date], input[type=time]").length;
const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary";
return [6 * dates + 1, [...document.querySelectorAll(kinds)].filter((each) => each.tabIndex >= 0 && !each.disabled
  && each.checkVisibility({visibilityProperty: true}) && (each.type !== "radio" || each.checked)).length];
"""
ROWS = "return [...document.querySelectorAll('#list-rows .main > a')].map((each) => each.textContent)"
# Counts each element that comes to have the focus, so that a walk of many steps asks the browser once.
COUNT = """
window.reached = new Set();
document.addEventListener("focusin", (event) => window.reached.add(event.target));
"""


class Keyboard:
    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def press(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()

    @property
    def focused(self) -> WebElement:
        return self.browser.switch_to.active_element

    def tab_to(self, name: str) -> None:
        passed = []
        for _step in range(TABS_AT_MOST):
            self.press(Keys.TAB)
            passed.append(self.focused.accessible_name)
            if passed[-1] == name:
                return
        raise AssertionError(f"{name!r} is not reached on {self.browser.title}, only {passed}")

    def wait_for_title(self, title: str) -> None:
        WebDriverWait(self.browser, 20, poll_frequency=0.05).until(title_is(f"{title} · mailadmin"))


@pytest.fixture
def keyboard(browser: Chrome) -> Keyboard:
    return Keyboard(browser)


def test_signing_in_and_adding_an_alias(
    keyboard: Keyboard, people: dict[str, Client], root: Account, example_org: Domain, browser: Chrome, visit: Visit
) -> None:
    visit(people["anonymous"], "/sign-in/")
    keyboard.press(root.address, Keys.TAB, PASSWORD, Keys.ENTER)
    keyboard.wait_for_title("Overview")

    keyboard.press(Keys.TAB)
    assert keyboard.focused.accessible_name == "Skip to the content"
    keyboard.press(Keys.ENTER, Keys.TAB)
    assert keyboard.focused.accessible_name == "Mailbox"  # the first in the page's own part
    keyboard.press(Keys.TAB, Keys.ENTER)
    keyboard.wait_for_title("Add an alias")

    assert keyboard.focused.accessible_name == "Address"
    keyboard.press("team", Keys.ENTER)
    keyboard.wait_for_title("Error: Add an alias")
    wrong = keyboard.focused
    assert (wrong.accessible_name, wrong.get_attribute("aria-invalid")) == ("Targets*", "true")
    described = [browser.find_element("id", each).text for each in wrong.get_attribute("aria-describedby").split()]  # type: ignore[union-attr]
    assert "This field is required." in described
    keyboard.press("joe@example.net")
    keyboard.tab_to("Add the alias")
    keyboard.press(Keys.SPACE)
    keyboard.wait_for_title("Aliases")
    message = browser.find_element("css selector", ".notes .note")
    assert (message.aria_role, message.text.split(".")[0]) == ("status", "The alias team@example")


def test_the_menu_of_a_row(
    keyboard: Keyboard, people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    visit(people["root"], "/mailboxes/")
    keyboard.tab_to("Actions for charlie@example.org")
    summary = keyboard.focused
    menu = summary.find_element("xpath", "..")
    keyboard.press(Keys.ENTER, Keys.TAB)
    assert keyboard.focused.accessible_name == "Change"
    keyboard.press(Keys.ESCAPE)
    assert (menu.get_attribute("open"), keyboard.focused) == (None, summary)

    keyboard.press(Keys.SPACE)
    keyboard.tab_to("Delete")
    keyboard.press(Keys.TAB)
    assert menu.get_attribute("open") is None  # whoever goes on leaves no menu over the next row
    ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    assert keyboard.focused == summary


def test_the_navigation_on_a_phone(
    keyboard: Keyboard, people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    visit(people["root"], "/")
    set_look(browser, 390, "light")
    navigation = browser.find_element("id", "menu")
    keyboard.tab_to("Menu")
    button = keyboard.focused
    keyboard.press(Keys.ENTER)
    assert navigation.is_displayed()
    keyboard.press(Keys.ESCAPE)
    assert (navigation.is_displayed(), keyboard.focused) == (False, button)
    keyboard.press(Keys.ENTER, Keys.TAB)
    assert keyboard.focused.accessible_name == "Close the menu"
    keyboard.press(Keys.ENTER)
    assert (navigation.is_displayed(), keyboard.focused) == (False, button)
    keyboard.press(Keys.ENTER)
    keyboard.tab_to("Domains")
    keyboard.press(Keys.ENTER)
    keyboard.wait_for_title("Domains")


def test_paging_keeps_the_place_and_tells_how_many(
    keyboard: Keyboard, people: dict[str, Client], example_org: Domain, browser: Chrome, visit: Visit
) -> None:
    for number in range(60):
        make_alias(f"team{number:02}@example.org", "joe@example.net")
    visit(people["root"], "/aliases/?domain=example.org")
    page = browser.find_element("tag name", "html")
    told = browser.find_element("id", "list-said")
    keyboard.tab_to("Next")

    focused = []
    for _page in (2, 3):
        before = browser.execute_script(ROWS)
        keyboard.press(Keys.ENTER)
        wait = WebDriverWait(browser, 10, poll_frequency=0.05)
        wait.until(lambda _browser, before=before: browser.execute_script(ROWS) != before)
        rows = len(browser.execute_script(ROWS))
        wait.until(lambda _browser, rows=rows: told.get_attribute("textContent") == f"{rows} rows")
        focused.append(keyboard.focused.get_attribute("id"))

    # The same link of the next page, and where there is none any more, the list.
    assert (focused, told.aria_role) == (["page-next", "list"], "status")
    assert page.is_displayed()  # nothing was loaded anew


@pytest.mark.parametrize("who", EVERYBODY)
def test_the_tab_key_reaches_all_and_leaves_again(
    who: str, people: dict[str, Client], things: dict[str, str], keyboard: Keyboard, browser: Chrome, visit: Visit
) -> None:
    """No page is a trap: each thing has the focus once, wherever the page began."""
    missed = {}
    for name, url in urls_for(who, people[who], things).items():
        visit(people[who], url)
        browser.execute_script(COUNT)
        more, reachable = browser.execute_script(STEPS)
        keyboard.press(*[Keys.TAB] * (reachable + more))
        reached = browser.execute_script("return window.reached.size")
        if reached != reachable:
            missed[name] = f"{reached} of {reachable}"
    assert missed == {}
