"""/api/v1/administrators/: what is its own beside tests/api/test_contracts.py."""

from __future__ import annotations

from typing import Any

import pytest

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.letters.models import Letter
from tests.api.conftest import ApiClient
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
JSON = "application/json"
LIST, ANN = "/api/v1/administrators/", "/api/v1/administrators/ann@example.net/"


def test_made_with_a_password_that_comes_back_nowhere(root: Account, example_org: Domain, api: ApiClient) -> None:
    client = api("administrators:create", "administrators:write")
    body = {"name": "Ann", "domains": ["Example.org"], "password": PASSWORD}

    made = client.put(ANN, body, content_type=JSON)
    before = Account.objects.values_list().get(email="ann@example.net"), Entry.objects.count()
    again = client.put(ANN, body, content_type=JSON)

    assert (made.status_code, made.json()["role"], made.json()["domains"]) == (201, "domain_admin", ["example.org"])
    assert PASSWORD.encode() not in made.content
    assert Account.objects.get(email="ann@example.net").check_password(PASSWORD)
    assert (again.status_code, again["ETag"]) == (200, made["ETag"])
    assert (Account.objects.values_list().get(email="ann@example.net"), Entry.objects.count()) == before


def test_made_without_one_and_sent_a_link(api: ApiClient, settings: Any) -> None:
    settings.SITE_URL = "https://mail.example.org"

    made = api("all").post(
        LIST,
        {"address": "ann@example.net", "role": "superadmin", "set_up_link": "ann@elsewhere.test"},
        content_type=JSON,
    )

    assert (made.status_code, made["Location"]) == (201, ANN)
    assert list(Letter.objects.values_list("kind", "recipient")) == [("set_up", "ann@elsewhere.test")]


def test_changed_renamed_switched_off_and_deleted(root: Account, alice: Account, api: ApiClient) -> None:
    client, url = api("all"), f"{LIST}alice@example.net/"

    changed = client.patch(url, {"address": "ann@example.net", "domains": [], "active": False}, content_type=JSON)
    assert (changed.json()["address"], changed.json()["domains"], changed.json()["active"]) == (
        "ann@example.net",
        [],
        False,
    )
    assert [row["address"] for row in client.get(f"{LIST}?active=false&q=an").json()["results"]] == ["ann@example.net"]
    assert client.delete(ANN).status_code == 204


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"active": False}, 400, "last_superadmin"),
        ({"role": "domain_admin"}, 400, "last_superadmin"),
        ({"domains": ["nowhere.example"]}, 400, "domain_unknown"),
        ({"password": "short"}, 400, "password_short"),
        ({"address": "alice@example.net"}, 409, "administrator_exists"),
    ],
)
def test_what_the_services_refuse(
    changes: dict[str, Any], status: int, code: str, root: Account, alice: Account, api: ApiClient
) -> None:
    told = api("all").patch(f"{LIST}root@example.net/", changes, content_type=JSON).json()

    assert (told["status"], told["code"]) == (status, code)
