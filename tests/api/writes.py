"""Every endpoint of REST that writes, with a body that it takes. `<work>` is a key that only the database knows: see
tests/things.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern

NEW_PASSWORD = "blue lamp under seven trees"
METHODS = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Write:
    method: str
    name: str
    args: tuple[str, ...] = ()
    body: dict[str, Any] = field(default_factory=dict)
    kind: str = "application/json"

    def __str__(self) -> str:
        return f"{self.method} {self.name}"

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.name

    def of(self, things: Mapping[str, str]) -> Write:
        """With the keys that only the database knows."""
        return self.at(*(things.get(each, each) for each in self.args))

    def at(self, *args: str) -> Write:
        """The same at another place."""
        return dataclasses.replace(self, args=args)

    @property
    def path(self) -> str:
        return reverse(f"api:{self.name}", args=self.args)

    def send(
        self, client: Client, body: bytes | str, query: str = "", content_type: str | None = None, **headers: str
    ) -> Any:
        kind = self.kind if content_type is None else content_type
        return client.generic(self.method, self.path + query, body, kind, headers=headers)


def one(name: str, key: str, body: dict[str, Any]) -> list[Write]:
    """What can be done with a row at its key."""
    changes = [Write(method, name, (key,), body) for method in ("PUT", "PATCH")]
    return [*changes, Write("DELETE", name, (key,))]


DOMAIN = {"description": "Ours", "max_mailboxes": 5, "active": True}
MAILBOX = {
    "name": "Joe",
    "active": True,
    "quota_bytes": 1_024_000,
    "forwarding": ["x@elsewhere.test"],
    "keep_copy": True,
}
ALIAS = {"goto": ["joe@example.org"], "active": True, "description": "All of us"}
ALIAS_DOMAIN = {"target": "example.org", "description": "x", "active": True}
VACATION = {"active": True, "subject": "Away", "body": "Back soon.", "interval_days": 7}
PERSON = {"given_name": "Ann", "family_name": "Roth", "external_id": "4711"}
ONBOARDING = {
    "domain": "example.org",
    "person": PERSON,
    "aliases": ["roth@example.org"],
    "groups": ["team@example.org"],
}
OFFBOARDING = {"address": "joe@example.org", "reply_body": "Gone.", "successor": "jane@elsewhere.test", "purge_days": 9}
TEMPLATE = {"department": "Sales", "source": "quota_mb: 500\n"}
WEBHOOK = {"url": "https://hr.elsewhere.test/events", "event_types": ["mailbox.create"], "active": True}
WRITES = [
    Write("POST", "domains_list", body={"name": "new.example", **DOMAIN}),
    *one("domains", "example.org", DOMAIN),
    Write("POST", "alias-domains_list", body={"name": "older.example", **ALIAS_DOMAIN}),
    *one("alias-domains", "old.org", ALIAS_DOMAIN),
    Write("POST", "mailboxes_list", body={"address": "new@example.org", "password": NEW_PASSWORD, **MAILBOX}),
    *one("mailboxes", "joe@example.org", MAILBOX),
    *one("vacation", "joe@example.org", VACATION),
    Write("POST", "app-passwords_list", ("joe@example.org",), {"name": "Laptop", "protocols": ["imap"]}),
    Write("DELETE", "app-passwords", ("joe@example.org", "<joes_app_password>")),
    Write("POST", "aliases_list", body={"address": "new@example.org", **ALIAS}),
    *one("aliases", "team@example.org", ALIAS),
    Write(
        "POST",
        "administrators_list",
        body={
            "address": "new@example.net",
            "role": "domain_admin",
            "domains": ["example.org"],
            "password": NEW_PASSWORD,
        },
    ),
    *one("administrators", "alice@example.net", {"name": "Alice", "domains": ["example.org"], "active": True}),
    Write("POST", "job_retry", ("<work>",)),
    Write("POST", "onboardings_list", body={**ONBOARDING, "recovery_address": "ann@elsewhere.test"}),
    Write("POST", "offboardings_list", body=OFFBOARDING),
    Write("POST", "offboarding_undo", ("<offboarding>",)),
    Write("POST", "templates_list", body={"name": "Other", "domain": "example.org", **TEMPLATE, "department": "Other"}),
    *one("templates", "Sales", TEMPLATE),
    Write("POST", "webhooks_list", body={"name": "other", **WEBHOOK}),
    *one("webhooks", "hr", WEBHOOK),
    *(Write("POST", f"webhook_{act}", ("hr",)) for act in ("rotate", "test")),
    Write("POST", "webhook_redeliver", ("hr", "<delivery>")),
    Write("POST", "imports_list", kind="text/csv"),
    Write("POST", "import_apply", ("<import>",), {"mode": "all"}),
    Write("POST", "import_cancel", ("<import>",)),
    Write("POST", "bulk", kind="application/x-ndjson"),
]


def writing_routes() -> set[tuple[str, str]]:
    """Each method that writes, and the name of each URL that has it."""
    [rest] = [each for each in get_resolver().url_patterns if getattr(each, "namespace", None) == "api"]
    return {(method, str(pattern.name)) for pattern in rest.url_patterns for method in METHODS if _has(pattern, method)}


def _has(pattern: Any, method: str) -> bool:
    assert isinstance(pattern, URLPattern), "include() in mailadmin/api/urls.py"
    if not hasattr(pattern.callback, "cls"):  # the OpenAPI document and its page
        return False
    names = pattern.callback.initkwargs.get("http_method_names", pattern.callback.cls.http_method_names)
    return method.lower() in names and hasattr(pattern.callback.cls, method.lower())
