"""The preview of a vacation reply, as it is seen and heard: it is a state of a page, and at no URL of the table."""

from __future__ import annotations

import pytest
from django.test import Client
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.ui import WebDriverWait

from .axe import violations_in_every_look
from .every_page import Visit

pytestmark = pytest.mark.django_db(transaction=True)
FILL = """
document.getElementsByName("active")[0].checked = true;
document.getElementsByName("body")[0].value = arguments[0];
document.querySelector("[formaction]").click();
"""


@pytest.mark.parametrize(
    ("who", "path"), [("charlie", "/account/vacation/"), ("alice", "/mailboxes/joe@example.org/vacation/")]
)
def test_the_preview_breaks_no_rule(
    who: str, path: str, people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    visit(people[who], path)
    browser.execute_script(FILL, "Back on Monday.\n" + "a_very_long_word_" * 30)
    WebDriverWait(browser, 10, poll_frequency=0.05).until(presence_of_element_located((By.ID, "preview")))

    assert violations_in_every_look(browser) == {}
    # The page opens where it is shown.
    assert browser.execute_script("return document.getElementById('preview').getBoundingClientRect().top < innerHeight")
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
