from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from mailadmin.api.openapi import document


@pytest.fixture(scope="module")
def described() -> Any:
    return json.loads(document())


def test_the_document_is_valid_and_complete() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


def test_it_is_open_to_all_and_not_sent_twice(db: None) -> None:
    first = Client().get("/api/v1/schema/")

    again = Client().get("/api/v1/schema/", headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, first["Content-Type"], again.status_code) == (200, "application/json", 304)
    assert json.loads(first.content)["openapi"] == "3.1.1"


def test_every_operation_says_how_it_refuses(described: Any) -> None:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            wanted = {"400", "401", "403", "406", "429", "503"}
            wanted |= {"409", "412", "413", "415", "422"} if method != "get" else set()
            wanted |= {"404"} if "{" in path else set()
            assert wanted <= operation["responses"].keys(), (method, path)
            assert operation["security"] == [{"token": []}], (method, path)
            assert "Scope: " in operation["description"], (method, path)


def test_a_list_says_what_it_takes(described: Any) -> None:
    parameters = {each["name"]: each for each in described["paths"]["/api/v1/domains/"]["get"]["parameters"]}

    assert parameters.keys() == {"fields", "limit", "after", "order", "q", "active"}
    assert parameters["order"]["schema"]["enum"] == ["name", "-name"]
    assert (parameters["limit"]["schema"]["minimum"], parameters["limit"]["schema"]["maximum"]) == (1, 500)


def test_a_body_takes_only_what_is_described(described: Any) -> None:
    schemas = described["components"]["schemas"]

    assert schemas["DomainRequest"]["additionalProperties"] is False
    assert schemas["DomainRequest"]["required"] == ["name"]
    assert "live" in schemas["Domain"]["properties"]
    assert "live" not in schemas["DomainRequest"]["properties"]
