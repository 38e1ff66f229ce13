"""Sessions: what the table keeps of them, when they end, and which ends with what."""

from datetime import timedelta

import pytest
from django.conf import settings as site_settings
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.utils import timezone

from domains.services import set_domain_active
from mailadmin.accounts.models import Session
from mailadmin.accounts.sessions import end_sessions
from mailadmin.accounts.tasks import forget_sessions
from mailadmin.audit.models import Entry
from mailboxes.services import set_mailbox_active
from tests.factories import PASSWORD, make_mailbox, system

pytestmark = pytest.mark.django_db

OWN = "/account/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(address, **headers):
    client = Client(headers={"User-Agent": FIREFOX})
    assert client.post("/sign-in/", {"identifier": address, "password": PASSWORD}, **headers).status_code == 302
    return client


def cookie(client):
    return client.cookies[site_settings.SESSION_COOKIE_NAME]


def is_signed_in(client):
    return client.get(OWN).status_code == 200


def age(**times):
    """Make every session older."""
    now = timezone.now()
    Session.objects.update(**{name: now - timedelta(minutes=minutes) for name, minutes in times.items()})


def test_a_session_keeps_whose_it_is_from_where_and_by_what(charlie):
    sign_in(charlie.address, REMOTE_ADDR="198.51.100.7")

    session = Session.objects.get()

    assert (session.account, session.client_address, session.user_agent) == (charlie, "198.51.100.7", FIREFOX)
    assert session.created_at == session.authenticated_at
    assert timezone.now() - session.created_at < timedelta(seconds=10)


def test_the_table_has_no_key_that_opens_a_session(charlie):
    key = cookie(sign_in(charlie.address)).value
    stored = Session.objects.get()

    assert key not in f"{stored.session_key}{stored.session_data}{stored.get_decoded()}"
    thief = Client()
    thief.cookies[site_settings.SESSION_COOKIE_NAME] = stored.session_key
    assert not is_signed_in(thief)
    thief.cookies[site_settings.SESSION_COOKIE_NAME] = key
    assert is_signed_in(thief)


def test_the_key_is_a_new_one_after_the_sign_in(charlie):
    client = Client()
    client.cookies[site_settings.SESSION_COOKIE_NAME] = "chosenbytheattacker0123456789abc"

    client.post("/sign-in/", {"identifier": charlie.address, "password": PASSWORD})

    assert cookie(client).value != "chosenbytheattacker0123456789abc"
    assert is_signed_in(client)


def test_a_session_ends_so_long_after_the_sign_in_however_busy(charlie):
    client = sign_in(charlie.address)
    ends = Session.objects.get().expire_date
    assert ends - timezone.now() < timedelta(hours=12)

    session = client.session
    session["changed"] = True
    session.save()
    assert Session.objects.get().expire_date == ends

    Session.objects.update(expire_date=timezone.now())
    assert not is_signed_in(client)


def test_a_session_ends_when_nobody_uses_it(charlie):
    client = sign_in(charlie.address)
    age(seen_at=59)
    assert is_signed_in(client)
    age(seen_at=60)
    assert not is_signed_in(client)


def test_idle_minutes_are_a_setting(charlie, settings):
    settings.SESSION_IDLE_MINUTES = 5
    client = sign_in(charlie.address)
    age(seen_at=5)

    assert not is_signed_in(client)


def test_being_seen_is_written_once_a_minute(charlie, django_assert_num_queries):
    client = sign_in(charlie.address)
    age(seen_at=2)
    before = Session.objects.get().seen_at

    client.get("/account/confirm/")
    seen = Session.objects.get().seen_at
    assert seen - before > timedelta(minutes=1)

    with django_assert_num_queries(2):  # the session and the account
        client.get("/account/confirm/")
    assert Session.objects.get().seen_at == seen


def test_sign_out_takes_the_row_away(charlie):
    client, other = sign_in(charlie.address), sign_in(charlie.address)

    client.post("/sign-out/")

    assert Session.objects.count() == 1
    assert is_signed_in(other)


def test_all_sessions_of_one_account_end_but_the_kept_one(charlie, alice):
    here, there, alices = sign_in(charlie.address), sign_in(charlie.address), sign_in(alice.address)

    assert end_sessions(charlie, keep_key=cookie(here).value) == 1

    assert [is_signed_in(client) for client in (here, there, alices)] == [True, False, True]
    assert end_sessions(charlie) == 1
    assert not is_signed_in(here)


def test_what_is_over_is_forgotten(charlie):
    for _ in range(3):
        sign_in(charlie.address)
    expired, idle, living = Session.objects.all()
    Session.objects.filter(pk=expired.pk).update(expire_date=timezone.now())
    Session.objects.filter(pk=idle.pk).update(seen_at=timezone.now() - timedelta(minutes=60))

    forget_sessions()
    forget_sessions()

    assert list(Session.objects.all()) == [living]


def test_a_session_without_account_is_no_idle_one(charlie):
    """The steps before the sign-in are not many, and they have times of their own."""
    session = Client().session
    session["next"] = "/account/"
    session.save()
    age(seen_at=120)

    forget_sessions()

    assert Session.objects.get().account is None


def test_a_session_goes_with_its_account(charlie):
    client = sign_in(charlie.address)
    charlie.delete()

    assert not Session.objects.exists()
    assert not is_signed_in(client)


# -- The page -------------------------------------------------------------------------------------------------
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"
URL = "/account/sessions/"


def sign_in_by_phone(account):
    client = Client(headers={"User-Agent": IPHONE})
    client.post("/sign-in/", {"identifier": account.address, "password": PASSWORD}, REMOTE_ADDR="198.51.100.9")
    return client


def digest_of(client):
    return Session.digest(cookie(client).value)


def test_the_page_says_in_words_where_one_is_signed_in(charlie, alice):
    here = sign_in(charlie.address)
    sign_in_by_phone(charlie)
    sign_in(alice.address)

    rows = here.get(URL).context["sessions"]

    assert sorted((row["browser"], row["session"].client_address, row["is_this"]) for row in rows) == [
        ("Firefox on Linux", "127.0.0.1", True),
        ("Safari on iPhone", "198.51.100.9", False),
    ]


def test_what_is_over_is_not_on_the_page(charlie):
    here, other = sign_in(charlie.address), sign_in(charlie.address)
    Session.objects.filter(pk=digest_of(other)).update(seen_at=timezone.now() - timedelta(hours=2))

    assert [row["is_this"] for row in here.get(URL).context["sessions"]] == [True]
    assert b"End all the others" not in here.get(URL).content


@pytest.mark.parametrize("others", [1, 3])
def test_the_page_takes_as_many_queries_for_many_sessions(charlie, others, django_assert_num_queries):
    here = sign_in(charlie.address)
    for _ in range(others):
        sign_in(charlie.address)

    with django_assert_num_queries(3):  # the session, the account, the list
        assert len(here.get(URL).context["sessions"]) == others + 1


def test_very_many_sessions_are_not_all_shown(charlie, monkeypatch):
    monkeypatch.setattr("mailadmin.accounts.views.sessions.SHOWN_AT_MOST", 2)
    clients = [sign_in(charlie.address) for _ in range(3)]
    page = clients[-1].get(URL)

    assert len(page.context["sessions"]) == 2
    assert b"There are more" in page.content


def test_one_session_is_ended_and_the_audit_says_which(charlie):
    here, phone, third = sign_in(charlie.address), sign_in_by_phone(charlie), sign_in(charlie.address)

    response = here.post(f"{URL}{digest_of(phone)}/end/", follow=True)

    assert "The session is ended: Safari on iPhone." in response.content.decode()
    assert [is_signed_in(client) for client in (here, phone, third)] == [True, False, True]
    entry = Entry.objects.get(action="mailbox.sessions")
    assert (entry.actor, entry.object_key, entry.domain_name) == (charlie.address, charlie.address, "example.org")
    assert entry.before == {"client_address": "198.51.100.9", "user_agent": IPHONE}


def test_all_the_others_are_ended(charlie, alice):
    here, phone, third = sign_in(charlie.address), sign_in_by_phone(charlie), sign_in(charlie.address)
    alices = sign_in(alice.address)

    response = here.post(f"{URL}end/", follow=True)

    assert "2 other sessions are ended." in response.content.decode()
    assert [is_signed_in(client) for client in (here, phone, third, alices)] == [True, False, False, True]
    assert Entry.objects.get(action="mailbox.sessions").before == {"sessions": 2}
    here.post(f"{URL}end/")
    assert Entry.objects.filter(action="mailbox.sessions").count() == 1


def test_an_administrators_sessions_are_in_the_audit_as_such(alice):
    here, _other = sign_in(alice.address), sign_in(alice.address)
    here.post(f"{URL}end/")

    entry = Entry.objects.get(action="administrator.sessions")
    assert (entry.actor, entry.object_key, entry.object_type) == (alice.address, alice.address, "account")


def test_the_own_session_is_ended_by_the_sign_out_alone(charlie):
    here = sign_in(charlie.address)
    here.post(f"{URL}{digest_of(here)}/end/")

    assert is_signed_in(here)


def test_nobody_ends_the_session_of_somebody_else(charlie, alice):
    charlies, alices = sign_in(charlie.address), sign_in(alice.address)

    for digest in (digest_of(alices), "0" * 40, cookie(alices).value):
        assert charlies.post(f"{URL}{digest}/end/").status_code == 404
    assert is_signed_in(alices)
    assert not Entry.objects.filter(action__endswith=".sessions").exists()


def test_the_page_has_no_key_of_a_session(charlie):
    here, other = sign_in(charlie.address), sign_in(charlie.address)
    content = here.get(URL).content.decode()

    assert digest_of(other) in content
    assert cookie(other).value not in content
    assert cookie(here).value not in content


def test_a_request_that_is_under_way_while_its_session_ends_writes_nothing(charlie):
    """It could bring the session back."""
    client = sign_in(charlie.address)
    session = client.session
    session["late"] = True
    end_sessions(charlie)

    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


# -- With the mailbox and the domain ----------------------------------------------------------------------------
def test_sessions_end_when_the_mailbox_is_switched_off_and_do_not_come_back(charlie, alice):
    client, alices = sign_in(charlie.address), sign_in(alice.address)
    make_mailbox("joe@example.org")
    joes = sign_in("joe@example.org")

    set_mailbox_active(mailbox=charlie.mailbox, active=False, actor=system())
    set_mailbox_active(mailbox=charlie.mailbox, active=True, actor=system())

    assert [is_signed_in(each) for each in (client, alices, joes)] == [False, True, True]


def test_sessions_end_when_the_domain_is_switched_off_and_do_not_come_back(charlie, alice):
    client, alices = sign_in(charlie.address), sign_in(alice.address)
    make_mailbox("joe@example.com")
    joes = sign_in("joe@example.com")

    set_domain_active(domain=charlie.mailbox.domain, active=False, actor=system())
    set_domain_active(domain=charlie.mailbox.domain, active=True, actor=system())

    assert [is_signed_in(each) for each in (client, alices, joes)] == [False, True, True]
