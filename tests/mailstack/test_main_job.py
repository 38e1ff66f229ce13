"""The main job: from a form in the browser to a delivered mail, on a real Postfix and a real Dovecot. Everything once
on the tables and the configuration that mailadmin writes, and once on the seed's own queries."""

from __future__ import annotations

import pytest
from selenium.webdriver import Chrome

from tests.mailstack.people import Administrator
from tests.mailstack.stack import Stack
from tests.servers.letters import SignInRefused, ask, post, subjects
from tests.servers.process import wait_until
from tests.servers.project import PASSWORD, SUPERADMIN

AT_ONCE_SECONDS = 2
ANNA = "anna@example.org"
BEN = "ben@example.org"
BENJAMIN = "benjamin@example.org"
ANNAS_PASSWORD = "größer als 3 Bäume"
BENS_PASSWORD = "ein Pferd namens Heinz"


@pytest.fixture
def administrator(either_stack: Stack, browser: Chrome) -> Administrator:
    administrator = Administrator(browser, either_stack.web.url)
    administrator.sign_in(SUPERADMIN, PASSWORD)
    return administrator


def accepted(stack: Stack, address: str) -> bool:
    return ask(stack.mail.postfix.port, address).code == 250


def wait_until_accepted(stack: Stack, address: str) -> None:
    wait_until(lambda: accepted(stack, address), what=f"{address} is accepted", seconds=AT_ONCE_SECONDS)


def wait_until_refused(stack: Stack, address: str) -> None:
    wait_until(lambda: not accepted(stack, address), what=f"{address} is refused", seconds=AT_ONCE_SECONDS)


def test_from_the_browser_to_the_delivered_mail(either_stack: Stack, administrator: Administrator) -> None:
    stack = either_stack
    smtp, imaps = stack.mail.postfix.port, stack.mail.dovecot.port

    administrator.create_domain("example.org")
    administrator.create_mailbox(ANNA, ANNAS_PASSWORD)
    administrator.create_mailbox(BEN, BENS_PASSWORD)
    administrator.create_alias("team@example.org", ANNA, BEN)
    administrator.create_domain("example.com")
    administrator.create_catch_all("example.com", BEN)
    stack.wait_until_live()

    # The mail arrives in the right Maildirs, and is read with the password that was typed.
    to_anna, to_team, to_whoever = post(smtp, ANNA), post(smtp, "team@example.org"), post(smtp, "whoever@example.com")
    stack.mail.postfix.wait_until_delivered()
    assert stack.letters_in("users/example.org/anna") == 2
    assert stack.letters_in("users/example.org/ben") == 2
    assert sorted(subjects(imaps, ANNA, ANNAS_PASSWORD)) == [to_anna, to_team]
    assert sorted(subjects(imaps, BEN, BENS_PASSWORD)) == [to_team, to_whoever]
    with pytest.raises(SignInRefused):
        subjects(imaps, ANNA, BENS_PASSWORD)

    # Unknown users are refused while the sender is still there to be told, and we relay for nobody.
    assert ask(smtp, "nobody@example.org").code == 550
    assert ask(smtp, "anna@elsewhere.test").code in (454, 554)

    # Switched off: no mail, no sign-in. Switched on: as before.
    administrator.switch_mailbox_off(ANNA)
    wait_until_refused(stack, ANNA)
    assert ask(smtp, ANNA).code == 550
    with pytest.raises(SignInRefused):
        subjects(imaps, ANNA, ANNAS_PASSWORD)
    administrator.switch_mailbox_on(ANNA)
    wait_until_accepted(stack, ANNA)
    assert sorted(subjects(imaps, ANNA, ANNAS_PASSWORD)) == [to_anna, to_team]

    # Renamed: the old mail is there, and the old address is not.
    administrator.rename_mailbox(BEN, BENJAMIN)
    stack.wait_until_live()
    wait_until_refused(stack, BEN)
    assert sorted(subjects(imaps, BENJAMIN, BENS_PASSWORD)) == [to_team, to_whoever]
    to_benjamin = post(smtp, BENJAMIN)
    stack.mail.postfix.wait_until_delivered()
    assert sorted(subjects(imaps, BENJAMIN, BENS_PASSWORD)) == [to_team, to_whoever, to_benjamin]

    # Deleted: refused, and its mail is in the archive.
    administrator.delete_mailbox(ANNA)
    stack.wait_until_live()
    wait_until_refused(stack, ANNA)
    [archive] = (stack.project.mail_volume / "archive").iterdir()
    assert stack.letters_in(f"archive/{archive.name}/Maildir") == 2
    assert not (stack.project.mail_volume / "users/example.org/anna").exists()

    stack.verify()


def test_domain_switched_off_and_on_again(
    either_stack: Stack, administrator: Administrator, request: pytest.FixtureRequest
) -> None:
    stack = either_stack
    smtp, imaps = stack.mail.postfix.port, stack.mail.dovecot.port
    stack.add_domain("example.net")
    stack.add_mailbox("zoe@example.net", ANNAS_PASSWORD)
    stack.wait_until_live()
    wait_until_accepted(stack, "zoe@example.net")
    letter = post(smtp, "zoe@example.net")
    stack.mail.postfix.wait_until_delivered()
    assert subjects(imaps, "zoe@example.net", ANNAS_PASSWORD) == [letter]

    administrator.switch_domain_off("example.net")
    stack.wait_until_live()
    wait_until_refused(stack, "zoe@example.net")
    if request.node.callspec.params["either_stack"] == "seed":
        # What the seed's queries cannot see: they ask only whether the mailbox is active.
        assert subjects(imaps, "zoe@example.net", ANNAS_PASSWORD) == [letter]
    else:
        with pytest.raises(SignInRefused):
            subjects(imaps, "zoe@example.net", ANNAS_PASSWORD)

    administrator.switch_domain_on("example.net")
    stack.wait_until_live()
    wait_until_accepted(stack, "zoe@example.net")
    second = post(smtp, "zoe@example.net")
    stack.mail.postfix.wait_until_delivered()
    assert sorted(subjects(imaps, "zoe@example.net", ANNAS_PASSWORD)) == [letter, second]
    stack.verify()
