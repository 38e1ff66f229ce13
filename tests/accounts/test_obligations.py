"""What comes before everything else: a password of one's own, then a second factor where the role asks for it."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import resolve, reverse
from django.utils import timezone

from domains.models import Domain
from mailadmin.accounts.models import Account, Passkey, Session
from mailadmin.accounts.obligations import obligation_of
from mailadmin.accounts.services import (
    set_administrator_active,
    set_administrator_must_change,
    set_administrator_password,
)
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from mailboxes.services import set_mailbox_password, set_must_change
from tests.factories import PASSWORD, system
from tests.test_permissions import ACT, TABLE

pytestmark = pytest.mark.django_db

NEW = "blue lamp under seven trees"
URL = "/account/password/"
PAYLOAD = {"current": PASSWORD, "new": NEW, "again": NEW}


@pytest.fixture
def expired(charlie):
    Domain.objects.update(password_expiry_days=30)
    Mailbox.objects.filter(pk=charlie.address).update(password_expires_at=timezone.now() - timedelta(seconds=1))
    return charlie


@pytest.fixture
def obliged(charlie):
    set_must_change(mailbox=charlie.mailbox, must_change=True, actor=system())
    return charlie


def test_who_has_to_change_the_password_signs_in_and_is_led_to_it(obliged, client):
    response = client.post("/sign-in/", {"identifier": obliged.address, "password": PASSWORD})
    response = client.get(response.url)

    assert response.url == f"{URL}?next=%2Faccount%2F"
    page = client.get(response.url)
    assert page.status_code == 200
    assert "Somebody else set your password." in page.content.decode()
    assert "<nav" not in page.content.decode()


def test_an_expired_password_still_signs_in_here_and_is_changed_first(expired, client):
    client.post("/sign-in/", {"identifier": expired.address, "password": PASSWORD})

    page = client.get(URL)
    assert "Your password has expired" in page.content.decode()
    response = client.post(URL, {**PAYLOAD, "next": "/account/"})

    assert response.url == "/account/"
    assert client.get("/account/").status_code == 200
    assert obligation_of(Account.objects.get(pk=expired.pk)) is None


def test_no_other_page_is_open_and_nothing_else_can_be_done(obliged, signed_in, things):
    client = signed_in(obliged)
    leading_elsewhere, asked = {}, 0
    for name, row in TABLE.items():
        url = reverse(name, args=[things.get(arg, arg) for arg in row.args])
        needs_sign_in = getattr(resolve(url).func, "login_required", True)
        if name == "accounts:password" or not needs_sign_in:
            continue
        response = client.post(url) if row.methods == ACT else client.get(url)
        asked += 1
        if response.status_code != 302 or not response.url.startswith(URL):
            leading_elsewhere[name] = response.status_code

    assert leading_elsewhere == {}
    assert asked > 80


def test_the_sign_out_stays_open(obliged, signed_in):
    client = signed_in(obliged)

    assert client.post("/sign-out/").url == "/sign-in/"
    assert client.get("/account/").url == "/sign-in/?next=/account/"


def test_a_session_that_is_open_is_obliged_with_its_next_request(charlie, signed_in):
    client = signed_in(charlie)
    assert client.get("/account/").status_code == 200
    set_must_change(mailbox=charlie.mailbox, must_change=True, actor=system())

    assert client.get("/account/").status_code == 302


def test_the_same_password_again_does_not_do(obliged, signed_in):
    client = signed_in(obliged)
    response = client.post(URL, {"current": PASSWORD, "new": PASSWORD, "again": PASSWORD})

    assert response.context["form"].errors.as_data()["new"][0].code == "password_same"
    assert client.get("/account/").status_code == 302


def test_an_administrator_is_obliged_as_well(alice, root, client):
    set_administrator_password(account=alice, password="quite another password", must_change=True, actor=system())
    client.post("/sign-in/", {"identifier": alice.address, "password": "quite another password"})

    assert client.get("/mailboxes/").url == f"{URL}?next=%2Fmailboxes%2F"
    response = client.post(URL, {**PAYLOAD, "current": "quite another password", "next": "/mailboxes/"})

    assert response.url == "/mailboxes/"
    assert client.get("/mailboxes/").status_code == 200


def test_an_administrators_password_set_without_it_obliges_nobody(alice, client):
    set_administrator_must_change(account=alice, must_change=True, actor=system())
    set_administrator_password(account=alice, password="quite another password", actor=system())
    client.post("/sign-in/", {"identifier": alice.address, "password": "quite another password"})

    assert client.get("/mailboxes/").status_code == 200


def test_the_pages_of_administrators_set_it(root, alice, charlie, signed_in):
    client = signed_in(root)
    payload = {"password": NEW, "again": NEW, "must_change": "on"}

    client.post(reverse("accounts:administrator_password", args=[alice.pk]), payload)
    client.post(reverse("mailboxes:password", args=[charlie.address]), payload)

    assert set(Account.objects.filter(password_change_required=True)) == {alice, charlie}
    page = client.get(reverse("mailboxes:password", args=[charlie.address])).content.decode()
    assert 'name="must_change" class="checkboxinput form-check-input"' in page
    assert "checked" in page


def test_the_second_factor_comes_after_the_password(obliged, settings, signed_in):
    settings.SECOND_FACTOR_REQUIRED = ["mailbox_user"]
    client = signed_in(obliged)
    assert client.get("/account/").url.startswith(URL)

    client.post(URL, PAYLOAD)

    assert client.get("/account/").url == "/account/second-factor/?next=%2Faccount%2F"
    for name in ("accounts:factors", "accounts:totp_add", "accounts:confirm"):
        assert client.get(reverse(name)).status_code == 200


def test_a_role_that_needs_a_second_factor_can_do_nothing_before(alice, charlie, settings, signed_in):
    settings.SECOND_FACTOR_REQUIRED = ["domain_admin"]
    client = signed_in(alice)
    assert client.get("/mailboxes/").url == "/account/second-factor/?next=%2Fmailboxes%2F"
    assert signed_in(charlie).get("/account/").status_code == 200

    Passkey.objects.create(account=alice, name="key", credential_id="1", public_key="1")

    assert client.get("/mailboxes/").status_code == 200


def test_who_is_not_obliged_costs_no_query(charlie, signed_in, django_assert_num_queries):
    client = signed_in(charlie)

    with django_assert_num_queries(2):  # the session and the account
        assert client.get("/account/confirm/").status_code == 200


def test_set_password_by_administrator_does_not_show_it(charlie, alice, signed_in):
    set_mailbox_password(mailbox=charlie.mailbox, password=NEW, must_change=True, actor=system())

    assert NEW not in signed_in(alice).get(reverse("mailboxes:password", args=[charlie.address])).content.decode()


def test_the_command_obliges_an_administrator(alice):
    def required():
        return Account.objects.get(pk=alice.pk).password_change_required

    call_command("admin", "edit", alice.email, "--must-change")
    assert required()
    call_command("admin", "edit", alice.email, "--no-must-change")
    assert not required()

    entries = Entry.objects.filter(action="administrator.must_change").order_by("pk")
    assert [entry.after for entry in entries] == [{"password_change_required": value} for value in (True, False)]


def test_the_command_sets_a_password_that_is_to_be_changed(alice, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{NEW}\n"))
    call_command("admin", "edit", alice.email, "--password-stdin", "--must-change")

    account = Account.objects.get(pk=alice.pk)
    assert account.password_change_required
    assert account.check_password(NEW)


@pytest.mark.parametrize("act", ["password", "switch off"])
def test_what_an_administrator_loses_ends_the_sessions(alice, charlie, signed_in, act):
    signed_in(alice)
    signed_in(charlie)
    if act == "password":
        set_administrator_password(account=alice, password=NEW, actor=system())
    else:
        set_administrator_active(account=alice, active=False, actor=system())

    assert [session.account for session in Session.objects.all()] == [charlie]
