from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from domains.models import Domain
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.services import create_mailbox_by_link, reset_mailbox_second_factor, send_mailbox_set_up
from mailadmin.addresses import normalise_address, normalise_domain, split_address
from mailadmin.commands import (
    ObjectCommand,
    add_active,
    add_factor_reset,
    add_must_change,
    add_password,
    add_set_up_link,
    given,
    is_live,
    read_password,
)
from mailadmin.errors import refuse
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.services import change_mailbox, create_mailbox, delete_mailbox


class Command(ObjectCommand[Mailbox]):
    help = "Mailboxes: list, show, add, edit, delete."
    key_name = "address"
    key_help = "the mailbox, as in joe@example.org"
    examples = (
        (
            "The password is the first line of standard input",
            'mailbox add joe@example.org --name "Joe Doe" --quota-bytes 2000000000 --password-stdin',
        ),
        ("A link to choose a password goes to the person", "mailbox add ann@example.org --set-up-link ann@home.test"),
        ("No sign-in and no new mail; the mail stays", "mailbox edit joe@example.org --no-active"),
        ("Another name; the old one leads to it", "mailbox edit joe@example.org --address jd@example.org --keep-alias"),
        ("What would happen?", "mailbox delete joe@example.org --dry-run"),
    )

    def rows(self, options: dict[str, Any]) -> QuerySet[Mailbox]:
        rows = Mailbox.objects.order_by("address")
        return rows.filter(domain_id=normalise_domain(options["domain"])) if "domain" in options else rows

    def normalise_key(self, key: str) -> str:
        return normalise_address(key)

    def list_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain", metavar="DOMAIN", help="of this domain only")

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        parser.add_argument("--name", help="the person's")
        parser.add_argument("--quota-bytes", type=int, metavar="N", help="0 is unlimited")
        add_active(parser)
        add_password(parser)
        add_must_change(parser)
        add_set_up_link(parser)
        if not adding:
            parser.add_argument(
                "--address", dest="new_address", metavar="ADDRESS", help="rename it, or move it to another domain"
            )
            parser.add_argument("--keep-alias", action="store_true", help="leave an alias at the old address")
            add_factor_reset(parser)

    def describe(self, row: Mailbox) -> dict[str, Any]:
        return {
            "address": row.address,
            "name": row.name,
            "active": row.active,
            "quota_bytes": row.quota_bytes,
            "created_at": row.created_at,
            "modified_at": row.modified_at,
            "live": is_live(row.address, row.domain_id),
        }

    def add(self, key: str, options: dict[str, Any], actor: Actor) -> Mailbox:
        local_part, domain_name = split_address(key)
        domain = Domain.objects.filter(pk=normalise_domain(domain_name)).first()
        if domain is None:
            refuse("address", _("There is no domain %(name)s."), "domain_unknown", name=domain_name)
        fields = given(options, "name", "quota_bytes", "active", "must_change") | read_password(options)
        fields |= {"domain": domain, "local_part": local_part}
        if "set_up_link" in options:
            return create_mailbox_by_link(to=options["set_up_link"], **fields, actor=actor)
        return create_mailbox(**fields, actor=actor)

    def edit(self, row: Mailbox, options: dict[str, Any], actor: Actor) -> Mailbox:
        changes = given(options, "name", "quota_bytes", "active", "must_change", "keep_alias") | read_password(options)
        if "new_address" in options:
            changes["address"] = options["new_address"]
        return self._edit_all(row, options, changes, actor)

    @atomic
    def _edit_all(self, row: Mailbox, options: dict[str, Any], changes: dict[str, Any], actor: Actor) -> Mailbox:
        """All of it or nothing."""
        row = change_mailbox(mailbox=row, changes=changes, actor=actor)
        if "reset_second_factor" in options:
            reset_mailbox_second_factor(mailbox=row, reason=options["reset_second_factor"], actor=actor)
        if "set_up_link" in options:
            send_mailbox_set_up(mailbox=row, to=options["set_up_link"], actor=actor)
        return row

    def delete(self, row: Mailbox, actor: Actor) -> None:
        delete_mailbox(mailbox=row, actor=actor)
