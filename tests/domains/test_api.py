"""/api/v1/domains/ and /api/v1/alias-domains/: what is their own beside tests/api/test_contracts.py."""

from __future__ import annotations

import pytest

from domains.models import AliasDomain
from tests.api.conftest import ApiClient
from tests.factories import make_alias_domain, make_domain

pytestmark = pytest.mark.django_db
JSON = "application/json"
DOMAINS, OLD, LIST = "/api/v1/domains/", "/api/v1/alias-domains/old.org/", "/api/v1/alias-domains/"


def test_a_quota_is_rounded_up_to_what_the_table_counts_in(api: ApiClient, settings: object) -> None:
    client, url = api("all"), f"{DOMAINS}example.org/"
    made = client.put(url, {"max_quota_bytes": 1, "quota_bytes": -1}, content_type=JSON)
    again = client.put(url, {"max_quota_bytes": 1}, content_type=JSON)

    assert (made.json()["max_quota_bytes"], made.json()["quota_bytes"]) == (settings.QUOTA_MULTIPLIER, -1)  # type: ignore[attr-defined]
    assert again["ETag"] == made["ETag"]


@pytest.mark.parametrize(("list_url", "body"), [(DOMAINS, {}), (LIST, {"target": "example.org"})])
def test_a_name_that_is_here_is_409_with_a_link(list_url: str, body: dict[str, str], api: ApiClient) -> None:
    make_alias_domain("old.org", make_domain())
    name = "example.org" if list_url == DOMAINS else "old.org"

    told = api("all").post(list_url, {**body, "name": name.upper()}, content_type=JSON).json()

    assert (told["status"], told["existing"]) == (409, f"{list_url}{name}/")


def test_an_alias_domain_is_pointed_elsewhere_and_deleted(api: ApiClient) -> None:
    make_alias_domain("old.org", make_domain())
    make_domain("example.com")
    client = api("all")

    assert client.patch(OLD, {"target": "Example.com"}, content_type=JSON).json()["target"] == "example.com"
    assert [row["name"] for row in client.get(f"{LIST}?target=example.com&q=ol").json()["results"]] == ["old.org"]
    assert client.delete(OLD).status_code == 204
    assert not AliasDomain.objects.exists()


def test_a_stranger_learns_of_no_domain_by_pointing_at_it(api: ApiClient) -> None:
    """Nor by taking the name of an alias domain, or of a domain, that is somebody else's."""
    make_alias_domain("old.org", make_domain())
    make_domain("example.com")
    client = api("all", domains=["example.com"])

    at_theirs, at_none = (
        client.post(LIST, {"name": "new.example", "target": target}, content_type=JSON)
        for target in ("example.org", "example.edu")
    )
    names = [
        client.post(LIST, {"name": name, "target": "example.com"}, content_type=JSON)
        for name in ("old.org", "example.org", "free.example")
    ]

    assert (at_theirs.status_code, at_none.status_code) == (400, 400)
    assert at_theirs.content == at_none.content.replace(b"example.edu", b"example.org")
    assert {(answer.status_code, answer.content) for answer in names} == {(403, names[0].content)}
