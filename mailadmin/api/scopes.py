"""What a token may do: a resource and a verb, as in `mailboxes:create`."""

from __future__ import annotations

from collections.abc import Iterable

READ, CREATE, WRITE, DELETE = "read", "create", "write", "delete"
VERBS = (READ, CREATE, WRITE, DELETE)
VERB_OF_METHOD = {"GET": READ, "HEAD": READ, "POST": CREATE, "PATCH": WRITE, "DELETE": DELETE}
# Each resource, and what can be done with it at all.
RESOURCES: dict[str, tuple[str, ...]] = {
    "domains": VERBS,
    "alias_domains": VERBS,
    "mailboxes": VERBS,
    "aliases": VERBS,
    "administrators": VERBS,
    "vacations": (READ, WRITE),
    "app_passwords": (READ, CREATE, DELETE),
    "audit": (READ,),
    "jobs": (READ, WRITE),
    "onboardings": (READ, CREATE),
    "offboardings": (READ, CREATE, WRITE),
    "templates": VERBS,
    "bulk": (CREATE,),
    "imports": (READ, CREATE, WRITE),
    "webhooks": VERBS,
}
# By the name of the model in the audit.
RESOURCE_OF = {
    "domain": "domains",
    "aliasdomain": "alias_domains",
    "mailbox": "mailboxes",
    "alias": "aliases",
    "account": "administrators",
    "vacation": "vacations",
    "apppassword": "app_passwords",
    "onboarding": "onboardings",
    "offboarding": "offboardings",
    "template": "templates",
    "endpoint": "webhooks",
}
ALL, SCIM = "all", "scim"
SCOPES: tuple[str, ...] = (ALL, SCIM, *(f"{name}:{verb}" for name, verbs in RESOURCES.items() for verb in verbs))


def allows(scopes: Iterable[str], wanted: str) -> bool:
    """`all` allows every one; `scim` only the SCIM service, `RESOURCE:VERB` only that verb."""
    granted = set(scopes)
    return ALL in granted or wanted in granted
