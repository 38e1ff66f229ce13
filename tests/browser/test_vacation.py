"""The preview of a vacation reply, as it is seen and heard: it is a state of a page, and at no URL of the table."""

from __future__ import annotations

import pytest
from django.test import Client
from selenium.webdriver import Chrome
from selenium.webdriver.support.ui import WebDriverWait

from .axe import violations_in_every_look
from .every_page import Visit

pytestmark = pytest.mark.django_db(transaction=True)
FILL = """
document.getElementsByName("active")[0].checked = true;
document.getElementsByName("body")[0].value = arguments[0];
document.querySelector("[formaction]").click();
"""
IS_SHOWN = "return document.getElementById('preview')?.getBoundingClientRect().top < innerHeight"


@pytest.mark.parametrize(
    ("who", "path"), [("charlie", "/account/vacation/"), ("alice", "/mailboxes/joe@example.org/vacation/")]
)
def test_the_preview_breaks_no_rule(
    who: str, path: str, people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    visit(people[who], path)
    browser.execute_script(FILL, "Back on Monday.\n" + "a_very_long_word_" * 30)
    # The page opens where it is shown; looking for violations scrolls away from there.
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _browser: browser.execute_script(IS_SHOWN))
    assert violations_in_every_look(browser) == {}
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
