"""What is refused before a view is asked, and behind it: a problem too, for who reads no pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import path

from domains.models import Domain

from .conftest import ApiClient

pytestmark = pytest.mark.django_db
JSON = "application/json"
URL = "/api/v1/domains/"


def told(answer: Any) -> tuple[int, str]:
    """The status and the code of a problem, in the answer and its body alike."""
    assert answer["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.content)
    assert problem.keys() >= {"type", "title", "status", "code", "detail"}
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


@pytest.mark.parametrize("address", ["/api/", "/api/v1/no-such/", "/api/v1/domains", "/api/v2/", "/api/v1/%ff%fe/"])
def test_an_address_that_is_none(api: ApiClient, address: str) -> None:
    assert told(api("all").get(address)) == (404, "not_found")


def test_the_same_for_what_is_not_there_and_what_is_anothers(api: ApiClient, example_org: Domain) -> None:
    client = api("all", domains=["example.org"])

    answers = [client.get(f"{URL}{name}/") for name in ("other.example", "-", "x" * 300)]

    assert {told(each) for each in answers} == {(404, "not_found")}
    assert len({each.content for each in answers}) == 1


def test_another_method_is_told_which_there_are(api: ApiClient) -> None:
    answer = api("all").put(URL, {}, content_type=JSON)

    assert (told(answer), answer["Allow"]) == ((405, "method_not_allowed"), "GET, HEAD, OPTIONS, POST")


def test_options_says_which_methods_there_are(api: ApiClient) -> None:
    answer = api("jobs:read").options(URL)

    assert (answer.status_code, answer.content, answer["Allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert told(Client().options(URL)) == (401, "not_authenticated")


def test_head_is_get_without_the_body(api: ApiClient, example_org: Domain) -> None:
    client = api("all")

    head, get = client.head(f"{URL}example.org/"), client.get(f"{URL}example.org/")

    assert (head.status_code, head.content, head["ETag"]) == (200, b"", get["ETag"])


def test_only_json_can_be_had(api: ApiClient) -> None:
    assert told(api("all").get(URL, headers={"Accept": "text/html"})) == (406, "not_acceptable")


def test_a_body_that_is_too_large_is_not_read(api: ApiClient) -> None:
    assert told(api("all").post(URL, "x" * 2_500_001, content_type=JSON)) == (413, "body_too_large")


def test_a_host_that_is_not_ours(api: ApiClient) -> None:
    assert told(api("all").get(URL, headers={"Host": "evil.test"})) == (400, "bad_request")


def fails(request: Any) -> None:
    raise RuntimeError("the password is swordfish")


urlpatterns = [path("api/v1/fails/", fails), path("scim/v2/fails/", fails)]
handler500 = "mailadmin.pages.errors.server_error"


@override_settings(ROOT_URLCONF=__name__, LOGIN_URL="/")
def test_a_fault_of_ours_tells_nothing() -> None:
    client = Client(raise_request_exception=False)
    fails.login_required = False  # type: ignore[attr-defined]  # as login_not_required does

    answer = client.get("/api/v1/fails/")

    assert told(answer) == (500, "server_error")
    assert b"swordfish" not in answer.content


def test_pages_keep_their_own_errors(client: Client) -> None:
    answer = client.get("/no-such/")

    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
