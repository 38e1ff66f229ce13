from __future__ import annotations

import pytest

from mailadmin.scim.provider import OPERATIONS_AT_MOST, RESULTS_AT_MOST

from .conftest import ENTERPRISE, GROUP, USER, ScimClient

pytestmark = pytest.mark.django_db


def test_the_service_says_what_it_can(scim: ScimClient) -> None:
    config = scim("GET", "ServiceProviderConfig").json()

    supported = {
        name: config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag", "changePassword")
    }
    assert set(supported.values()) == {True}
    assert (config["bulk"]["maxOperations"], config["filter"]["maxResults"]) == (OPERATIONS_AT_MOST, RESULTS_AT_MOST)
    assert config["meta"]["location"].endswith("/scim/v2/ServiceProviderConfig")


def test_the_types_and_their_schemas(scim: ScimClient) -> None:
    types = scim("GET", "ResourceTypes").json()["Resources"]
    schemas = {each["id"] for each in scim("GET", "Schemas").json()["Resources"]}

    assert [(each["name"], each["endpoint"], each["schema"]) for each in types] == [
        ("User", "/Users", USER),
        ("Group", "/Groups", GROUP),
    ]
    assert schemas >= {USER, GROUP, ENTERPRISE}
    assert scim("GET", f"Schemas/{USER}").json()["id"] == USER
    assert scim("GET", "ResourceTypes/User").json() == types[0]
    assert scim("GET", "Schemas", {"filter": "id pr"}).status_code == 403
