"""A forgotten password, for real: in Chromium, with letters through Postfix, and read where they arrive."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlencode

import pytest
from selenium.webdriver import Chrome

from tests.browser.person import Person
from tests.mailstack.stack import Stack
from tests.plugin import own_directory
from tests.servers.letters import SignInRefused, subjects, submit
from tests.servers.mariadb import MariaDB
from tests.servers.process import LOOPBACK, wait_until
from tests.servers.timing import probability_of_alike

ANNA = "anna@example.org"
OLD, NEW = "maple thunder orchid", "violet harbour kettle"
ELSEWHERE = "anna@elsewhere.test"
PEOPLE = 200
SURE = 1e-4  # a test that fails for nothing once in ten thousand runs; and it is asked twice


@pytest.fixture(scope="module")
def site(mariadb: MariaDB, new_database: Callable[[], str]) -> Iterator[Stack]:
    """It sends its letters by its own Postfix. Anna is there, and PEOPLE with a confirmed recovery address."""
    stack = Stack(own_directory() / "forgotten", mariadb, new_database())
    stack.project.environment |= {
        "SITE_URL": stack.web.url,
        "EMAIL_URL": f"smtp://{LOOPBACK}:{stack.mail.postfix.port}",
        "MAIL_FROM": "Mail of Example <postmaster@example.org>",
        "TRUSTED_PROXIES": LOOPBACK,
    }
    try:
        stack.start()
        stack.add_domain("example.org")
        stack.add_mailbox(ANNA, OLD)
        stack.add_mailboxes(*(f"user{number}@example.org" for number in range(PEOPLE)))
        stack.wait_until_live()
        yield stack
    finally:
        stack.stop()


def link_sent_to(site: Stack, recipient: str, subject: str) -> str:
    """Waits for the letter, and returns the URL in it."""
    letters = site.mail.outside.letters

    def found() -> list[str]:
        return [
            str(message.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]
            for recipients, message in letters
            if recipients == [recipient] and str(message["Subject"]).startswith(subject)
        ]

    wait_until(found, what=f"a letter {subject!r} arrives at {recipient}")
    (url,) = re.findall(r"^(http\S+/link/\S+)\r?$", found()[-1], re.MULTILINE)
    return url


def reads_mail(site: Stack, password: str) -> list[str]:
    return subjects(site.mail.dovecot.port, ANNA, password)


def test_from_the_forgotten_password_to_the_mail(site: Stack, browser: Chrome) -> None:
    anna = Person(browser, site.web.url)

    # While she knows her password she names another address, and confirms it.
    anna.sign_in(ANNA, OLD)
    anna.open("/account/recovery/")
    anna.fill(address=ELSEWHERE)
    anna.press("Save")
    browser.get(link_sent_to(site, ELSEWHERE, "Confirm this address"))
    anna.press("Confirm")
    assert "Your recovery address is confirmed." in anna.text
    browser.delete_all_cookies()

    # Then she has forgotten it.
    anna.open("/sign-in/")
    anna.press("Forgotten your password?")
    anna.fill(identifier=ANNA)
    anna.press("Send a link")
    assert "a link is on its way there" in anna.text
    url = link_sent_to(site, ELSEWHERE, "Choose a new password")
    assert url.startswith(f"{site.web.url}/link/")
    browser.get(url)
    assert anna.path == "/set-password/"
    anna.fill(new=NEW, again=NEW)
    anna.press("Set the password")
    assert anna.path == "/sign-in/"

    # It counts for IMAP and submission as well, and her own mailbox tells her.
    site.wait_until_live()
    with pytest.raises(SignInRefused):
        reads_mail(site, OLD)
    with pytest.raises(SignInRefused):
        submit(site.mail.postfix.submission_port, ANNA, OLD, ELSEWHERE)
    submit(site.mail.postfix.submission_port, ANNA, NEW, ELSEWHERE)
    told = [f"Your recovery address was changed: {ANNA}", f"Your password was changed: {ANNA}"]
    wait_until(lambda: len(reads_mail(site, NEW)) == 2, what="her own mailbox has both notices", seconds=60)
    assert reads_mail(site, NEW) == told

    # The link is used up.
    browser.delete_all_cookies()
    browser.get(url)
    assert anna.path == "/forgotten/"
    assert "This link does not work any more" in anna.text


class Stranger:
    """Asks for links for one address after the other, each time from another client."""

    def __init__(self, site: Stack) -> None:
        self.port = site.web.port
        connection = HTTPConnection(LOOPBACK, self.port, timeout=20)
        connection.request("GET", "/forgotten/")
        response = connection.getresponse()
        self.cookie = response.headers["Set-Cookie"].partition(";")[0]
        match = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.read().decode())
        connection.close()
        assert match
        self.token = match[1]
        self.clients = 0

    def seconds_of(self, identifier: str) -> float:
        self.clients += 1
        client = f"10.{self.clients // 62500}.{self.clients // 250 % 250}.{self.clients % 250}"
        body = urlencode({"identifier": identifier, "csrfmiddlewaretoken": self.token})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": self.cookie,
            "X-Forwarded-For": client,
        }
        connection = HTTPConnection(LOOPBACK, self.port, timeout=20)
        connection.connect()
        begin = time.perf_counter()
        connection.request("POST", "/forgotten/", body, headers)
        response = connection.getresponse()
        response.read()
        seconds = time.perf_counter() - begin
        connection.close()
        assert (response.status, response.headers["Location"]) == (302, "/forgotten/sent/")
        return seconds


def sample(stranger: Stranger, chance: random.Random) -> tuple[list[float], list[float]]:
    """The times of PEOPLE known and as many unknown addresses, mixed by chance, so that whatever else the machine does
    meets both alike. The names are as long as each other."""
    cases = [(True, f"user{number}@example.org") for number in range(PEOPLE)]
    cases += [(False, f"nobo{number}@example.org") for number in range(PEOPLE)]
    chance.shuffle(cases)
    times: dict[bool, list[float]] = {True: [], False: []}
    for is_known, identifier in cases:
        times[is_known].append(stranger.seconds_of(identifier))
    return times[True], times[False]


CONFIRM_ALL = f"""
from mailadmin.accounts.models import Account
from mailboxes.models import Mailbox
people = Mailbox.objects.filter(address__startswith="user")
people.update(email_other="{ELSEWHERE}")
Account.objects.bulk_create(
    Account(mailbox=mailbox, role="mailbox_user", confirmed_recovery_address="{ELSEWHERE}") for mailbox in people
)
"""


def test_the_time_does_not_tell_who_has_an_account(site: Stack) -> None:
    """With the worker at work, which sends a letter to each of those that are there."""
    site.project.manage("shell", "--no-imports", "-c", CONFIRM_ALL)
    stranger = Stranger(site)
    for _request in range(20):
        stranger.seconds_of("somebody@example.org")  # the processes are warm
    before = len(site.mail.outside.letters)

    samples = [sample(stranger, random.Random(seed)) for seed in (1, 2)]

    found = [probability_of_alike(known, unknown) for known, unknown in samples]
    assert max(found) > SURE, found
    # It would have been seen: half as much again is less than a mail or a password hash within the request takes.
    known, unknown = ([*one, *other] for one, other in zip(*samples, strict=True))
    more = median(unknown) / 2
    assert probability_of_alike([seconds + more for seconds in known], unknown) < SURE
    wait_until(lambda: len(site.mail.outside.letters) >= before + PEOPLE, what="each got the letter", seconds=120)
