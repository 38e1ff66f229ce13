"""One's own account and password."""

import pytest
from django.test import Client
from django.urls import reverse

from mailadmin.accounts import schemes
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from tests.factories import PASSWORD, make_mailbox, make_superadmin

pytestmark = pytest.mark.django_db

NEW = "a quite new password"
URL = "/account/password/"


def signed_in(identifier):
    client = Client()
    client.post(reverse("accounts:sign_in"), {"identifier": identifier, "password": PASSWORD})
    assert client.get(reverse("accounts:own")).status_code == 200
    return client


@pytest.fixture(params=["mailbox user", "administrator"])
def person(request):
    if request.param == "mailbox user":
        return make_mailbox("alice@example.org").address
    return make_superadmin("root@example.net").address


def _payload(**overrides):
    return {"current": PASSWORD, "new": NEW, "again": NEW, **overrides}


def errors_of(response):
    assert response.status_code == 200
    return {
        field: [error.code for error in errors.as_data()] for field, errors in response.context["form"].errors.items()
    }


def test_new_password_counts_at_once_and_other_sessions_end(person):
    here, elsewhere = signed_in(person), signed_in(person)

    response = here.post(URL, _payload())

    assert response.url == reverse("accounts:own")
    assert here.get(reverse("accounts:own")).status_code == 200
    assert elsewhere.get(reverse("accounts:own")).url == "/sign-in/?next=/account/"
    for password, status in ((PASSWORD, 200), (NEW, 302)):
        data = {"identifier": person, "password": password}
        assert Client().post(reverse("accounts:sign_in"), data).status_code == status


@pytest.mark.parametrize(
    ("overrides", "errors"),
    [
        ({"current": "not the present one"}, {"current": ["password_wrong"]}),
        ({"again": "something else"}, {"again": ["password_differs"]}),
        ({"new": PASSWORD, "again": PASSWORD}, {"new": ["password_same"]}),
        ({"new": "short", "again": "short"}, {"new": ["password_short"]}),
        ({"new": "x" * 1025, "again": "x" * 1025}, {"new": ["password_long"]}),
        ({"new": "with a\ttab in it", "again": "with a\ttab in it"}, {"new": ["password_control_character"]}),
        ({"current": "", "new": "", "again": ""}, {key: ["required"] for key in ("current", "new", "again")}),
    ],
)
def test_new_password_is_refused_at_its_field(person, overrides, errors):
    client = signed_in(person)
    before = list(Account.objects.values_list("password")), list(Mailbox.objects.values_list("password"))

    assert errors_of(client.post(URL, _payload(**overrides))) == errors

    assert (list(Account.objects.values_list("password")), list(Mailbox.objects.values_list("password"))) == before
    assert client.get(reverse("accounts:own")).status_code == 200
    assert not Entry.objects.filter(action__endswith=".password").exists()


def test_own_address_is_no_password(person):
    assert errors_of(signed_in(person).post(URL, _payload(new=person, again=person))) == {"new": ["password_personal"]}


def test_passwords_are_never_sent_back(person):
    content = signed_in(person).post(URL, _payload(current="guessed wrongly")).content.decode()

    assert "guessed wrongly" not in content
    assert NEW not in content


def test_open_browser_is_no_way_to_guess_the_password(person, settings):
    settings.SIGN_IN_FAILURES_PER_PAIR = 3
    client = signed_in(person)
    for _ in range(3):
        errors_of(client.post(URL, _payload(current="guessed wrongly")))

    locked = client.post(URL, _payload())

    assert locked.status_code == 429
    assert [error.code for error in locked.context["form"].non_field_errors().as_data()] == ["locked"]


def test_audit_says_who_changed_it_and_not_what(person):
    signed_in(person).post(URL, _payload())

    entry = Entry.objects.get(action__endswith=".password")
    assert (entry.actor, entry.face, entry.object_key, entry.client_address) == (person, "page", person, "127.0.0.1")
    assert set(entry.after) == {"password"}
    assert "$" not in f"{entry.before}{entry.after}"


def test_blanks_at_the_ends_belong_to_the_password():
    alice = make_mailbox("alice@example.org")
    signed_in(alice.address).post(URL, _payload(new="  " + NEW, again="  " + NEW))

    stored = Mailbox.objects.get().password

    assert schemes.verify("  " + NEW, stored)
    assert not schemes.verify(NEW, stored)


@pytest.mark.parametrize("url", ["/account/", URL])
def test_nobody_is_sent_to_the_sign_in(client, url):
    assert client.get(url).url == f"/sign-in/?next={url}"
    assert client.post(url).url == f"/sign-in/?next={url}"
