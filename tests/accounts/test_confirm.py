"""Sensitive pages ask for the password again."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from django.views import View

from mailadmin.accounts.access import RecentlyAuthenticated, SuperadminRequired
from mailadmin.accounts.models import Session, SignIn
from mailadmin.accounts.sessions import AUTHENTICATED_AT
from tests.factories import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

CONFIRM = "/account/confirm/?next="


class Sensitive(RecentlyAuthenticated, View):
    def get(self, request):
        return HttpResponse("the page")

    def post(self, request):
        return HttpResponse("done")


class SensitiveAct(RecentlyAuthenticated, View):
    def post(self, request):
        return HttpResponse("done")


class SuperadminsOnly(Sensitive, SuperadminRequired):
    pass


urlpatterns = [
    path("", include("mailadmin.urls")),
    path("sensitive/", Sensitive.as_view()),
    path("act/", SensitiveAct.as_view()),
    path("superadmins/", SuperadminsOnly.as_view()),
]


@pytest.fixture
def since(charlie):
    """`since(20)`: charlie's browser, 20 minutes after the password was given."""

    def browser(minutes):
        client = Client()
        client.post("/sign-in/", {"identifier": charlie.address, "password": PASSWORD})
        session = client.session
        session[AUTHENTICATED_AT] = int((timezone.now() - timedelta(minutes=minutes)).timestamp())
        session.save()
        return client

    return browser


def test_soon_after_the_sign_in_the_page_is_open(since):
    client = since(14)

    assert client.get("/sensitive/").content == b"the page"
    assert client.post("/sensitive/").content == b"done"


def test_later_it_asks_for_the_password_and_leads_back(since):
    client = since(15)
    asked = client.get("/sensitive/?a=1&b=2")
    assert asked.url == f"{CONFIRM}%2Fsensitive%2F%3Fa%3D1%26b%3D2"

    page = client.get(asked.url)
    assert page.context["next"] == "/sensitive/?a=1&b=2"
    back = client.post("/account/confirm/", {"password": PASSWORD, "next": page.context["next"]})

    assert back.url == "/sensitive/?a=1&b=2"
    assert client.get(back.url).content == b"the page"
    assert timezone.now() - Session.objects.get().authenticated_at < timedelta(seconds=10)


def test_the_minutes_are_a_setting(since, settings):
    settings.REAUTHENTICATION_MINUTES = 5

    assert since(4).get("/sensitive/").status_code == 200
    assert since(5).get("/sensitive/").status_code == 302


def test_a_session_that_never_said_when_is_asked(charlie):
    client = Client()
    client.force_login(charlie)

    assert client.get("/sensitive/").url == f"{CONFIRM}%2Fsensitive%2F"


def test_a_form_sent_too_late_changes_nothing_and_says_so(since):
    response = since(20).post("/sensitive/")

    assert response.url == f"{CONFIRM}%2Fsensitive%2F"
    (message,) = get_messages(response.wsgi_request)
    assert str(message) == "Nothing has been changed yet: please do it again."


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/account/?x=1", "%2Faccount%2F%3Fx%3D1"),
        ("https://elsewhere.test/account/x/", "%2Faccount%2F"),
        ("", "%2Faccount%2F"),
    ],
)
def test_an_act_without_a_page_starts_again_from_its_form(since, referer, back):
    assert since(20).post("/act/", headers={"referer": referer}).url == f"{CONFIRM}{back}"


def test_who_may_not_enter_is_told_so_and_not_asked(since):
    assert since(20).get("/superadmins/").status_code == 403


@pytest.mark.parametrize("next_page", ["https://elsewhere.test/", "//elsewhere.test/", "javascript:alert(1)", ""])
def test_it_leads_nowhere_else(since, next_page):
    assert since(20).post("/account/confirm/", {"password": PASSWORD, "next": next_page}).url == "/account/"


def test_a_wrong_password_opens_nothing_and_counts(since, settings):
    settings.SIGN_IN_FAILURES_PER_PAIR = 2
    client = since(20)

    for _ in range(2):
        response = client.post("/account/confirm/", {"password": "guessed wrongly"})
        assert {key: [e.code for e in es] for key, es in response.context["form"].errors.as_data().items()} == {
            "password": ["password_wrong"]
        }
        assert b"guessed wrongly" not in response.content
    locked = client.post("/account/confirm/", {"password": PASSWORD})

    assert locked.status_code == 429
    assert 0 < int(locked["Retry-After"]) <= settings.SIGN_IN_WINDOW_SECONDS
    assert client.get("/sensitive/").status_code == 302


def test_a_confirmation_is_no_sign_in(since):
    client = since(20)
    before = SignIn.objects.count()

    client.post("/account/confirm/", {"password": PASSWORD})

    assert SignIn.objects.count() == before


def test_an_administrator_gives_the_own_password(alice, signed_in):
    client = signed_in(alice)

    assert client.post("/account/confirm/", {"password": "not hers"}).status_code == 200
    assert client.post("/account/confirm/", {"password": PASSWORD}).status_code == 302


def test_nobody_is_sent_to_the_sign_in(client):
    assert client.get("/account/confirm/").url == "/sign-in/?next=/account/confirm/"
