"""The main job: from a form in the browser to a delivered mail, on a real Postfix and a real Dovecot."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome

from tests.mailstack.people import Administrator
from tests.mailstack.stack import Stack
from tests.servers.letters import SignInRefused, ask, post, subjects
from tests.servers.process import wait_until
from tests.servers.project import PASSWORD, SUPERADMIN

ANNA = "anna@example.org"
BEN = "ben@example.org"
ANNAS_PASSWORD = "größer als 3 Bäume"
BENS_PASSWORD = "ein Pferd namens Heinz"


def test_from_the_browser_to_the_delivered_mail(either_stack: Stack, browser: Chrome) -> None:
    stack = either_stack
    smtp, imaps = stack.mail.postfix.port, stack.mail.dovecot.port
    administrator = Administrator(browser, stack.web.url)

    administrator.sign_in(SUPERADMIN, PASSWORD)
    administrator.create_domain("example.org")
    administrator.create_mailbox(ANNA, ANNAS_PASSWORD)
    administrator.create_mailbox(BEN, BENS_PASSWORD)
    administrator.create_alias("team@example.org", ANNA, BEN)
    stack.wait_until_live()

    # Nobody but those who are there.
    assert ask(smtp, ANNA).code == 250
    assert ask(smtp, "team@example.org").code == 250
    assert ask(smtp, "nobody@example.org").code == 550
    assert ask(smtp, "anna@example.net").code in (454, 554)

    # Mail to each, to both, and to whoever is left.
    to_anna = post(smtp, ANNA)
    to_team = post(smtp, "team@example.org")
    administrator.create_catch_all("example.org", BEN)
    stack.wait_until_live()
    wait_until(lambda: ask(smtp, "whoever@example.org").code == 250, what="the catch-all is live", seconds=5)
    to_whoever = post(smtp, "whoever@example.org")
    stack.mail.postfix.wait_until_delivered()
    assert stack.new_letters("users/example.org/anna") == 2
    assert stack.new_letters("users/example.org/ben") == 2
    assert subjects(imaps, ANNA, ANNAS_PASSWORD) == [to_anna, to_team]
    assert subjects(imaps, BEN, BENS_PASSWORD) == [to_team, to_whoever]
    with pytest.raises(SignInRefused):
        subjects(imaps, ANNA, BENS_PASSWORD)

    stack.verify()
