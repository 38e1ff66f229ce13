"""Rows for tests, made by the services that the product uses. Passwords are all PASSWORD, hashed once."""

from __future__ import annotations

from functools import cache
from itertools import count

from aliases.models import Alias
from aliases.services import create_alias
from domains.models import AliasDomain, Domain
from domains.services import create_alias_domain, create_domain
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.schemes import hash_password
from mailadmin.accounts.services import create_administrator
from mailboxes.models import Mailbox
from mailboxes.services import create_mailbox

PASSWORD = "correct horse battery"
_numbers = count(1)


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


def system() -> Actor:
    return Actor.of_command()


def actor_of(account: Account) -> Actor:
    """As a page makes it of a request."""
    return Actor(
        label=account.address,
        face="page",
        client_address="192.0.2.7",
        account=account,
        is_superadmin=account.is_superadmin,
    )


def make_domain(name: str = "example.org", **fields: object) -> Domain:
    return create_domain(name=name, **fields, actor=system())  # type: ignore[arg-type]


def make_mailbox(address: str = "", **fields: object) -> Mailbox:
    """A mailbox; its domain is made if it is not there."""
    local_part, _at, name = (address or f"user{next(_numbers)}@example.org").partition("@")
    domain = Domain.objects.filter(pk=name).first() or make_domain(name)
    fields.setdefault("password_hash", password_hash())
    return create_mailbox(domain=domain, local_part=local_part, **fields, actor=system())  # type: ignore[arg-type]


def make_alias(address: str, *targets: str, **fields: object) -> Alias:
    return create_alias(address=address, targets=list(targets), **fields, actor=system())  # type: ignore[arg-type]


def make_alias_domain(name: str, target: Domain, **fields: object) -> AliasDomain:
    return create_alias_domain(name=name, target=target, **fields, actor=system())  # type: ignore[arg-type]


def make_superadmin(email: str = "root@example.net") -> Account:
    return create_administrator(email=email, password=PASSWORD, role=Role.SUPERADMIN, actor=system())


def make_administrator(email: str, *domains: Domain) -> Account:
    return create_administrator(email=email, password=PASSWORD, role=Role.DOMAIN_ADMIN, domains=domains, actor=system())
