"""Which token may do what: every endpoint of REST and SCIM and every method it has, by each kind of token. An endpoint
that is missing from the table fails, and so does a scope that guards none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from mailadmin.api.models import Token
from mailadmin.api.scopes import ALL, SCIM, SCOPES
from mailboxes.models import Mailbox
from tests.factories import make_alias
from tests.test_permissions import names_of

from .conftest import ApiClient
from .writes import METHODS, WRITES

pytestmark = pytest.mark.django_db
DONE = "2xx"
# The verb of the scope, and what who has that scope gets for something in example.org: a token that is good for all
# domains, for this one, for another one.
Case = tuple[str, str, str, str]
LISTED, SHOWN = ("read", DONE, DONE, DONE), ("read", DONE, DONE, "404")
WRITTEN = ("write", DONE, DONE, "404")
LIST = {"GET": LISTED, "POST": ("create", DONE, DONE, "403")}
ONE = {
    "GET": SHOWN,
    "PUT": ("write", DONE, DONE, "403"),  # there or not there, it must not be made
    "PATCH": ("write", DONE, DONE, "404"),
    "DELETE": ("delete", DONE, DONE, "404"),
}


def of_all_domains(cases: dict[str, Case]) -> dict[str, Case]:
    """Told nothing but that it may not, whatever there is."""
    return {method: (verb, DONE, "403", "403") for method, (verb, *_who) in cases.items()}


@dataclass(frozen=True)
class Row:
    scope: str
    cases: dict[str, Case]
    args: tuple[str, ...] = ()
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)  # those that writes.py has not


PUBLIC = Row("", {})
DOMAIN, JOE, TEAM, OLD = ("example.org",), ("joe@example.org",), ("team@example.org",), ("old.org",)
ALICE = ("alice@example.net",)
# Without the invitation, which needs a site that sends links.
ONBOARDING = {
    "domain": "example.org",
    "person": {"given_name": "Ann", "family_name": "Roth", "external_id": "4711"},
    "password_hash": "{SHA512-CRYPT}$6$eArDTtWq$" + "x" * 86,
}
HR, WEBHOOK = ("hr",), "https://hr.elsewhere.test/events"

TABLE: dict[str, Row] = {
    "api:schema": PUBLIC,
    "api:docs": PUBLIC,
    "api:domains_list": Row("domains", {"GET": LISTED, "POST": ("create", DONE, "403", "403")}),
    "api:domains": Row(
        "domains",
        {
            "GET": SHOWN,
            "PUT": ("write", DONE, "403", "403"),
            "PATCH": ("write", DONE, "403", "404"),
            "DELETE": ("delete", "400", "403", "404"),  # an alias domain points there
        },
        DOMAIN,
    ),
    "api:alias-domains_list": Row("alias_domains", {"GET": LISTED, "POST": ("create", DONE, "403", "400")}),
    "api:alias-domains": Row("alias_domains", ONE, OLD),
    "api:mailboxes_list": Row("mailboxes", LIST),
    "api:mailboxes": Row("mailboxes", ONE, JOE),
    "api:vacation": Row(
        "vacations",
        {
            "GET": SHOWN,
            "PUT": ("write", DONE, DONE, "404"),
            "PATCH": ("write", DONE, DONE, "404"),
            "DELETE": ("write", DONE, DONE, "404"),
        },
        JOE,
    ),
    "api:app-passwords_list": Row("app_passwords", {"GET": SHOWN, "POST": ("create", DONE, DONE, "404")}, JOE),
    "api:app-passwords": Row(
        "app_passwords", {"GET": SHOWN, "DELETE": ("delete", DONE, DONE, "404")}, (*JOE, "<joes_app_password>")
    ),
    "api:aliases_list": Row("aliases", LIST),
    "api:aliases": Row("aliases", ONE, TEAM),
    "api:administrators_list": Row("administrators", of_all_domains(LIST)),
    "api:administrators": Row("administrators", of_all_domains(ONE), ALICE),
    "api:audit_list": Row("audit", {"GET": LISTED}),
    "api:audit": Row("audit", {"GET": SHOWN}, ("<entry>",)),
    "api:jobs_list": Row("jobs", {"GET": LISTED}),
    "api:jobs": Row("jobs", {"GET": SHOWN}, ("<work>",)),
    "api:job_retry": Row("jobs", {"POST": ("write", DONE, "403", "404")}, ("<work>",)),
    # A file is no JSON. Whose it is and who is good for all domains see an import; it is done as whoever sent it.
    "api:imports_list": Row("imports", {"GET": LISTED, "POST": ("create", "415", "415", "415")}),
    "api:imports": Row("imports", {"GET": ("read", DONE, "404", "404")}, ("<import>",)),
    "api:import_lines": Row("imports", {"GET": ("read", DONE, "404", "404")}, ("<import>",)),
    "api:import_apply": Row(
        "imports", {"POST": ("write", DONE, "404", "404")}, ("<import>",), {"POST": {"mode": "good"}}
    ),
    "api:import_cancel": Row("imports", {"POST": ("write", DONE, "404", "404")}, ("<import>",)),
    "api:export_mailboxes": Row("mailboxes", {"GET": LISTED}),
    "api:export_aliases": Row("aliases", {"GET": LISTED}),
    "api:export_domains": Row("domains", {"GET": LISTED}),
    "api:bulk": Row("bulk", {"POST": ("create", "415", "415", "415")}),
    "api:onboardings_list": Row("onboardings", LIST, bodies={"POST": ONBOARDING}),
    "api:onboardings": Row("onboardings", {"GET": SHOWN}, ("<onboarding>",)),
    # Whose mailbox is not to be seen is not there.
    "api:offboardings_list": Row("offboardings", {"GET": LISTED, "POST": ("create", DONE, DONE, "400")}),
    "api:offboardings": Row("offboardings", {"GET": SHOWN}, ("<offboarding>",)),
    "api:offboarding_undo": Row("offboardings", {"POST": WRITTEN}, ("<offboarding>",)),
    "api:templates_list": Row("templates", {"GET": LISTED, "POST": ("create", DONE, DONE, "400")}),
    "api:templates": Row("templates", ONE, ("Sales",)),
    "api:webhooks_list": Row("webhooks", of_all_domains(LIST), bodies={"POST": {"name": "new", "url": WEBHOOK}}),
    "api:webhooks": Row("webhooks", of_all_domains(ONE), HR, bodies={"PUT": {"url": WEBHOOK}}),
    "api:webhook_rotate": Row("webhooks", of_all_domains({"POST": WRITTEN}), HR),
    "api:webhook_test": Row("webhooks", of_all_domains({"POST": WRITTEN}), HR),
    "api:webhook_deliveries_list": Row("webhooks", of_all_domains({"GET": LISTED}), HR),
    "api:webhook_deliveries": Row("webhooks", of_all_domains({"GET": LISTED}), (*HR, "<delivery>")),
    "api:webhook_redeliver": Row("webhooks", of_all_domains({"POST": WRITTEN}), (*HR, "<delivery>")),
}

USER, GROUP = "urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group"
SCIM_MESSAGES = "urn:ietf:params:scim:api:messages:2.0"
SEARCH = {"POST": {"schemas": [f"{SCIM_MESSAGES}:SearchRequest"]}}
CHANGE = {"schemas": [f"{SCIM_MESSAGES}:PatchOp"], "Operations": [{"op": "replace", "path": "active", "value": True}]}
# One scope for all of it. It tells a stranger nothing of what is there, not even by a PUT, which makes nothing.
TO_READ, ASKED = {"GET": ("", DONE, DONE, DONE)}, {"POST": ("", DONE, DONE, DONE)}
OF_ALL = {"GET": ("", DONE, DONE, DONE), "POST": ("", DONE, DONE, "403")}
OF_ONE = dict.fromkeys(("GET", "PUT", "PATCH", "DELETE"), ("", DONE, DONE, "404"))
EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")
TABLE |= {
    "scim:config": Row(SCIM, TO_READ),
    "scim:resource_types": Row(SCIM, TO_READ),
    "scim:resource_type": Row(SCIM, TO_READ, ("User",)),
    "scim:schemas": Row(SCIM, TO_READ),
    "scim:schema": Row(SCIM, TO_READ, (USER,)),
    "scim:users": Row(SCIM, OF_ALL, (), {"POST": {"schemas": [USER], "userName": "new@example.org"}}),
    "scim:user_search": Row(SCIM, ASKED, (), SEARCH),
    "scim:user": Row(
        SCIM, OF_ONE, ("<user>",), {"PUT": {"schemas": [USER], "userName": "joe@example.org"}, "PATCH": CHANGE}
    ),
    "scim:groups": Row(SCIM, OF_ALL, (), {"POST": {"schemas": [GROUP], "displayName": "crew@example.org"}}),
    "scim:group_search": Row(SCIM, ASKED, (), SEARCH),
    "scim:group": Row(
        SCIM,
        OF_ONE,
        ("<group>",),
        {
            "PUT": {"schemas": [GROUP], "displayName": "Team"},
            "PATCH": {**CHANGE, "Operations": [{"op": "replace", "path": "displayName", "value": "Us"}]},
        },
    ),
    "scim:search": Row(SCIM, ASKED, (), SEARCH),
    "scim:bulk": Row(
        SCIM,
        ASKED,
        (),
        {
            "POST": {
                "schemas": [f"{SCIM_MESSAGES}:BulkRequest"],
                "Operations": [{"method": "DELETE", "path": "/Users/x"}],
            }
        },
    ),
    "scim:me": Row(SCIM, dict.fromkeys(EVERY_METHOD, ("", "501", "501", "501"))),
    "scim:nothing": Row(SCIM, dict.fromkeys(EVERY_METHOD, ("", "404", "404", "404"))),
}
BODIES = {(f"api:{write.name}", write.method): write.body for write in WRITES}


def scope_of(row: Row, verb: str) -> str:
    return f"{row.scope}:{verb}" if verb else row.scope


def test_every_endpoint_is_in_the_table() -> None:
    assert {name for name in names_of(get_resolver().url_patterns) if name.startswith(("api:", "scim:"))} == set(TABLE)


def test_every_scope_guards_an_endpoint() -> None:
    guarding = {scope_of(row, verb) for row in TABLE.values() for verb, *_who in row.cases.values()}
    assert guarding == set(SCOPES) - {ALL}


@pytest.fixture
def strangers(api: ApiClient) -> dict[str, Client]:
    """Who is refused everything, each for a reason of its own; the scopes of all of them are `all`."""
    clients = {
        "no token": Client(),
        "wrong": Client(headers={"Authorization": "Bearer mla_wrong"}),
        "expired": api(ALL, name="expired"),
        "off": api(ALL, name="off"),
        "elsewhere": api(ALL, name="elsewhere", networks=["192.0.2.0/24"]),
    }
    Token.objects.filter(name="expired").update(expires_at=timezone.now() - timedelta(seconds=1))
    Token.objects.filter(name="off").update(active=False)
    return clients


@pytest.fixture
def keys(things: dict[str, str]) -> dict[str, str]:
    group = make_alias("group@example.org", "joe@example.org", "ann@elsewhere.test")
    return {**things, "<user>": str(Mailbox.objects.get(pk="joe@example.org").uid), "<group>": str(group.uid)}


def test_each_token_and_method_gets_what_the_table_says(
    keys: dict[str, str], api: ApiClient, strangers: dict[str, Client]
) -> None:
    """All in one, for the ground is dear to lay."""
    everything, wrong = api(ALL, name="everything"), {}
    for name, row in TABLE.items():
        for method, (verb, *_who) in row.cases.items():
            for who, client in {**strangers, **clients_of(scope_of(row, verb), api)}.items():
                got, wanted = sent(client, method, name, row, keys), expected(row, who, method)
                if got != wanted:
                    wrong[name, method, who] = f"{got}, not {wanted}"
        for method in {"GET", *METHODS} - row.cases.keys():
            if row != PUBLIC and (got := sent(everything, method, name, row, keys)) != "405":
                wrong[name, method, "all"] = f"{got}, not 405"

    assert wrong == {}


def clients_of(scope: str, api: ApiClient) -> dict[str, Client]:
    others = [each for each in SCOPES if each not in (ALL, scope)]
    return {
        "all scopes but this": api(*others),
        "scope": api(scope),
        "scope, this domain": api(scope, domains=["example.org"]),
        "scope, another domain": api(scope, domains=["example.com"]),
        "all": api(ALL),
        "scim": api(SCIM),
    }


def expected(row: Row, who: str, method: str) -> str:
    _verb, everywhere, here, elsewhere = row.cases[method]
    return {
        "no token": "401",
        "wrong": "401",
        "expired": "401",
        "off": "401",
        "elsewhere": "403",
        "all scopes but this": "403",
        "scope": everywhere,
        "scope, this domain": here,
        "scope, another domain": elsewhere,
        "all": everywhere,
        "scim": everywhere if row.scope == SCIM else "403",
    }[who]


def sent(client: Client, method: str, name: str, row: Row, keys: dict[str, str]) -> str:
    """The status. What the request changed is undone."""
    body = row.bodies.get(method, BODIES.get((name, method), {}))
    send: Callable[..., Any] = getattr(client, method.lower())
    options = {} if method == "GET" else {"data": body, "content_type": "application/json"}
    with transaction.atomic():
        response = send(reverse(name, args=[keys.get(arg, arg) for arg in row.args]), **options)
        transaction.set_rollback(True)
    return DONE if 200 <= response.status_code < 300 else str(response.status_code)


def test_the_description_of_the_service_is_for_everybody() -> None:
    assert [Client().get(reverse(name)).status_code for name, row in TABLE.items() if row == PUBLIC] == [200, 200]
