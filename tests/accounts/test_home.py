"""The first page of the portal, and the way to all that keeps an account safe."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from domains.models import Domain
from mailadmin.accounts.changes import by_others
from mailadmin.accounts.models import Account, SignIn
from mailadmin.accounts.services import change_own_password
from mailboxes.models import Mailbox, MailboxUsage
from mailboxes.services import delete_mailbox, edit_mailbox, set_forwarding, set_mailbox_password
from tests.factories import PASSWORD, actor_of, make_administrator, make_domain, make_mailbox, system
from vacations.models import Vacation

pytestmark = pytest.mark.django_db

URL = "/account/"
GB = 1_024_000 * 1024


def text_of(response):
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def home(charlie, signed_in):
    client = signed_in(charlie)
    return lambda: client.get(URL)


# -- The mailbox ----------------------------------------------------------------------------------------------
def test_the_space_in_use_is_a_bar(home, charlie):
    Mailbox.objects.update(quota_bytes=2 * GB)
    MailboxUsage.objects.create(address=charlie.address, bytes=GB)

    page = home()

    assert '<progress class="" max="100" value="50" aria-label="Space in use">50 %</progress>' in text_of(page)
    assert not page.context["is_nearly_full"]


def test_a_mailbox_that_is_nearly_full_is_said_so(home, charlie):
    Mailbox.objects.update(quota_bytes=GB)
    MailboxUsage.objects.create(address=charlie.address, bytes=int(0.9 * GB))

    assert "Your mailbox is nearly full" in text_of(home())


def test_forwarding_and_vacation_say_how_they_are(home, charlie):
    now = timezone.now()
    set_forwarding(mailbox=charlie.mailbox, targets=["other@elsewhere.test"], keep_copy=False, actor=system())
    Vacation.objects.create(
        address=charlie.address,
        domain=charlie.mailbox.domain,
        subject="Away",
        from_at=now - timedelta(days=1),
        until_at=now + timedelta(days=1),
    )

    page = home()

    assert (page.context["targets"], page.context["keeps_copy"]) == (["other@elsewhere.test"], False)
    assert page.context["vacation"].state == "on"
    assert "other@elsewhere.test" in text_of(page)
    assert "no copy here" in text_of(page)
    assert "until " in text_of(page)


def test_a_mailbox_without_forwarding_row_or_usage_has_its_page(home, charlie):
    charlie.mailbox.domain.aliases.all().delete()
    page = home()

    assert (page.context["targets"], page.context["keeps_copy"], page.context["usage"]) == ([], True, None)
    assert page.context["vacation"].state == "off"


def test_the_mail_program_is_told_the_server_and_the_ports(home, charlie, settings):
    settings.MAIL_SERVER_NAME = "mail.example.org"
    text = text_of(home())

    for told in (f"<code>{charlie.address}</code>", "<code>mail.example.org</code>", "993, SSL/TLS", "587, STARTTLS"):
        assert told in text


def test_who_may_not_send_is_told_so_and_of_no_server_for_it(home):
    Mailbox.objects.update(smtp_active=False)
    text = text_of(home())

    assert "Sending is switched off for this mailbox" in text
    assert "587" not in text


@pytest.mark.parametrize(("days", "warned"), [(13, True), (15, False)])
def test_a_password_that_expires_soon_is_said_so(home, charlie, days, warned):
    Domain.objects.update(password_expiry_days=90)
    Mailbox.objects.update(password_expires_at=timezone.now() + timedelta(days=days))

    assert ("Your password expires on" in text_of(home())) == warned


# -- The last sign-ins ----------------------------------------------------------------------------------------
def test_the_last_five_sign_ins_have_address_and_time(charlie):
    client = Client()
    for number in range(6):
        client = Client()
        client.post(
            "/sign-in/", {"identifier": charlie.address, "password": PASSWORD}, REMOTE_ADDR=f"198.51.100.{number}"
        )
    client.post("/account/confirm/", {"password": PASSWORD})  # no sign-in

    page = client.get(URL)

    addresses = [sign_in.client_address for sign_in in page.context["sign_ins"]]
    assert addresses == [f"198.51.100.{number}" for number in (5, 4, 3, 2, 1)]
    assert "198.51.100.5" in text_of(page)


def test_who_tried_in_vain_is_told(home, charlie):
    assert "failed attempt" not in text_of(home())
    for _ in range(2):
        Client().post("/sign-in/", {"identifier": charlie.address, "password": "wrong"}, REMOTE_ADDR="203.0.113.5")
    SignIn.objects.create(
        identifier=charlie.address, client_address="x", succeeded=False, at=timezone.now() - timedelta(days=31)
    )

    page = home()

    assert page.context["failures"] == 2
    assert "2 failed attempts in the last 30 days, the last on" in text_of(page)
    assert "from 203.0.113.5." in text_of(page)


def test_the_sign_ins_of_whom_had_the_address_before_are_not_shown(charlie, signed_in):
    make_mailbox("joe@example.org")
    Client().post("/sign-in/", {"identifier": "joe@example.org", "password": PASSWORD}, REMOTE_ADDR="198.51.100.1")
    edit_mailbox(mailbox=Mailbox.objects.get(pk="joe@example.org"), changes={"name": "First"}, actor=system())
    delete_mailbox(mailbox=Mailbox.objects.get(pk="joe@example.org"), actor=system())
    make_mailbox("joe@example.org")
    client = Client()
    client.post("/sign-in/", {"identifier": "joe@example.org", "password": PASSWORD}, REMOTE_ADDR="198.51.100.2")

    page = client.get(URL)

    assert [sign_in.client_address for sign_in in page.context["sign_ins"]] == ["198.51.100.2"]
    assert [entry.action for entry in page.context["changes"]] == ["mailbox.create"]


# -- What others changed --------------------------------------------------------------------------------------
def test_what_an_administrator_changed_is_said_in_words(home, charlie, alice):
    mailbox, actor = charlie.mailbox, actor_of(alice)
    edit_mailbox(mailbox=mailbox, changes={"quota_bytes": 2 * GB, "smtp_active": False}, actor=actor)
    set_forwarding(mailbox=mailbox, targets=["other@elsewhere.test"], keep_copy=True, actor=actor)

    page = home()

    changes = page.context["changes"][:2]
    found = [(each.action, [words.replace("\xa0", " ") for words in each.words], each.by) for each in changes]
    assert found == [
        ("mailbox.forwarding", ["Forwarded to other@elsewhere.test, with a copy here"], alice.address),
        ("mailbox.edit", ["Space: 2 GB", "It may not send"], alice.address),
    ]
    assert "It may not send · alice@example.net" in text_of(page)


@pytest.mark.parametrize(
    ("targets", "keep_copy", "words"),
    [
        (["a@elsewhere.test", "b@elsewhere.test"], True, "a@elsewhere.test, b@elsewhere.test, with a copy here"),
        (["a@elsewhere.test"], False, "a@elsewhere.test, with no copy here"),
    ],
)
def test_forwarding_is_said_in_words(charlie, targets, keep_copy, words):
    set_forwarding(mailbox=charlie.mailbox, targets=targets, keep_copy=keep_copy, actor=system())
    assert by_others(charlie.mailbox)[0].words == [f"Forwarded to {words}"]

    set_forwarding(mailbox=charlie.mailbox, targets=[], keep_copy=True, actor=system())
    assert by_others(charlie.mailbox)[0].words == ["Not forwarded"]


def test_what_the_person_or_the_server_did_is_not_among_it(home, charlie):
    call_command("mailbox", "edit", charlie.address, "--name", "Charles")
    change_own_password(account=charlie, current=PASSWORD, new="blue lamp under seven trees", actor=actor_of(charlie))
    client = Client()
    client.post("/sign-in/", {"identifier": charlie.address, "password": "blue lamp under seven trees"})

    changes = client.get(URL).context["changes"]

    assert [(entry.action, entry.words, entry.by) for entry in changes] == [
        ("mailbox.edit", ["Name: Charles"], ""),
        ("mailbox.create", [], ""),
    ]


def test_no_secret_is_among_the_words(charlie, alice):
    set_mailbox_password(
        mailbox=charlie.mailbox, password="quite another password", must_change=True, actor=actor_of(alice)
    )
    entry = by_others(charlie.mailbox)[0]

    assert entry.words == ["To be changed at the next sign-in"]


def test_the_page_takes_as_many_queries_for_many_changes(home, charlie, alice, django_assert_num_queries):
    home()
    with django_assert_num_queries(9):
        home()
    for number in range(3):
        edit_mailbox(mailbox=charlie.mailbox, changes={"name": f"Name {number}"}, actor=actor_of(alice))
        SignIn.objects.create(identifier=charlie.address, client_address="192.0.2.1", succeeded=True)
        SignIn.objects.create(identifier=charlie.address, client_address="192.0.2.1", succeeded=False)
    with django_assert_num_queries(9):
        assert len(home().context["changes"]) == 4


# -- Administrators -------------------------------------------------------------------------------------------
def test_an_administrator_sees_the_own_domains(signed_in):
    make_domain("other.org")
    bob = make_administrator("bob@example.net", make_domain("example.org"))

    text = text_of(signed_in(bob).get(URL))

    assert "example.org" in text
    assert "other.org" not in text
    assert "Set up a mail program" not in text
    assert "/account/second-factor/" in text


# -- Security and the navigation ------------------------------------------------------------------------------
def states(response):
    return {str(row["url"]): row["state"] for row in response.context["rows"]}


def test_the_page_of_security_leads_to_all_and_says_how_it_is(charlie, signed_in):
    client = signed_in(charlie)
    assert states(client.get("/account/security/")) == {
        "/account/password/": "It does not expire.",
        "/account/second-factor/": "Off: whoever learns your password is in.",
        "/account/recovery/": "None: if you forget your password, only an administrator can help.",
        "/account/app-passwords/": "None: your mail programs use the password of the mailbox.",
        "/account/sessions/": "1 browser is signed in.",
    }


def test_what_is_set_up_is_said(charlie, signed_in):
    Domain.objects.update(password_expiry_days=90)
    Mailbox.objects.update(
        password_expires_at=timezone.now() + timedelta(days=80), email_other="me@elsewhere.test", totp_secret="A" * 32
    )
    client = signed_in(charlie)
    found = states(client.get("/account/security/"))
    assert found["/account/password/"].startswith("It expires on ")
    assert found["/account/second-factor/"] == "On: a stolen password is not enough."
    assert found["/account/recovery/"] == "me@elsewhere.test is not confirmed yet."

    Account.objects.filter(pk=charlie.pk).update(confirmed_recovery_address="me@elsewhere.test")

    found = states(client.get("/account/security/"))
    assert found["/account/recovery/"] == "me@elsewhere.test gets a link if you forget your password."


def test_an_administrator_has_no_app_passwords(alice, signed_in):
    assert "/account/app-passwords/" not in states(signed_in(alice).get("/account/security/"))


def entries(response):
    return {entry.url: entry.current for group in response.context["nav"]() for entry in group}


def test_the_navigation_of_the_portal_leads_to_its_pages(charlie, signed_in):
    client = signed_in(charlie)
    pages = entries(client.get(URL))
    assert list(pages) == [
        "/account/",
        "/account/vacation/",
        "/account/forwarding/",
        "/account/app-passwords/",
        "/account/security/",
        "/account/preferences/",
    ]
    for url in pages:
        assert entries(client.get(url)) == {**dict.fromkeys(pages, ""), url: "page"}


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("accounts:password", "/account/security/"),
        ("accounts:sessions", "/account/security/"),
        ("accounts:factors", "/account/security/"),
        ("accounts:totp_add", "/account/security/"),
        ("accounts:recovery", "/account/security/"),
        ("app_passwords:add", "/account/app-passwords/"),
    ],
)
def test_a_page_below_an_entry_marks_it(charlie, signed_in, name, entry):
    marked = {url for url, current in entries(signed_in(charlie).get(reverse(name))).items() if current}

    assert marked == {entry}
