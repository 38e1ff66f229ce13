"""Files that can be imported again: the columns of an import, for all rows that somebody may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from aliases.models import Alias
from domains.models import Domain
from mailadmin.pages.keyset import Order, in_batches
from mailboxes.models import Mailbox

from .models import Kind

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

# A cell that is empty is not given: what is the default is left out of none.
COLUMNS: dict[str, dict[str, Callable[[Any], Any]]] = {
    Kind.MAILBOXES: {
        "address": lambda row: row.pk,
        "name": lambda row: row.name,
        "active": lambda row: row.active,
        "quota_bytes": lambda row: row.quota_bytes,
    },
    Kind.ALIASES: {
        "address": lambda row: row.pk,
        "goto": lambda row: row.goto,
        "active": lambda row: row.active,
        "description": lambda row: row.description,
    },
    Kind.DOMAINS: {
        "name": lambda row: row.pk,
        "description": lambda row: row.description,
        "active": lambda row: row.active,
        "backup_mx": lambda row: row.backup_mx,
        "transport": lambda row: row.transport,
        "max_mailboxes": lambda row: row.max_mailboxes,
        "max_aliases": lambda row: row.max_aliases,
        "max_quota_bytes": lambda row: row.max_quota_bytes,
        "quota_bytes": lambda row: row.quota_bytes,
        "password_expiry_days": lambda row: row.password_expiry_days,
    },
}
WITH_HASHES: dict[str, Callable[[Any], Any]] = {"password_hash": lambda row: row.password}


def columns_of(kind: str, *, with_hashes: bool = False) -> dict[str, Callable[[Any], Any]]:
    return COLUMNS[kind] | (WITH_HASHES if with_hashes and kind == Kind.MAILBOXES else {})


def rows_of(kind: str, domain: str, actor: Actor) -> QuerySet[Any]:
    rows = {
        Kind.MAILBOXES: Mailbox.objects.visible_to(actor),
        Kind.ALIASES: Alias.objects.visible_to(actor).listed(),
        Kind.DOMAINS: Domain.objects.visible_to(actor),
    }[Kind(kind)]
    if not domain:
        return rows
    return rows.filter(pk=domain) if kind == Kind.DOMAINS else rows.filter(domain_id=domain)


def cells_of(rows: QuerySet[Any], columns: dict[str, Callable[[Any], Any]]) -> Iterator[list[Any]]:
    key = rows.model._meta.pk.name
    for batch in in_batches(rows, Order(key, key)):
        for row in batch:
            yield [value(row) for value in columns.values()]
