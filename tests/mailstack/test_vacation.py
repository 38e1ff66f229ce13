"""The vacation reply for real: from the page in the browser to the one answer in the sender's mailbox."""

from __future__ import annotations

import smtplib
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from itertools import count

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.person import Person
from tests.mailstack.stack import Stack
from tests.servers.letters import letters, post, subjects, submit
from tests.servers.managesieve import put_script
from tests.servers.process import LOOPBACK, ServerFailed

ANNA, TEAM, ANNA_ELSEWHERE = "anna@example.org", "team@example.org", "anna@old.org"
SENDERS = [f"ben{number}@example.org" for number in range(1, 10)]
PASSWORD = "ein Pferd namens Heinz"
SUBJECT = 'Ich bin weg: "Süden" & ${home}'
TEXT = (
    'Grüße aus dem Süden!\n\n.\n..\n"; discard; stop; \\"\nFrom me 😀\n${subject}\n' + "sehr lang " * 200 + "\nEnde\n"
)
OWN_SCRIPT = """require ["fileinto", "mailbox", "vacation"];
if header :contains "Subject" "invoice" { fileinto :create "Invoices"; }
if header :contains "Subject" "away" { vacation "The other reply, of another program."; }
"""
_numbers = count(1)


@pytest.fixture(scope="module")
def site(stack: Stack) -> Stack:
    stack.add_domain("example.org")
    stack.project.manage("alias_domain", "add", "old.org", "--target", "example.org")
    for address in (ANNA, *SENDERS):
        stack.add_mailbox(address, PASSWORD)
    stack.project.manage("alias", "add", TEAM, "--goto", ANNA)
    stack.wait_until_live()
    return stack


@pytest.fixture
def anna(site: Stack, browser: Chrome) -> Person:
    anna = Person(browser, site.web.url)
    anna.sign_in(ANNA, PASSWORD)
    return anna


def set_reply(
    person: Person, *, begins: datetime, ends: datetime | None, subject: str = SUBJECT, body: str = TEXT
) -> None:
    """By the page. The values are set by script: no keyboard has all these letters, and each country's another date."""
    person.open("/account/vacation/")
    moments = {"from_at": begins, "until_at": ends}
    values = {name: moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else "" for name, moment in moments.items()}
    for name, value in {**values, "subject": subject, "body": body}.items():
        field = person.browser.find_element(By.NAME, name)
        person.browser.execute_script("arguments[0].value = arguments[1]", field, value)
    person.fill(active=True)
    person.press("Preview")
    assert person.browser.find_element(By.CSS_SELECTOR, "#preview .letter").text.strip() == body.strip()
    person.browser.execute_script(
        "window.scrollTo(0, 0)"
    )  # the driver would scroll the button below the bar at the top
    person.press("Save")
    assert person.path == "/account/vacation/"


def write(stack: Stack, sender: str, recipient: str = ANNA, **headers: str) -> str:
    """A letter by one of the mailbox users; its Message-ID."""
    message_id = f"<{next(_numbers)}@mail.example.org>"
    submit(stack.mail.postfix.submission_port, sender, PASSWORD, recipient, Message_ID=message_id, **headers)
    stack.mail.postfix.wait_until_delivered()
    return message_id


def answers(stack: Stack, sender: str) -> list[EmailMessage]:
    """What came back. Delivery queues an answer before it says that it is done, and the queue is waited for."""
    stack.mail.postfix.wait_until_delivered()
    found = letters(stack.mail.dovecot.port, sender, PASSWORD)
    return [message_from_bytes(letter.as_bytes(), policy=modern) for letter in found]  # type: ignore[arg-type, misc]


def now() -> datetime:
    return datetime.now(UTC)


def test_a_sender_gets_one_reply_with_the_typed_text_and_after_the_end_none(site: Stack, anna: Person) -> None:
    set_reply(anna, begins=now() - timedelta(minutes=1), ends=now() + timedelta(days=14))
    assert anna.told[0].startswith("The vacation reply is on.")
    site.wait_until_live()

    first = write(site, SENDERS[0], Subject="Lunch?", References="<0@mail.example.org>")
    write(site, SENDERS[0], Subject="Lunch, again?")

    [answer] = answers(site, SENDERS[0])
    assert answer["Subject"] == SUBJECT
    assert answer.get_content() == TEXT
    assert (answer["From"], answer["To"]) == (ANNA, SENDERS[0])
    assert answer["In-Reply-To"] == first
    assert answer["References"] == f"<0@mail.example.org> {first}"
    assert answer["Auto-Submitted"] == "auto-replied (vacation)"
    assert len(subjects(site.mail.dovecot.port, ANNA, PASSWORD)) == 2

    # A window that ends while we watch. The page takes what a browser sends, seconds and all.
    ends = now() + timedelta(seconds=4)
    set_reply(anna, begins=now() - timedelta(minutes=5), ends=ends, subject="Nearly back")
    site.wait_until_live()
    write(site, SENDERS[1])
    assert now() < ends, "too slow to tell"
    assert [answer["Subject"] for answer in answers(site, SENDERS[1])] == ["Nearly back"]

    time.sleep(max(0, (ends - now()).total_seconds()) + 1)
    write(site, SENDERS[2])
    assert answers(site, SENDERS[2]) == []
    assert len(subjects(site.mail.dovecot.port, ANNA, PASSWORD)) == 4
    site.verify()


def test_before_the_beginning_there_is_no_reply(site: Stack, anna: Person) -> None:
    set_reply(anna, begins=now() + timedelta(days=1), ends=None)
    assert anna.told[0].startswith("The vacation reply is planned.")
    site.wait_until_live()
    write(site, SENDERS[3])
    assert answers(site, SENDERS[3]) == []


def test_scripts_of_the_persons_own_go_on_working(site: Stack, anna: Person) -> None:
    put_script(site.sieve_port, ANNA, PASSWORD, OWN_SCRIPT)
    set_reply(anna, begins=now() - timedelta(minutes=1), ends=None, subject="Own scripts")
    site.wait_until_live()

    write(site, SENDERS[4], Subject="the invoice")
    assert "the invoice" in subjects(site.mail.dovecot.port, ANNA, PASSWORD, "Invoices")
    assert [answer["Subject"] for answer in answers(site, SENDERS[4])] == ["Own scripts"]

    # A vacation of another program's, such as SOGo's, beside ours: one answer, and no error.
    write(site, SENDERS[5], Subject="are you away?")
    assert [answer["Subject"] for answer in answers(site, SENDERS[5])] == ["Own scripts"]
    assert "are you away?" in subjects(site.mail.dovecot.port, ANNA, PASSWORD)

    # Switched off, the other program's is left, and the script is gone from the disk.
    anna.open("/account/vacation/")
    anna.fill(active=False)
    anna.press("Save")
    site.wait_until_live()
    write(site, SENDERS[6], Subject="still away?")
    assert [answer.get_content().strip() for answer in answers(site, SENDERS[6])] == [
        "The other reply, of another program."
    ]
    home = site.project.mail_volume / "home/example.org/anna"
    assert [path.name for path in home.iterdir() if path.name.startswith("vacation")] == []
    assert (home / "sieve/own.sieve").read_text().replace("\r\n", "\n") == OWN_SCRIPT
    assert [line for line in site.mail.dovecot.log.read_text().splitlines() if "Error" in line] == []
    assert list(home.glob("*.log")) == []  # where the engine tells of a script that failed
    site.verify()


def test_outsiders_aliases_and_lists(site: Stack, anna: Person) -> None:
    """Also a new name, of a renamed mailbox, that was made while the reply is on."""
    set_reply(anna, begins=now() - timedelta(minutes=1), ends=None, subject="To all names")
    site.project.manage("alias", "add", "late@example.org", "--goto", TEAM)
    site.wait_until_live()
    outside = site.mail.outside
    outside.letters.clear()

    for recipient in (TEAM, ANNA_ELSEWHERE, "late@old.org"):
        write(site, SENDERS[7], recipient)
        set_reply(anna, begins=now() - timedelta(minutes=1), ends=None, subject=f"After {recipient}")
        site.wait_until_live()
    assert [str(answer["From"]) for answer in answers(site, SENDERS[7])] == [TEAM, ANNA_ELSEWHERE, "late@old.org"]

    post(site.mail.postfix.port, ANNA)
    site.mail.postfix.wait_until_delivered()
    [(recipients, answer)] = outside.letters
    assert (recipients, answer["Subject"]) == (["stranger@elsewhere.test"], "After late@old.org")

    write(site, SENDERS[8], Subject="[list] Hello", List_Id="<list.example.org>")
    send_bounce(site, ANNA)
    assert answers(site, SENDERS[8]) == []
    assert len(outside.letters) == 1

    site.project.manage("mailbox", "edit", ANNA, "--address=anne@example.org")
    site.wait_until_live()
    write(site, SENDERS[8], "anne@example.org")
    assert [str(answer["From"]) for answer in answers(site, SENDERS[8])] == ["anne@example.org"]
    site.verify()


def send_bounce(stack: Stack, recipient: str) -> None:
    """A letter with the null sender: RFC 3834 forbids an answer."""
    text = f"From: MAILER-DAEMON@elsewhere.test\r\nTo: {recipient}\r\nSubject: Undelivered\r\n\r\nSorry.\r\n"
    with smtplib.SMTP(LOOPBACK, stack.mail.postfix.port, timeout=10) as client:
        client.sendmail("", [recipient], text)
    stack.mail.postfix.wait_until_delivered()


def test_a_lost_script_is_found_and_repaired(site: Stack) -> None:
    home = site.project.mail_volume / "home/example.org/anne"
    script = home / "vacation.sieve"
    text = script.read_bytes()
    script.write_bytes(text.replace(b"After late", b"Edited by hand"))
    with pytest.raises(ServerFailed, match=r"sieve: example\.org/anne/: different"):
        site.verify()
    site.project.manage("mailhost", "repair")
    assert script.read_bytes() == text

    script.unlink()
    stray = site.project.mail_volume / "home/example.org/ben1/vacation.sieve"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_text("discard;")
    with pytest.raises(ServerFailed, match=r"sieve: example\.org/anne/: missing"):
        site.verify()
    site.project.manage("mailhost", "repair")
    assert (script.read_bytes(), stray.exists()) == (text, False)
    site.verify()
