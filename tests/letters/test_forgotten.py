"""A forgotten password: asked for by anybody, answered alike, and sent to whom it belongs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pyotp
import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.utils import timezone

from aliases.models import Alias
from domains.services import edit_domain
from mailadmin.accounts import schemes
from mailadmin.accounts.models import Account
from mailadmin.accounts.services import set_password_by_link
from mailadmin.audit.models import Entry
from mailadmin.letters import outbox
from mailadmin.letters.models import Kind, Letter, Link
from mailboxes.models import Mailbox
from mailboxes.services import set_mailbox_active, set_mailbox_password
from tests.factories import PASSWORD, make_mailbox, make_superadmin, system
from tests.refusals import nothing_written
from tests.servers.letters import Outside

from .conftest import ELSEWHERE, SITE
from .reading import flat, last_link, posted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_url")]
URL, SENT, SET = "/forgotten/", "/forgotten/sent/", "/set-password/"
NEW = "violet harbour kettle"
ENDED = "This link does not work any more: it was used, or it is too old."


def ask(client: Client, identifier: str, address: str = "192.0.2.7") -> Any:
    return client.post(URL, {"identifier": identifier}, REMOTE_ADDR=address)


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def signs_in(identifier: str, password: str) -> bool:
    return Client().post("/sign-in/", {"identifier": identifier, "password": password}).status_code == 302


@pytest.fixture(params=["mailbox user", "administrator"])
def person(request: Any, charlie: Account, root: Account, with_recovery: Callable[..., Account]) -> Account:
    return with_recovery(charlie if request.param == "mailbox user" else root)


@pytest.fixture
def link(person: Account, client: Client, smtp_server: Outside) -> str:
    ask(client, person.address)
    assert posted(smtp_server) == [(ELSEWHERE, f"Choose a new password: {person.address}")]
    return last_link(smtp_server)


# -- The whole way
def test_a_link_leads_to_a_new_password(person: Account, link: str, client: Client, smtp_server: Outside) -> None:
    elsewhere = Client()
    elsewhere.post("/sign-in/", {"identifier": person.address, "password": PASSWORD})
    assert elsewhere.get("/account/").status_code == 200

    opened = client.get(link)
    page = client.get(SET)
    done = client.post(SET, {"new": NEW, "again": NEW})

    assert opened.url == SET  # type: ignore[attr-defined]
    assert person.address in page.content.decode()
    assert done.url == "/sign-in/"  # type: ignore[attr-defined]
    assert "_auth_user_id" not in client.session  # it signs nobody in
    assert elsewhere.get("/account/").status_code == 302
    assert (signs_in(person.address, PASSWORD), signs_in(person.address, NEW)) == (False, True)


def test_both_addresses_are_told_that_the_password_was_changed(
    person: Account, link: str, client: Client, smtp_server: Outside
) -> None:
    client.get(link)
    client.post(SET, {"new": NEW, "again": NEW})

    subject = f"Your password was changed: {person.address}"
    assert posted(smtp_server) == [(person.address, subject), (ELSEWHERE, subject)]


def test_the_letter_says_what_the_link_is(person: Account, link: str, smtp_server: Outside) -> None:
    text = flat(smtp_server.letters[-1][1])

    assert f"{SITE}{link}" in text
    assert "works once, for one hour" in text
    assert "If it was not you, do nothing" in text


def test_the_link_begins_with_the_sites_own_address_whatever_the_client_says(
    client: Client, charlie: Account, with_recovery: Callable[..., Account], smtp_server: Outside, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    with_recovery(charlie)
    client.post(
        URL, {"identifier": charlie.address}, HTTP_HOST="evil.test", HTTP_X_FORWARDED_HOST="evil.test",
        HTTP_X_FORWARDED_PROTO="http", HTTP_REFERER="https://evil.test/",
    )  # fmt: skip
    posted(smtp_server)

    assert "evil.test" not in smtp_server.letters[-1][1].as_string()
    assert last_link(smtp_server).startswith("/link/")


def test_two_accounts_of_one_address_get_a_letter_each(
    client: Client, charlie: Account, with_recovery: Callable[..., Account], smtp_server: Outside
) -> None:
    with_recovery(charlie)
    with_recovery(make_superadmin("charlie@example.org"), "boss@elsewhere.test")

    ask(client, " Charlie@EXAMPLE.org ")

    assert [recipient for recipient, _subject in posted(smtp_server)] == ["boss@elsewhere.test", ELSEWHERE]


def test_audit_tells_that_a_link_was_sent_and_by_whom_it_was_used(
    charlie: Account, with_recovery: Callable[..., Account], client: Client, smtp_server: Outside
) -> None:
    with_recovery(charlie)
    ask(client, charlie.address)
    posted(smtp_server)
    link = last_link(smtp_server)
    client.get(link)
    client.post(SET, {"new": NEW, "again": NEW})

    sent, changed = Entry.objects.filter(action__in=("mailbox.reset_link", "mailbox.password")).order_by("id")
    assert (sent.object_key, sent.client_address, sent.after) == (charlie.address, "192.0.2.7", {"sent_to": ELSEWHERE})
    assert (changed.actor, changed.face) == (charlie.address, "link")
    assert link.split("/")[2] not in f"{list(Entry.objects.values())}"


# -- One answer for all
def test_the_answer_and_what_is_done_for_it_are_the_same_whoever_is_asked_for(
    client: Client,
    charlie: Account,
    root: Account,
    with_recovery: Callable[..., Account],
    django_assert_num_queries: Any,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with_recovery(charlie)
    found = []
    for number, identifier in enumerate(
        (charlie.address, root.address, "nobody@example.org", "x@nowhere.test", "no address", "' OR 1=1 --")
    ):
        before = Letter.objects.count()
        connection.run_on_commit.clear()  # this test's transaction never ends
        with django_capture_on_commit_callbacks() as callbacks, django_assert_num_queries(5) as queries:
            response = ask(client, identifier, f"192.0.2.{number}")
        shapes = [query["sql"].split()[0] for query in queries.captured_queries]
        page = client.get(response.url).content
        messages = [callback.message for callback in callbacks]
        found.append((response.status_code, response.url, page, shapes, messages, Letter.objects.count() - before))

    assert [each for each in found if each != found[0]] == []
    status, url, _page, shapes, messages, written = found[0]
    assert (status, url, len(shapes), written) == (302, SENT, 5, 1)
    assert messages == [("mailadmin.letters.tasks.send_letters", (), "mailadmin")]


@pytest.mark.parametrize("identifier", ["charlie@example.org", "nobody@example.org"])
def test_who_asks_too_often_waits_whether_the_account_exists_or_not(
    client: Client, charlie: Account, identifier: str
) -> None:
    for _ in range(3):
        assert ask(client, identifier).status_code == 302

    with nothing_written():
        response = ask(client, identifier)

    assert response.status_code == 429
    assert 3590 <= int(response["Retry-After"]) <= 3600
    assert [str(error) for error in response.context["form"].non_field_errors()] == [
        "So many links were asked for already. Try again in 60 minutes."
    ]
    assert ask(client, identifier, "192.0.2.8").status_code == 302


def test_one_client_asks_for_few_accounts(client: Client, db: None) -> None:
    for number in range(20):
        assert ask(client, f"user{number}@example.org", "2001:db8::1").status_code == 302

    assert ask(client, "user20@example.org", "2001:db8::2").status_code == 429
    assert ask(client, "user20@example.org", "2001:db8:0:1::2").status_code == 302

    Letter.objects.update(queued_at=timezone.now() - timedelta(hours=1))
    assert ask(client, "user20@example.org", "2001:db8::2").status_code == 302


def test_spellings_of_an_address_are_one(client: Client, db: None) -> None:
    for identifier in ("joe@example.org", "JOE@example.org", " joe@EXAMPLE.org. "):
        ask(client, identifier)

    assert ask(client, "joe@example.org").status_code == 429


def test_a_flood_from_everywhere_sends_five_links_and_tells_nobody(
    client: Client, charlie: Account, with_recovery: Callable[..., Account], smtp_server: Outside
) -> None:
    with_recovery(charlie)
    for number in range(9):
        assert ask(client, charlie.address, f"192.0.2.{number}").status_code == 302

    assert len(posted(smtp_server)) == 5


def test_what_was_typed_is_forgotten_with_the_request(client: Client, db: None, smtp_server: Outside) -> None:
    ask(client, "my password, by a slip")
    posted(smtp_server)

    assert "slip" not in f"{list(Letter.objects.values())}"


@pytest.mark.parametrize("identifier", ["", "x" * 321, "nul\0@example.org"])
def test_what_cannot_be_an_address_is_refused_at_its_field(client: Client, db: None, identifier: str) -> None:
    with nothing_written():
        response = ask(client, identifier)

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["identifier"]


# -- Who gets none
@pytest.mark.parametrize(
    "case",
    ["not confirmed", "mailbox off", "domain off", "account off", "leads back", "site without links"],
)
def test_who_may_not_be_sent_a_link_is_not(
    case: str,
    client: Client,
    charlie: Account,
    with_recovery: Callable[..., Account],
    smtp_server: Outside,
    settings: Any,
) -> None:
    mailbox = with_recovery(charlie).mailbox
    assert mailbox is not None
    if case == "not confirmed":
        Account.objects.update(confirmed_recovery_address="")
    elif case == "mailbox off":
        set_mailbox_active(mailbox=mailbox, active=False, actor=system())
    elif case == "domain off":
        edit_domain(domain=mailbox.domain, changes={"active": False}, actor=system())
    elif case == "account off":
        Account.objects.update(is_active=False)
    elif case == "leads back":
        Alias.objects.create(address=ELSEWHERE, goto=charlie.address, domain_id="elsewhere.test")
    ask(client, charlie.address)
    if case == "site without links":
        settings.SITE_URL = ""

    assert posted(smtp_server) == []
    assert not Link.objects.exists()


def test_a_site_without_links_says_so_and_keeps_nothing(client: Client, db: None, settings: Any) -> None:
    settings.SITE_URL = ""

    with nothing_written():
        response = ask(client, "charlie@example.org")

    assert "sends no links" in client.get(URL).content.decode()
    assert response.status_code == 200


def test_a_request_that_is_an_hour_old_is_dropped(
    client: Client, charlie: Account, with_recovery: Callable[..., Account], smtp_server: Outside
) -> None:
    with_recovery(charlie)
    ask(client, charlie.address)
    Letter.objects.update(queued_at=timezone.now() - timedelta(minutes=61))

    assert posted(smtp_server) == []


# -- Links that are not good
def _used(client: Client, link: str, account: Account) -> None:
    client.get(link)
    client.post(SET, {"new": "maple thunder orchid", "again": "maple thunder orchid"})


def _too_old(client: Client, link: str, account: Account) -> None:
    Link.objects.update(expires_at=timezone.now())


def _password_changed(client: Client, link: str, account: Account) -> None:
    if account.mailbox:
        set_mailbox_password(mailbox=account.mailbox, password="maple thunder orchid", actor=system())
    else:
        account.set_password("maple thunder orchid")
        account.save()


def _by_another_program(client: Client, link: str, account: Account) -> None:
    stored = schemes.hash_password("maple thunder orchid")
    Mailbox.objects.update(password=stored)
    Account.objects.update(password=stored)


def _recovery_changed(client: Client, link: str, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(confirmed_recovery_address="new@elsewhere.test")


def _account_off(client: Client, link: str, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(is_active=False)


@pytest.mark.parametrize(
    "spoil", [_used, _too_old, _password_changed, _by_another_program, _recovery_changed, _account_off]
)
@pytest.mark.parametrize("opened", ["opened before", "opened after"])
def test_a_link_that_is_not_good_gets_one_answer_and_changes_nothing(
    spoil: Callable[..., None], opened: str, person: Account, link: str
) -> None:
    browser = Client()
    if opened == "opened before":
        browser.get(link)
    spoil(Client(), link, person)

    with nothing_written():
        first = browser.get(link)
        page = browser.get(SET)
        act = browser.post(SET, {"new": NEW, "again": NEW})

    assert [response.url for response in (first, page, act)] == [URL] * 3  # type: ignore[attr-defined]
    assert [told(response)[-1] for response in (first, page, act)] == [ENDED] * 3
    assert not signs_in(person.address, NEW)


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "é", "a" * 5000])
def test_a_link_of_somebodys_own_making_gets_the_same_answer(client: Client, db: None, token: str) -> None:
    with nothing_written():
        response = client.get(f"/link/{token}/")

    assert response.url == URL  # type: ignore[attr-defined]
    assert told(response) == [ENDED]
    assert client.get(SET).url == URL  # type: ignore[attr-defined]


def test_a_link_to_confirm_an_address_sets_no_password(
    client: Client, charlie: Account, with_recovery: Callable[..., Account], smtp_server: Outside
) -> None:
    with_recovery(charlie)
    ask(client, charlie.address)
    posted(smtp_server)
    link = last_link(smtp_server)
    Link.objects.update(purpose="confirm_recovery")

    client.get(link)

    assert told(client.get(SET))[-1] == ENDED


def test_to_open_a_link_uses_nothing_up(link: str, client: Client) -> None:
    for _ in range(3):
        assert Client().get(link).url == SET  # type: ignore[attr-defined]
        assert Client().head(link).status_code == 302
    client.get(link)

    assert client.post(SET, {"new": NEW, "again": NEW}).url == "/sign-in/"  # type: ignore[attr-defined]


def test_the_page_has_no_token_in_its_url_nor_in_its_text(link: str, client: Client) -> None:
    client.get(link)
    page = client.get(SET)

    assert link.split("/")[2] not in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"
    assert "no-store" in page["Cache-Control"]


# -- What it does not open
def test_the_second_factor_is_still_asked_for(person: Account, link: str, client: Client) -> None:
    secret = pyotp.random_base32()
    Mailbox.objects.filter(pk=person.mailbox_id).update(totp_secret=secret)
    Account.objects.filter(pk=person.pk, mailbox=None).update(totp_secret=secret)
    client.get(link)
    client.post(SET, {"new": NEW, "again": NEW})

    response = client.post("/sign-in/", {"identifier": person.address, "password": NEW})

    assert response.url.startswith("/sign-in/factor/")  # type: ignore[attr-defined]
    assert "_auth_user_id" not in client.session


# -- The new password
@pytest.mark.parametrize(
    ("new", "again", "field", "code"),
    [
        ("short", "short", "new", "password_short"),
        (NEW, "something else", "again", "password_differs"),
        ("", "", "new", "required"),
    ],
)
def test_a_password_is_judged_as_any_and_the_link_stays_good(
    new: str, again: str, field: str, code: str, link: str, client: Client
) -> None:
    client.get(link)
    with nothing_written():
        response = client.post(SET, {"new": new, "again": again})

    assert [error.code for error in response.context["form"].errors.as_data()[field]] == [code]
    assert client.post(SET, {"new": NEW, "again": NEW}).url == "/sign-in/"  # type: ignore[attr-defined]


def test_the_own_address_is_no_password(person: Account, link: str, client: Client) -> None:
    client.get(link)
    response = client.post(SET, {"new": person.address, "again": person.address})

    assert list(response.context["form"].errors) == ["new"]


def test_a_link_that_could_not_be_sent_is_no_link(
    client: Client, charlie: Account, with_recovery: Callable[..., Account], settings: Any
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 9,
    )  # fmt: skip
    with_recovery(charlie)
    ask(client, charlie.address)

    assert outbox.send_due() == 0
    assert not Link.objects.exists()
    assert Letter.objects.open().get().kind == Kind.RESET


@pytest.fixture
def link_of_another_connection(transactional_db: None, settings: Any, smtp_server: Outside) -> str:
    settings.SITE_URL = SITE
    mailbox = make_mailbox("joe@example.org")
    Mailbox.objects.filter(pk=mailbox.pk).update(email_other=ELSEWHERE)
    Account.objects.create(mailbox=mailbox, role="mailbox_user", confirmed_recovery_address=ELSEWHERE)
    ask(Client(), "joe@example.org")
    posted(smtp_server)
    return last_link(smtp_server)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_use_a_link_at_once_one_does(link_of_another_connection: str) -> None:
    token = link_of_another_connection.split("/")[2]
    passwords, results = [f"{NEW} {number}" for number in range(4)], []

    def use(password: str) -> None:
        try:
            set_password_by_link(token=token, new=password, client_address="192.0.2.7")
            results.append(password)
        except Exception as error:
            results.append(getattr(error, "code", repr(error)))
        finally:
            connection.close()

    threads = [Thread(target=use, args=[password]) for password in passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [result for result in results if result in passwords]
    assert len(winners) == 1
    assert sorted(set(results) - set(winners)) == ["link_ended"]
    assert schemes.verify(winners[0], Mailbox.objects.get(pk="joe@example.org").password)
