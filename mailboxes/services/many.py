"""Many mailboxes at once: each domain is locked, asked and counted once, and the rows are written together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError

from aliases.services import refuse_taken, taken
from domains.locks import lock_domain
from domains.models import Domain
from domains.rules import can_change_addresses, require
from mailadmin.addresses import split_address
from mailadmin.audit import services as audit
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.quotas import given_bytes
from mailboxes.services.create import count_of, fill, free_maildir, insert_rows, refuse_full, usual_maildir

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

Refusal = ValidationError | PermissionDenied


@dataclass(frozen=True)
class NewMailbox:
    """`address` in its normal form, `password` as `stored_password` gives it. The rest as in `create_mailbox`."""

    address: str
    password: str
    name: str = ""
    quota_bytes: int | None = None
    active: bool = True


@atomic
def create_mailboxes(*, rows: Sequence[NewMailbox], actor: Actor) -> list[Mailbox | Refusal]:
    """What became of each, in their order. One that is refused leaves the others as they are.

    A thousand at a time: what is asked of the database is asked about all of them.
    """
    outcomes: dict[int, Mailbox | Refusal] = {}
    # Domain after domain by name, as every service locks them.
    numbers = sorted(range(len(rows)), key=lambda number: _domain_of(rows[number]))
    for name, several in groupby(numbers, key=lambda number: _domain_of(rows[number])):
        outcomes |= _create_in(name, {number: rows[number] for number in several}, actor)
    return [outcomes[number] for number in range(len(rows))]


def _domain_of(row: NewMailbox) -> str:
    return split_address(row.address)[1]


def _create_in(domain_name: str, rows: dict[int, NewMailbox], actor: Actor) -> dict[int, Mailbox | Refusal]:
    try:
        require(can_change_addresses(actor, domain_name))
        intake = _Intake(lock_domain(domain_name, field="local_part"), rows.values())
    except (ValidationError, PermissionDenied) as refusal:
        return dict.fromkeys(rows, refusal)
    outcomes: dict[int, Mailbox | Refusal] = {number: intake.admit(row) for number, row in rows.items()}
    if admitted := [outcome for outcome in outcomes.values() if isinstance(outcome, Mailbox)]:
        insert_rows(admitted)
        audit.record_creations("mailbox.create", admitted, actor=actor, domain_name=domain_name)
    return outcomes


class _Intake:
    """What a domain, its row locked, has room for: counted once, and kept while mailboxes are admitted."""

    def __init__(self, domain: Domain, rows: Collection[NewMailbox]) -> None:
        addresses = [row.address for row in rows]
        self._domain = domain
        self._taken = taken(addresses)
        self._maildirs = _maildirs_taken(addresses)
        self._count = count_of(domain) if domain.max_mailboxes > 0 else 0
        self._given = given_bytes(domain) if domain.quota_mb > 0 else 0

    def admit(self, row: NewMailbox) -> Mailbox | ValidationError:
        try:
            mailbox = self._checked(row)
        except ValidationError as refusal:
            return refusal
        self._taken[mailbox.address] = "mailbox"
        self._count += 1
        self._given += max(mailbox.quota_bytes, 0)
        return mailbox

    def _checked(self, row: NewMailbox) -> Mailbox:
        refuse_taken(row.address, field="local_part", known=self._taken)
        refuse_full(self._domain, self._count)
        mailbox = Mailbox(
            address=row.address, domain=self._domain, name=row.name, password=row.password, active=row.active
        )
        fill(mailbox, row.quota_bytes, given=self._given)
        mailbox.maildir = free_maildir(row.address, self._maildirs)
        mailbox.clean_fields(exclude={"domain"})
        return mailbox


def _maildirs_taken(addresses: Sequence[str]) -> set[str]:
    """Of their usual places those that another program gave to others."""
    wanted = [usual_maildir(address) for address in addresses]
    return set(Mailbox.objects.filter(maildir__in=wanted).values_list("maildir", flat=True))
