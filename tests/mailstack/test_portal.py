"""What a person does in the portal, and what the mail server makes of it at once: app passwords, the own password, and
forwarding. Chromium, Postfix, Dovecot and ManageSieve are real."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.person import Person
from tests.mailstack.stack import Stack
from tests.servers.letters import SignInRefused, post, signed_in, subjects, submit
from tests.servers.managesieve import put_script
from tests.servers.process import ServerFailed, wait_until

AT_ONCE_SECONDS = 1
PASSWORD = "ein Pferd namens Heinz"
OWN_SCRIPT = "keep;\n"


@pytest.fixture(scope="module")
def site(stack: Stack) -> Stack:
    stack.add_domain("example.org")
    stack.add_mailbox("ben@example.org", PASSWORD)
    return stack


@pytest.fixture
def person(site: Stack, browser: Chrome, request: pytest.FixtureRequest) -> Person:
    """Signed in, with a mailbox that is called as the test is."""
    name = request.node.name.removeprefix("test_")
    site.add_mailbox(f"{name}@example.org", PASSWORD)
    site.wait_until_live()
    person = Person(browser, site.web.url)
    person.sign_in(f"{name}@example.org", PASSWORD)
    return person


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name.removeprefix('test_')}@example.org"


def opens(site: Stack, address: str, password: str) -> set[str]:
    """What the password opens."""

    def by_imap() -> None:
        subjects(site.mail.dovecot.port, address, password)

    def by_smtp() -> None:
        submit(site.mail.postfix.submission_port, address, password, "ben@example.org")

    def by_sieve() -> None:
        put_script(site.sieve_port, address, password, OWN_SCRIPT)

    return {name for name, use in (("imap", by_imap), ("smtp", by_smtp), ("sieve", by_sieve)) if _works(use)}


def _works(use: Callable[[], None]) -> bool:
    try:
        use()
    except (SignInRefused, ServerFailed):
        return False
    return True


def make_app_password(person: Person, name: str, *protocols: str) -> str:
    """By the page that shows it this once."""
    person.open("/account/app-passwords/")
    person.press("Make an app password")
    person.fill(name=name)
    for box in person.browser.find_elements(By.NAME, "protocols"):
        if box.is_selected() != (box.get_attribute("value") in protocols):
            box.click()
    person.press("Make the app password")
    return person.browser.find_element(By.CSS_SELECTOR, "main .secret").text


def revoke(person: Person, name: str) -> None:
    person.open("/account/app-passwords/")
    person.browser.find_element(By.CSS_SELECTOR, f"main a[aria-label='Revoke {name}']").click()
    person.press("Revoke it")
    assert person.path == "/account/app-passwords/"


@contextlib.contextmanager
def open_session(site: Stack, address: str, password: str) -> Iterator[Callable[[], bool]]:
    """A mail program that stays connected; calling what is given tells whether it still is."""
    client = signed_in(site.mail.dovecot.port, address, password)

    def is_open() -> bool:
        try:
            return client.noop()[0] == "OK"
        except (client.abort, OSError):
            return False

    try:
        yield is_open
    finally:
        client.shutdown()


def test_app_password(site: Stack, person: Person, address: str) -> None:
    phone = make_app_password(person, "Phone", "imap")
    scanner = make_app_password(person, "Scanner", "smtp", "sieve")

    # Each is good for what it was made for and for nothing else; the person's own password goes on working.
    assert opens(site, address, phone) == {"imap"}
    assert opens(site, address, scanner) == {"smtp", "sieve"}
    assert opens(site, address, PASSWORD) == {"imap", "smtp", "sieve"}
    assert opens(site, "ben@example.org", phone) == set()

    # The page says when, how and from where.
    person.open("/account/app-passwords/")
    assert "Last used just now (IMAP) from 127.0.0.1" in person.text
    assert person.text.count("Last used") == 2
    assert phone not in person.browser.page_source

    # Revoked: its open session ends, and it opens nothing; the other one is as before.
    with open_session(site, address, phone) as is_open:
        assert is_open()
        revoke(person, "Phone")
        wait_until(lambda: not is_open(), what="the open session ends", seconds=2 * AT_ONCE_SECONDS)
    assert opens(site, address, phone) == set()
    assert opens(site, address, scanner) == {"smtp", "sieve"}
    person.open("/account/app-passwords/")
    assert "Phone" not in person.text


def test_app_passwords_only(site: Stack, person: Person, address: str) -> None:
    secret = make_app_password(person, "Laptop", "imap", "smtp", "sieve")
    # A second factor as Postfixadmin keeps it; how it is set up is tested elsewhere.
    query = f"UPDATE mailbox SET totp_secret = 'JBSWY3DPEHPK3PXP' WHERE username = '{address}'"
    site.mariadb.execute(query, database=site.project.database)

    person.open("/account/app-passwords/")
    person.press("Switch on")
    person.press("Switch it on")
    site.wait_until_live()

    assert opens(site, address, PASSWORD) == set()
    assert opens(site, address, secret) == {"imap", "smtp", "sieve"}

    person.press("Switch off")
    person.press("Switch it off")
    site.wait_until_live()
    assert opens(site, address, PASSWORD) == {"imap", "smtp", "sieve"}


def test_password(site: Stack, person: Person, address: str) -> None:
    new = "achtzehn grüne Kühe im Moor"
    smtp = site.mail.postfix.submission_port
    with open_session(site, address, PASSWORD) as is_open:
        assert is_open()
        person.open("/account/password/")
        person.fill(current=PASSWORD, new=new, again=new)
        person.press("Change password")
        # The answer of the page is that it is done: the first try goes through, and nobody waits for a worker.
        answered = time.monotonic()
        assert subjects(site.mail.dovecot.port, address, new) == []
        submit(smtp, address, new, "ben@example.org")
        assert time.monotonic() - answered < 2 * AT_ONCE_SECONDS, "each within a second"
        with pytest.raises(SignInRefused):
            submit(smtp, address, PASSWORD, "ben@example.org")
        with pytest.raises(SignInRefused):
            subjects(site.mail.dovecot.port, address, PASSWORD)
        wait_until(lambda: not is_open(), what="the open session ends", seconds=2 * AT_ONCE_SECONDS)
    assert not person.path.startswith("/sign-in/")


def forward(person: Person, *targets: str, keep_copy: bool) -> None:
    person.open("/account/forwarding/")
    person.fill(targets="\n".join(targets), keep_copy=keep_copy)
    person.press("Save")
    assert person.path == "/account/", person.text


def test_forwarding(site: Stack, person: Person, address: str) -> None:
    def arrives() -> tuple[int, int, int]:
        """How often one more letter arrives: here, with ben, and outside."""
        before = _arrived(site, address)
        post(site.mail.postfix.port, address)
        site.mail.postfix.wait_until_delivered()
        after = _arrived(site, address)
        return after[0] - before[0], after[1] - before[1], after[2] - before[2]

    assert arrives() == (1, 0, 0)

    forward(person, "ben@example.org", "friend@elsewhere.test", keep_copy=True)
    site.wait_until_live()
    assert arrives() == (1, 1, 1)

    forward(person, "ben@example.org", keep_copy=False)
    site.wait_until_live()
    assert arrives() == (0, 1, 0)

    forward(person, keep_copy=False)
    site.wait_until_live()
    assert arrives() == (1, 0, 0)
    site.verify()


def _arrived(site: Stack, address: str) -> tuple[int, int, int]:
    imaps = site.mail.dovecot.port
    outside = [recipients for recipients, _letter in site.mail.outside.letters if "friend@elsewhere.test" in recipients]
    return len(subjects(imaps, address, PASSWORD)), len(subjects(imaps, "ben@example.org", PASSWORD)), len(outside)
