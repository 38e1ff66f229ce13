from __future__ import annotations

import argparse
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from domains.models import Domain
from mailadmin.accounts import services
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account, Role
from mailadmin.addresses import normalise_address, normalise_domain
from mailadmin.commands import (
    ObjectCommand,
    add_active,
    add_factor_reset,
    add_must_change,
    add_password,
    add_set_up_link,
    given,
    read_password,
)
from mailadmin.transactions import atomic


class Command(ObjectCommand[Account]):
    help = "Administrators: list, show, add, edit, delete."
    key_name = "email"
    key_help = "the address that the administrator signs in with"
    lookup = "email"
    examples = (
        (
            "The first of all, with the password on standard input",
            "admin add root@example.org --superadmin --password-stdin",
        ),
        (
            "For two domains; a link to choose a password goes to the person",
            "admin add alice@example.org --domain example.org --domain example.com --set-up-link alice@home.test",
        ),
        ("Someone lost the second factor", 'admin edit root@example.org --reset-second-factor "Known by sight"'),
    )

    def rows(self, options: dict[str, Any]) -> QuerySet[Account]:
        return Account.objects.administrators().prefetch_related("domains").order_by("email")

    def normalise_key(self, key: str) -> str:
        return normalise_address(key)

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        parser.add_argument("--name", help="the person's")
        parser.add_argument("--superadmin", action=argparse.BooleanOptionalAction, help="may do all, everywhere")
        parser.add_argument("--domain", action="append", metavar="DOMAIN", help="administers this one; repeat for more")
        add_active(parser)
        add_password(parser, hashes=False)
        add_must_change(parser)
        add_set_up_link(parser)
        if not adding:
            add_factor_reset(parser)

    def describe(self, row: Account) -> dict[str, Any]:
        return {
            "email": row.email,
            "name": row.name,
            "active": row.is_active,
            "superadmin": row.is_superadmin,
            "domains": sorted(domain.name for domain in row.domains.all()),
            "created_at": row.created_at,
        }

    @atomic
    def add(self, key: str, options: dict[str, Any], actor: Actor) -> Account:
        row = services.create_administrator(
            email=key,
            password=read_password(options).get("password"),
            active=options.get("active", True),
            must_change=options.get("must_change", False),
            **{"role": Role.DOMAIN_ADMIN, **_changes(options)},
            actor=actor,
        )
        if "set_up_link" in options:
            services.send_administrator_set_up(account=row, to=options["set_up_link"], actor=actor)
        return row

    def edit(self, row: Account, options: dict[str, Any], actor: Actor) -> Account:
        changes = _changes(options) | given(options, "active", "must_change") | read_password(options)
        return self._edit_all(row, options, changes, actor)

    @atomic
    def _edit_all(self, row: Account, options: dict[str, Any], changes: dict[str, Any], actor: Actor) -> Account:
        """All of it or nothing."""
        row = services.change_administrator(account=row, changes=changes, actor=actor)
        if "reset_second_factor" in options:
            row = services.reset_second_factor(account=row, reason=options["reset_second_factor"], actor=actor)
        if "set_up_link" in options:
            row = services.send_administrator_set_up(account=row, to=options["set_up_link"], actor=actor)
        return row

    def delete(self, row: Account, actor: Actor) -> None:
        services.delete_administrator(account=row, actor=actor)


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    changes = given(options, "name")
    if "superadmin" in options:
        changes["role"] = Role.SUPERADMIN if options["superadmin"] else Role.DOMAIN_ADMIN
    if "domain" in options:
        changes["domains"] = [_domain(name) for name in options["domain"]]
    return changes


def _domain(text: str) -> Domain:
    domain = Domain.objects.filter(pk=normalise_domain(text)).first()
    if domain is None:
        raise ValidationError({"domain": _("There is no domain %(name)s.") % {"name": text}})
    return domain
