from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from tests.factories import make_domain

from .conftest import ApiClient

pytestmark = pytest.mark.django_db
URL = "/api/v1/domains/"


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


def test_pages_follow_each_other_by_next(api: ApiClient) -> None:
    client = api("all")
    for letter in "abcde":
        make_domain(f"{letter}.example")

    first = client.get(f"{URL}?limit=2&order=-name")
    second = client.get(first.json()["next"])
    third = client.get(second.json()["next"])

    pages = [["e.example", "d.example"], ["c.example", "b.example"], ["a.example"]]
    assert [names(each) for each in (first, second, third)] == pages
    assert third.json()["next"] is None


def test_only_the_fields_that_are_wanted(api: ApiClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = api("all")
    make_domain("example.org")
    client.get(URL)

    with django_assert_num_queries(2):  # nobody asked for `live`
        answer = client.get(f"{URL}?fields=max_mailboxes,name")

    assert [row.keys() for row in answer.json()["results"]] == [{"name", "max_mailboxes"}]


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_three_queries(
    api: ApiClient, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    client = api("all")
    for number in range(count):
        make_domain(f"d{number}.example")
    client.get(URL)

    with django_assert_num_queries(3):  # the token, the rows, their pending work
        assert len(names(client.get(URL))) == count


@pytest.mark.parametrize(
    ("parameters", "field", "code"),
    [
        ("limit=0", "limit", "limit_invalid"),
        ("limit=501", "limit", "limit_invalid"),
        ("limit=1e2", "limit", "limit_invalid"),
        ("order=password", "order", "order_unknown"),
        ("order=--name", "order", "order_unknown"),
        ("after=x", "after", "cursor_invalid"),
        ("fields=nonsense", "fields", "field_unknown"),
        ("activ=true", "activ", "parameter_unknown"),
        ("active=yes", "active", "wrong_type"),
        ("limit=1&limit=2", "limit", "parameter_twice"),
    ],
)
def test_a_parameter_that_is_wrong(api: ApiClient, parameters: str, field: str, code: str) -> None:
    answer = api("all").get(f"{URL}?{parameters}")

    assert answer.status_code == 400
    assert {name: [each["code"] for each in errors] for name, errors in answer.json()["errors"].items()} == {
        field: [code]
    }
