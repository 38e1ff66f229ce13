from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from domains.models import Domain
from tests.api.conftest import api  # noqa: F401 a fixture

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MEDIA_TYPE = "application/scim+json"


class ScimClient:
    """Sends SCIM, and asserts that every answer is SCIM's."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        send = getattr(self._client, method.lower())
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "GET":
            response = send(f"/scim/v2/{path}", body or {}, headers=told)
        else:
            response = send(f"/scim/v2/{path}", body, content_type=MEDIA_TYPE, headers=told)
        if response.status_code not in (204, 304):
            assert response["Content-Type"] == MEDIA_TYPE
        if response.status_code >= 400:
            assert response.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
            assert response.json()["status"] == str(response.status_code)
        return response

    def user(self, user_name: str, **fields: Any) -> dict[str, Any]:
        made = self("POST", "Users", {"schemas": [USER], "userName": user_name, "active": True, **fields})
        assert made.status_code == 201, made.content
        return made.json()  # type: ignore[no-any-return]

    def group(self, name: str, *users: dict[str, Any], **fields: Any) -> dict[str, Any]:
        members = [{"value": user["id"]} for user in users]
        made = self("POST", "Groups", {"schemas": [GROUP], "displayName": name, "members": members, **fields})
        assert made.status_code == 201, made.content
        return made.json()  # type: ignore[no-any-return]

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Any:
        return self("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def found(self, path: str, text: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self("GET", path, {"filter": text, **parameters})
        assert answer.status_code == 200, answer.content
        assert answer.json()["totalResults"] >= len(answer.json().get("Resources", []))
        return answer.json().get("Resources", [])  # type: ignore[no-any-return]


@pytest.fixture
def scim(example_org: Domain, api: Callable[..., Client]) -> ScimClient:  # noqa: F811 the fixture
    """With a token for example.org alone."""
    return ScimClient(api("scim", domains=["example.org"]))
