"""What the web server in front of a DAV server is told."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from app_passwords.models import AppPassword, AppPasswordUse
from app_passwords.secret import stored
from mailadmin.accounts.models import SignIn
from mailboxes.models import Mailbox
from tests.factories import PASSWORD, make_mailbox
from tests.refusals import nothing_written

pytestmark = pytest.mark.django_db
URL, ANN, SECRET = reverse("app_passwords:dav"), "ann@example.org", "abcd-efgh"


@pytest.fixture(autouse=True)
def ann(settings: Any) -> Mailbox:
    settings.DAV_APP_PASSWORDS = True
    mailbox = make_mailbox(ANN)
    AppPassword.objects.create(address=ANN, name="Phone", password=stored(SECRET), for_dav=True)
    AppPassword.objects.create(address=ANN, name="Mail", password=stored("mail"), for_imap=True)
    return mailbox


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def ask(header: str, client_address: str = "192.0.2.7", method: str = "GET") -> Any:
    return Client(enforce_csrf_checks=True).generic(
        method, URL, REMOTE_ADDR=client_address, headers={"Authorization": header}
    )


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PROPFIND", "OPTIONS", "MKCALENDAR"])
def test_the_right_one_is_let_in_by_any_method(method: str) -> None:
    response = ask(basic("Ann@Example.org", SECRET), method=method)

    assert (response.status_code, response["X-Remote-User"], response.content) == (204, ANN, b"")
    use = AppPasswordUse.objects.get()
    assert (use.service, use.client_address) == ("dav", "192.0.2.7")
    assert not SignIn.objects.exists()


def test_letters_that_no_header_carries_are_encoded(settings: Any) -> None:
    settings.SMTPUTF8 = True
    for address, told in (("jürgen@example.org", "j%C3%BCrgen@example.org"), ("a+b{c}@example.org",) * 2):
        make_mailbox(address)
        AppPassword.objects.create(address=address, name="Phone", password=stored(SECRET), for_dav=True)
        assert ask(basic(address, SECRET))["X-Remote-User"] == told


@pytest.mark.parametrize(
    "header",
    [
        basic(ANN, PASSWORD),  # the mailbox's own
        basic(ANN, "mail"),  # for another protocol
        basic(ANN, ""),
        basic("nobody@example.org", SECRET),
        basic("ann", SECRET),
    ],
)
def test_anything_else_is_asked_again_and_counted(header: str) -> None:
    response = ask(header)

    assert (response.status_code, "X-Remote-User" in response) == (401, False)
    assert response["WWW-Authenticate"] == 'Basic realm="mail", charset="UTF-8"'
    assert SignIn.objects.filter(succeeded=False, identifier__startswith=" dav:").count() == 1
    assert not AppPasswordUse.objects.exists()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ***",
        "Basic " + base64.b64encode(b"\xff:x").decode(),
        "Bearer abc",
        basic("a\0b", "x"),
        "Basic " + "A" * 100_000,
    ],
)
def test_nonsense_is_asked_again_and_writes_nothing(header: str) -> None:
    with nothing_written():
        assert ask(header).status_code == 401


def test_who_guesses_is_stopped_and_the_owner_is_not(settings: Any) -> None:
    for _try in range(settings.SIGN_IN_FAILURES_PER_PAIR):
        assert ask(basic(ANN, "guess")).status_code == 401
    with nothing_written():
        assert ask(basic(ANN, "guess")).status_code == 403
    assert ask(basic(ANN, SECRET)).status_code == 204
    assert ask(basic(ANN, SECRET), client_address="192.0.2.8").status_code == 204


def test_the_address_is_not_there_unless_the_site_says_so(settings: Any) -> None:
    settings.DAV_APP_PASSWORDS = False
    with nothing_written():
        assert ask(basic(ANN, SECRET)).status_code == 404
