from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from mailadmin.accounts.actors import Actor
from mailadmin.api.models import Token
from mailadmin.api.scopes import ALL, RESOURCES, SCIM
from mailadmin.api.services import FORMER_HOURS, create_token, delete_token, edit_token, rotate_token
from mailadmin.commands import VERBS, ObjectCommand, add_active, given


def moment(text: str) -> datetime:
    """Without an offset it is the site's own time."""
    time = datetime.fromisoformat(text)
    return timezone.make_aware(time) if time.tzinfo is None else time


class Command(ObjectCommand[Token]):
    """`add` and `rotate` print the token, which is told this once, and nothing else."""

    help = "Tokens of the REST API and SCIM: list, show, add, edit, rotate, delete."
    key_name = "name"
    key_help = "what it is called in the audit, such as that of the script"
    lookup = "name"
    verbs = {
        **VERBS,
        "add": "make one, and print the token alone",
        "rotate": "replace it, and print the new token alone",
    }
    examples = (
        (
            "For a script that may create mailboxes of one domain, and nothing else",
            "token add hr --scope mailboxes:create --domain example.org",
        ),
        (
            "For a directory that provisions by SCIM, from one network, for a year",
            "token add entra --scope scim --network 192.0.2.0/24 --expires-at 2027-01-31",
        ),
        ("A new one, the former is good for two days more", "token rotate hr --former-hours 48"),
        ("Somebody has seen it", "token rotate hr --former-hours 0"),
    )

    def rows(self, options: dict[str, Any]) -> QuerySet[Token]:
        return Token.objects.prefetch_related("domains").order_by("name")

    def normalise_key(self, key: str) -> str:
        return key.strip()

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        scopes = f"{ALL}, {SCIM}, or as in mailboxes:create; resources: {', '.join(RESOURCES)}; repeat for more"
        parser.add_argument("--scope", action="append", metavar="SCOPE", required=adding, help=scopes)
        domains, networks, expiry = (parser.add_mutually_exclusive_group() for _option in range(3))
        domains.add_argument("--domain", action="append", metavar="DOMAIN", help="only this one; repeat for more")
        networks.add_argument("--network", action="append", metavar="CIDR", help="only from there; repeat for more")
        expiry.add_argument("--expires-at", type=moment, metavar="TIME", help="as in 2027-01-31T18:00:00+01:00")
        parser.add_argument("--requests-per-minute", type=int, metavar="N", help="how many it may send; without it 600")
        add_active(parser)
        if not adding:
            parser.add_argument("--name", dest="new_name", help="another name")
            domains.add_argument("--every-domain", action="store_true", help="good for all domains again")
            networks.add_argument("--every-network", action="store_true", help="good from everywhere again")
            expiry.add_argument("--no-expiry", action="store_true", help="it expires no more")

    def own_arguments(self, parser: CommandParser, verb: str) -> None:
        text = f"how long the present one is still good; without it {FORMER_HOURS}"
        parser.add_argument("--former-hours", type=int, metavar="N", help=text)

    def describe(self, row: Token) -> dict[str, Any]:
        return {
            "name": row.name,
            "active": row.active,
            "scopes": row.scopes,
            "domains": None if row.every_domain else sorted(each.domain_id for each in row.domains.all()),
            "networks": row.networks,
            "requests_per_minute": row.requests_per_minute,
            "expires_at": row.expires_at,
            "former_until": row.former_until,
            "last_used_at": row.last_used_at,
            "last_used_from": row.last_used_from,
            "created_at": row.created_at,
            "created_by": row.created_by,
        }

    def add(self, key: str, options: dict[str, Any], actor: Actor) -> Token:
        token, self.secret = create_token(name=key, **_changes(options), actor=actor)
        return token

    def edit(self, row: Token, options: dict[str, Any], actor: Actor) -> Token:
        return edit_token(token=row, changes=_changes(options), actor=actor)

    def delete(self, row: Token, actor: Actor) -> None:
        delete_token(token=row, actor=actor)

    def _rotate(self, options: dict[str, Any], actor: Actor) -> dict[str, Any]:
        token, self.secret = rotate_token(token=self._row(options), **given(options, "former_hours"), actor=actor)
        return self.describe(token)

    def say(self, verb: str, described: dict[str, Any], options: dict[str, Any]) -> None:
        if verb not in ("add", "rotate"):
            super().say(verb, described, options)
        elif options.get("json"):
            self.write_json({**described, "token": self.secret})
        else:
            self.stdout.write(self.secret)


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    """By the services' names."""
    names = {"new_name": "name", "scope": "scopes", "domain": "domains", "network": "networks"}
    changes = {name: options[option] for option, name in names.items() if option in options}
    back: dict[str, tuple[str, Any]] = {
        "every_domain": ("domains", None),
        "every_network": ("networks", []),
        "no_expiry": ("expires_at", None),
    }
    changes |= dict(change for option, change in back.items() if options.get(option))
    return changes | given(options, "expires_at", "requests_per_minute", "active")
