"""The page that shows a new app password, which no address leads to: it is the answer to a form, this once."""

from __future__ import annotations

from django.test import Client
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from .axe import violations_in_every_look
from .every_page import Visit


def test_a_new_app_password_is_readable_and_can_be_copied(
    people: dict[str, Client], things: dict[str, str], browser: Chrome, visit: Visit
) -> None:
    visit(people["charlie"], "/account/app-passwords/add/")
    browser.find_element(By.NAME, "name").send_keys("Tablet")
    browser.find_element(By.CSS_SELECTOR, "main form .btn-primary").click()
    secret = WebDriverWait(browser, 20).until(lambda page: page.find_elements(By.CSS_SELECTOR, "main .secret"))[0].text

    assert violations_in_every_look(browser) == {}
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    browser.execute_cdp_cmd("Browser.grantPermissions", {"permissions": permissions})
    button = browser.find_element(By.CSS_SELECTOR, "main [data-copy]")
    button.click()
    WebDriverWait(browser, 5).until(lambda _page: button.text == "Copied")
    read = "navigator.clipboard.readText().then(arguments[arguments.length - 1])"
    assert browser.execute_async_script(read) == secret
    WebDriverWait(browser, 5).until(lambda _page: button.text == "Copy")
