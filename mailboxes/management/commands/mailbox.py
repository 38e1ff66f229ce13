from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet

from domains.models import Domain
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.services import reset_mailbox_second_factor, send_mailbox_set_up
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
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.services import (
    create_mailbox,
    delete_mailbox,
    edit_mailbox,
    rename_mailbox,
    set_mailbox_password,
    set_must_change,
)


class Command(ObjectCommand[Mailbox]):
    help = "Mailboxes: list, show, add, edit, delete."
    key_name = "address"
    key_help = "the mailbox, as in joe@example.org"

    def rows(self, options: dict[str, Any]) -> QuerySet[Mailbox]:
        rows = Mailbox.objects.order_by("address")
        return rows.filter(domain_id=normalise_domain(options["domain"])) if "domain" in options else rows

    def normalise_key(self, key: str) -> str:
        return normalise_address(key)

    def list_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--domain")

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        parser.add_argument("--name", help="the person's")
        parser.add_argument("--quota-bytes", type=int, help="0 is unlimited")
        add_active(parser)
        add_password(parser)
        add_must_change(parser)
        add_set_up_link(parser)
        if not adding:
            parser.add_argument("--address", dest="new_address", help="rename, or move to another domain")
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
            raise CommandError(f"There is no domain {domain_name}.")
        fields = given(options, "name", "quota_bytes", "active", "must_change") | read_password(options)
        if "set_up_link" not in options:
            return create_mailbox(domain=domain, local_part=local_part, **fields, actor=actor)
        return self._add_with_link(domain, local_part, fields, options["set_up_link"], actor)

    @atomic
    def _add_with_link(
        self, domain: Domain, local_part: str, fields: dict[str, Any], set_up_link: str, actor: Actor
    ) -> Mailbox:
        """Nobody knows its password until the person has chosen one."""
        fields = {"password": secrets.token_urlsafe(32), **fields}
        mailbox = create_mailbox(domain=domain, local_part=local_part, **fields, actor=actor)
        send_mailbox_set_up(mailbox=mailbox, to=set_up_link, actor=actor)
        return mailbox

    def edit(self, row: Mailbox, options: dict[str, Any], actor: Actor) -> Mailbox:
        return self._edit_all(row, options, read_password(options), actor)

    @atomic
    def _edit_all(self, row: Mailbox, options: dict[str, Any], password: dict[str, str], actor: Actor) -> Mailbox:
        """All of it or nothing."""
        changes = given(options, "name", "quota_bytes", "active")
        if changes:
            row = edit_mailbox(mailbox=row, changes=changes, actor=actor)
        if password:
            row = set_mailbox_password(
                mailbox=row,
                password=password.get("password"),
                password_hash=password.get("password_hash"),
                must_change=options.get("must_change", False),
                actor=actor,
            )
        elif "must_change" in options:
            row = set_must_change(mailbox=row, must_change=options["must_change"], actor=actor)
        if "reset_second_factor" in options:
            reset_mailbox_second_factor(mailbox=row, reason=options["reset_second_factor"], actor=actor)
        if "set_up_link" in options:
            send_mailbox_set_up(mailbox=row, to=options["set_up_link"], actor=actor)
        if "new_address" in options:
            kept = options.get("keep_alias", False)
            row = rename_mailbox(mailbox=row, address=options["new_address"], keep_alias=kept, actor=actor)
        return row

    def delete(self, row: Mailbox, actor: Actor) -> None:
        delete_mailbox(mailbox=row, actor=actor)
