"""The second factor as a person has it: an app's code, and passkeys by Chromium's own virtual authenticator."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pyotp
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from selenium.webdriver.support.ui import WebDriverWait

from tests.servers.gunicorn import Gunicorn
from tests.servers.process import LOOPBACK
from tests.servers.project import PASSWORD

from .axe import clear_look, violations_in_every_look
from .person import Person

FACTORS = "/account/second-factor/"
_numbers = count(1)


class User(Person):
    address = ""

    def sign_in_again(self) -> None:
        self.browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.sign_in(self.address)


@pytest.fixture(scope="module")
def domain(site: Gunicorn) -> str:
    site.project.manage("domain", "add", "factors.example")
    return "factors.example"


@pytest.fixture
def user(browser: Chrome, site: Gunicorn, domain: str) -> Iterator[User]:
    """A mailbox user with an account of her own, signed in at a host name: a passkey belongs to one."""
    address = f"ann{next(_numbers)}@{domain}"
    site.project.manage("mailbox", "add", address, "--password-stdin", text=PASSWORD)
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    user = User(browser, site.url.replace(LOOPBACK, "localhost"))
    user.address = address
    user.sign_in(address)
    browser.get_log("browser")
    yield user
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})


@pytest.fixture
def authenticator(browser: Chrome) -> Iterator[Callable[..., None]]:
    """`authenticator(...)` gives the machine one: by default that of a laptop, with a fingerprint."""
    added = []

    def add(*, protocol: str = "ctap2", transport: str = "internal", verifies: bool = True) -> None:
        options = VirtualAuthenticatorOptions(
            protocol=protocol,
            transport=transport,
            has_resident_key=verifies,
            has_user_verification=verifies,
            is_user_verified=verifies,
        )
        browser.add_virtual_authenticator(options)
        added.append(options)

    yield add
    if added:
        browser.remove_virtual_authenticator()


def set_up_app(user: User) -> tuple[pyotp.TOTP, list[str]]:
    """Returns the app, and the recovery codes that were shown."""
    user.open(f"{FACTORS}app/")
    link = user.browser.find_element(By.CSS_SELECTOR, "main a[href^='otpauth:']").get_attribute("href")
    app = pyotp.parse_uri(link)
    assert isinstance(app, pyotp.TOTP)
    user.fill(code=app.now())
    user.press("Switch it on")
    codes = [element.text for element in user.browser.find_elements(By.CSS_SELECTOR, ".codes code")]
    assert len(codes) == 10
    return app, codes


def next_code(app: pyotp.TOTP) -> str:
    """One that was not used yet, without waiting for it: a phone's clock may be so much ahead."""
    return app.at(time.time(), counter_offset=1)


def add_passkey(user: User, name: str) -> None:
    user.open(f"{FACTORS}passkeys/add/")
    user.fill(name=name)
    user.press("Add the passkey")


def wait_for_path(user: User, path: str) -> None:
    WebDriverWait(user.browser, 10, poll_frequency=0.05).until(lambda _browser: user.path == path)


def test_an_app_is_set_up_by_the_key_of_the_page_and_signs_in(user: User) -> None:
    app, codes = set_up_app(user)
    user.sign_in_again()
    assert user.path == "/sign-in/factor/"
    user.open("/account/")
    assert user.path.startswith("/sign-in/"), "nothing else opens"

    user.open("/sign-in/factor/")
    user.fill(code="000000")
    user.press("Continue")
    assert "This code is wrong, or too old." in user.text
    code = next_code(app)
    user.fill(code=code)
    user.press("Continue")
    assert user.path == "/account/"

    user.sign_in_again()
    user.fill(code=code)
    user.press("Continue")
    assert "This code was used already." in user.text
    user.press("Use a recovery code")
    user.fill(code=codes[0].upper())
    user.press("Continue")
    assert user.path == "/account/"
    user.open(FACTORS)
    assert "9 codes are left." in user.text
    assert user.complaints == []


def test_the_recovery_codes_are_saved_as_a_file(user: User, browser: Chrome, tmp_path: Path) -> None:
    """The policy of the page allows nothing from elsewhere; the file is a link that holds it."""
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    _app, codes = set_up_app(user)

    user.find("Save as a file").click()

    file = tmp_path / "recovery-codes-localhost.txt"
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _browser: file.exists() and file.stat().st_size)
    saved = file.read_text().split()
    assert user.address in " ".join(saved)
    assert saved[-10:] == codes
    assert user.find("Print").is_displayed()
    assert user.complaints == []


def test_a_passkey_of_the_machine_is_added_and_signs_in(user: User, authenticator: Callable[..., None]) -> None:
    authenticator()

    add_passkey(user, "My laptop")
    wait_for_path(user, f"{FACTORS}passkeys/add/")
    assert len(user.browser.find_elements(By.CSS_SELECTOR, ".codes code")) == 10
    user.press("I have kept them")
    assert "My laptop" in user.text

    user.sign_in_again()
    user.press("Use a passkey")
    wait_for_path(user, "/account/")
    user.open(FACTORS)
    assert "last used just now" in user.text.replace("\n", " ")
    assert user.complaints == []


@pytest.mark.parametrize("protocol", ["ctap1/u2f", "ctap2"])
def test_a_security_key_without_a_pin_is_a_second_factor_too(
    user: User, authenticator: Callable[..., None], protocol: str
) -> None:
    authenticator(protocol=protocol, transport="usb", verifies=False)

    add_passkey(user, "Key ring")
    assert len(user.browser.find_elements(By.CSS_SELECTOR, ".codes code")) == 10
    user.sign_in_again()
    user.press("Use a passkey")
    wait_for_path(user, "/account/")


def test_a_passkey_that_is_there_already_is_not_added_twice(
    user: User, authenticator: Callable[..., None], browser: Chrome
) -> None:
    authenticator()
    add_passkey(user, "My laptop")

    user.open(f"{FACTORS}passkeys/add/")
    user.fill(name="Once more")
    user.find("Add the passkey").click()

    trouble = browser.find_element(By.CSS_SELECTOR, "[data-passkey-trouble]")
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _browser: trouble.is_displayed())
    assert trouble.text == "This device or key is among your passkeys already."
    assert user.find("Add the passkey").is_enabled()


def test_who_has_another_authenticator_is_told_and_may_use_the_app(
    user: User, authenticator: Callable[..., None], browser: Chrome
) -> None:
    app, _codes = set_up_app(user)
    authenticator()
    add_passkey(user, "My laptop")
    browser.remove_virtual_authenticator()
    authenticator()
    user.sign_in_again()

    user.find("Use a passkey").click()
    trouble = browser.find_element(By.CSS_SELECTOR, "[data-passkey-trouble]")
    WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda _browser: trouble.is_displayed())
    assert trouble.text.startswith("No passkey was given")

    user.fill(code=next_code(app))
    user.press("Continue")
    assert user.path == "/account/"


def test_without_javascript_all_but_the_passkey_works(user: User, browser: Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})

    app, codes = set_up_app(user)
    user.sign_in_again()
    user.fill(code=next_code(app))
    user.press("Continue")
    assert user.path == "/account/"
    add_passkey(user, "My laptop")
    assert "A passkey needs JavaScript." in user.text
    user.sign_in_again()
    user.press("Use a recovery code")
    user.fill(code=codes[5])
    user.press("Continue")
    assert user.path == "/account/"


def test_the_second_step_and_the_codes_break_no_rule_of_accessibility(
    user: User, authenticator: Callable[..., None], browser: Chrome
) -> None:
    found = {}
    set_up_app(user)
    found["codes"] = violations_in_every_look(browser)
    authenticator()
    add_passkey(user, "My laptop")
    user.sign_in_again()
    found["step"] = violations_in_every_look(browser)
    clear_look(browser)
    user.fill(code="1")
    user.press("Continue")
    found["refused"] = violations_in_every_look(browser)
    clear_look(browser)
    user.press("Use a recovery code")
    found["recovery"] = violations_in_every_look(browser)
    clear_look(browser)

    assert {page: broken for page, broken in found.items() if broken} == {}
