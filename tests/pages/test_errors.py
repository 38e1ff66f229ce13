from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from django.urls import reverse

from mailadmin.pages import errors

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/nothing/here/", "/mailboxes/nobody@example.org/", "/domains/nowhere.example/"])
def test_what_is_not_there_is_a_page_with_a_way_on(root_client: Client, path: str) -> None:
    response = root_client.get(path)
    assert (response.status_code, "There is nothing at this address" in response.content.decode()) == (404, True)


def test_what_is_not_allowed_is_a_page(alice_client: Client) -> None:
    response = alice_client.get(reverse("mailhost:index"))
    assert (response.status_code, "You may not do this" in response.content.decode()) == (403, True)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(root_client: Client) -> None:
    response = root_client.post(reverse("aliases:create"), {"targets": "x" * 3_000_000})
    assert (response.status_code, "could not be understood" in response.content.decode()) == (400, True)


def test_too_many_rows_at_once_are_refused(root_client: Client) -> None:
    keys = [f"user{number}@example.org" for number in range(201)]
    assert root_client.post(reverse("mailboxes:bulk_delete"), {"key": keys}).status_code == 400


def test_an_error_of_the_server_is_a_page_without_the_database(rf: RequestFactory) -> None:
    response = errors.server_error(rf.get("/"))
    assert (response.status_code, "Something went wrong here" in response.content.decode()) == (500, True)


def test_a_form_without_its_token_leads_back_to_itself() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/sign-in/?next=/domains/", {})
    text = response.content.decode()
    assert (response.status_code, 'href="/sign-in/?next=/domains/"' in text) == (403, True)


@pytest.mark.parametrize(
    ("came_from", "way"),
    [
        ("http://testserver/mailboxes/?q=a", "http://testserver/mailboxes/?q=a"),
        ("https://evil.example/", "/mailhost/verify/"),
    ],
)
def test_a_button_without_its_token_leads_back_to_its_page(root_client: Client, came_from: str, way: str) -> None:
    root_client.handler.enforce_csrf_checks = True
    response = root_client.post("/mailhost/verify/", headers={"Referer": came_from})
    assert (response.status_code, f'href="{way}"' in response.content.decode()) == (403, True)


def test_healthz_answers_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise DatabaseError("away")

    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(connection, "cursor", away)
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_colours_are_kept_in_a_cookie(client: Client, theme: str) -> None:
    response = client.post("/theme/", {"theme": theme, "next": "/sign-in/"})
    assert (response["Location"], client.cookies["theme"].value) == ("/sign-in/", theme)
    assert f'data-bs-theme="{theme}"' in client.get("/sign-in/").content.decode()


def test_colours_that_are_none_are_not_kept(client: Client) -> None:
    client.post("/theme/", {"theme": '"><script>', "next": "https://evil.example/"})
    assert "theme" not in client.cookies
    client.cookies["theme"] = "purple"
    assert "data-bs-theme" not in client.get("/sign-in/").content.decode()


def test_no_page_has_scripts_or_styles_inline(root_client: Client) -> None:
    for path in ("/", "/domains/", "/mailboxes/add/", "/audit/", "/mailhost/"):
        text = root_client.get(path).content.decode()
        assert (" style=" in text, "<style" in text, "<script>" in text, " onclick=" in text) == (False,) * 4
    policy = root_client.get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy
