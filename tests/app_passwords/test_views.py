"""The pages about app passwords, by what a person sees and does on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import formats, timezone

from app_passwords.models import AppPassword, AppPasswordUse
from app_passwords.secret import stored
from mailadmin.accounts.models import Account
from mailboxes.models import Mailbox
from tests.factories import make_mailbox
from tests.refusals import nothing_written

pytestmark = pytest.mark.django_db
ADD, OWN = reverse("app_passwords:add"), reverse("app_passwords:own")


@pytest.fixture
def client(signed_in: Callable[[Account], Client], charlie: Account) -> Client:
    return signed_in(charlie)


def payload(**overrides: Any) -> dict[str, Any]:
    return {"name": "Phone", "protocols": ["imap", "smtp"], "expires_on": ""} | overrides


def make(name: str = "Phone", **fields: Any) -> AppPassword:
    fields.setdefault("password", stored(name))
    return AppPassword.objects.create(address="charlie@example.org", name=name, **fields)


def test_a_new_one_is_shown_once_and_nowhere_else(client: Client) -> None:
    response = client.post(ADD, payload())

    secret = response.context["secret"]
    assert response.content.decode().count(secret) == 1
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    row = AppPassword.objects.get()
    assert (row.password, row.expires_at) == (stored(secret), None)
    assert [str(each) for each in row.protocols] == ["imap", "smtp"]
    shown = client.get(OWN).content.decode()
    assert "Phone" in shown
    assert secret not in shown
    assert str(row.password) not in shown
    assert secret not in str(dict(client.session))


def test_the_page_says_what_else_the_mail_program_asks_for(client: Client, settings: Any) -> None:
    settings.MAIL_SERVER_NAME, settings.DAV_APP_PASSWORDS = "mail.example.org", True

    page = client.post(ADD, payload(protocols=["imap", "sieve", "dav"])).content.decode()
    text = " ".join(re.sub("<[^>]+>", " ", page).split()).replace(" ,", ",")

    assert "User name charlie@example.org" in text
    assert "Read mail (IMAP) mail.example.org, port 993, SSL/TLS" in text
    assert "Filter rules (ManageSieve) mail.example.org, port 4190, STARTTLS" in text
    assert "Send mail" not in text


def test_a_reloaded_page_makes_no_second_one(client: Client) -> None:
    client.post(ADD, payload())
    response = client.post(ADD, payload())

    assert response.context["form"].errors == {"name": ["You have an app password of this name already."]}
    assert AppPassword.objects.count() == 1


def test_the_last_day_ends_in_the_persons_own_time_zone(client: Client, charlie: Account) -> None:
    Account.objects.filter(pk=charlie.pk).update(time_zone="Pacific/Auckland")
    day = timezone.now().date() + timedelta(days=30)

    response = client.post(ADD, payload(expires_on=day.isoformat()))

    row = AppPassword.objects.get()
    zone = ZoneInfo("Pacific/Auckland")
    assert row.expires_at == datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    assert formats.date_format(day, "DATE_FORMAT") in response.content.decode()


BAD = {
    "no name": ({"name": ""}, "name"),
    "blank name": ({"name": "   "}, "name"),
    "long name": ({"name": "x" * 101}, "name"),
    "NUL": ({"name": "a\0b"}, "name"),
    "line break": ({"name": "a\rb"}, "name"),
    "no protocol": ({"protocols": []}, "protocols"),
    "unknown protocol": ({"protocols": ["imap", "pop3"]}, "protocols"),
    "DAV, which is not offered": ({"protocols": ["dav"]}, "protocols"),
    "a past day": ({"expires_on": "2020-01-01"}, "expires_on"),
    "no day": ({"expires_on": "2031-02-30"}, "expires_on"),
    "a day beyond the calendar": ({"expires_on": "9999-12-31"}, "expires_on"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_an_error_at_its_field(case: str, client: Client) -> None:
    change, field = BAD[case]
    with nothing_written():
        response = client.post(ADD, payload(**change))
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "secret" not in response.context


def test_dav_is_offered_where_the_site_says_so(client: Client, settings: Any) -> None:
    def offered() -> list[str]:
        return [value for value, _label in client.get(ADD).context["form"].fields["protocols"].choices]

    assert offered() == ["imap", "smtp", "sieve"]
    settings.DAV_APP_PASSWORDS = True
    assert offered() == ["imap", "smtp", "sieve", "dav"]


def test_the_list_says_what_each_is_for_and_when_it_was_used(client: Client) -> None:
    used = make(for_imap=True, for_smtp=True)
    make("Guest", for_imap=True, expires_at=timezone.now() - timedelta(days=3))
    make("Old laptop", password="{SHA512-CRYPT}$6$a$b")
    at = timezone.now() - timedelta(hours=3)
    AppPasswordUse.objects.create(pk=used.pk, used_at=at, service="imap", client_address="192.0.2.44")

    text = " ".join(client.get(OWN).content.decode().split())

    assert "Last used 3 hours ago (IMAP) from 192.0.2.44" in text
    assert "Not used yet" in text
    assert "Expired" in text
    assert "Does not work" in text
    assert text.count("Revoke, and") == 0


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_database_as_often_for_one_as_for_three(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        make(f"Phone {number}")
    # Session, account with its mailbox; passkeys; the app passwords, and when they were used.
    with django_assert_num_queries(5):
        client.get(OWN)


def test_revoking_asks_first(client: Client) -> None:
    row = make()
    url = reverse("app_passwords:revoke", args=[row.pk])
    with nothing_written():
        assert "Revoke “Phone”?" in client.get(url).content.decode()

    response = client.post(url, follow=True)

    assert response.redirect_chain == [(OWN, 302)]
    assert next(str(each) for each in response.context["messages"]).startswith("The app password “Phone” is revoked.")
    assert not AppPassword.objects.exists()
    assert client.post(url).status_code == 404


def test_another_persons_is_not_there(client: Client, example_org: object) -> None:
    row = AppPassword.objects.create(address="joe@example.org", name="Joe's phone", password=stored("x"))
    with nothing_written():
        assert client.post(reverse("app_passwords:revoke", args=[row.pk])).status_code == 404
    assert b"Joe" not in client.get(OWN).content


def test_what_is_sensitive_asks_for_the_password_again(charlie: Account) -> None:
    row = make()
    client = Client()
    client.force_login(charlie)
    assert client.get(OWN).status_code == 200
    for name, args in (("add", []), ("revoke", [row.pk]), ("only_on", []), ("only_off", [])):
        url = reverse(f"app_passwords:{name}", args=args)
        with nothing_written():
            response = client.post(url, payload())
        assert response["Location"] == f"/account/confirm/?next={url.replace('/', '%2F')}"


def test_app_passwords_alone_is_offered_with_a_second_factor(client: Client) -> None:
    on = reverse("app_passwords:only_on")
    assert f'href="{on}"' not in client.get(OWN).content.decode()
    with nothing_written():
        assert "Set up a second factor first." in client.post(on).content.decode()
    Mailbox.objects.update(totp_secret="JBSWY3DPEHPK3PXP")
    assert f'href="{on}"' in client.get(OWN).content.decode()

    client.post(on)
    assert Mailbox.objects.get().app_passwords_only
    client.post(reverse("app_passwords:only_off"))
    assert not Mailbox.objects.get().app_passwords_only


def test_an_administrator_sees_and_revokes_but_does_not_make(
    signed_in: Callable[[Account], Client], alice: Account, charlie: Account
) -> None:
    client = signed_in(alice)
    row = make(for_imap=True)
    page = client.get(reverse("app_passwords:mailbox", args=["charlie@example.org"])).content.decode()
    revoke = reverse("app_passwords:mailbox_revoke", args=["charlie@example.org", row.pk])
    assert "Phone" in page
    assert f'href="{revoke}"' in page
    assert ADD not in page

    client.post(revoke)

    assert not AppPassword.objects.exists()
    assert client.get(ADD).status_code == 403


def test_an_administrator_revokes_under_the_right_mailbox_alone(
    signed_in: Callable[[Account], Client], alice: Account, charlie: Account
) -> None:
    make_mailbox("joe@example.org")
    url = reverse("app_passwords:mailbox_revoke", args=["joe@example.org", make().pk])
    client = signed_in(alice)
    with nothing_written():
        assert client.post(url).status_code == 404


@pytest.mark.parametrize("key", [2**31, 2**63, 10**30, 0])
def test_a_key_that_no_row_has_is_not_found(client: Client, key: int) -> None:
    for url in (f"/account/app-passwords/{key}/revoke/", f"/mailboxes/charlie@example.org/app-passwords/{key}/revoke/"):
        assert client.get(url).status_code in (403, 404)


def test_a_form_of_bytes_that_are_no_text_is_refused(client: Client) -> None:
    body = b"name=%FF%FE%00&protocols=%FF&protocols=imap&expires_on=%FF"
    with nothing_written():
        for url in (ADD, reverse("mailboxes:own_forwarding")):
            response = client.generic("POST", url, body + b"&targets=%00", "application/x-www-form-urlencoded")
            assert response.status_code in (200, 400)


def test_all_are_revoked_after_a_question(client: Client) -> None:
    make("Phone")
    url = reverse("app_passwords:revoke_all")
    assert f'href="{url}"' not in client.get(OWN).content.decode()  # of one it is the same as its own button
    make("Laptop")
    assert f'href="{url}"' in client.get(OWN).content.decode()
    with nothing_written():
        assert "2 app passwords are revoked." in client.get(url).content.decode()

    client.post(url)

    assert not AppPassword.objects.exists()


def test_who_sets_a_password_is_told_what_goes_on_working(
    signed_in: Callable[[Account], Client], alice: Account, charlie: Account
) -> None:
    pages = [
        (signed_in(alice), reverse("mailboxes:password", args=["charlie@example.org"])),
        (signed_in(charlie), reverse("accounts:password")),
    ]

    def told(text: str) -> list[int]:
        return [client.get(url).content.decode().count(text) for client, url in pages]

    make("Guest", expires_at=timezone.now())
    make("Old laptop", password="{SHA512-CRYPT}$6$a$b")
    assert told("on working") == [0, 0]
    make()
    assert told("1 app password goes on working.") == [1, 1]
