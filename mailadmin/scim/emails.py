"""`emails` of a User: its own address, the aliases that lead to it alone, and addresses elsewhere that the directory
knows. How the directory labels each is kept with the person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from aliases.models import Alias
from aliases.services import create_alias, delete_alias
from domains.models import Domain
from mailadmin.addresses import normalise_address, split_address
from mailadmin.errors import at_field
from mailboxes.models import Mailbox
from people.services.persons import save_person

from .filters import EVERY, Column
from .schemas import Email

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

# An alias that has a description, or an id in the directory, is a group, though it may have one member at present.
IS_EMAIL = Q(description="", external_id=None) & Q(Exists(Mailbox.objects.filter(address=OuterRef("only_target"))))
OWN = ""  # the label of the mailbox's own address, which stays its own when it is renamed


def email_aliases(addresses: Iterable[str]) -> QuerySet[Alias]:
    """Those that lead to one of these mailboxes, and nowhere else."""
    return Alias.objects.filter(IS_EMAIL, only_target__in=addresses).order_by("address")


def find_by_email(op: str, value: Any) -> Q:
    """The condition of a filter on `emails.value`."""
    if op == "pr":
        return EVERY
    column = Column("address", stored_folded=True)
    aliases = Alias.objects.filter(IS_EMAIL, column.condition(op, value))
    return column.condition(op, value) | Q(address__in=aliases.values("only_target"))


def shown_emails(own: str, labels: list[dict[str, Any]] | None, aliases: Sequence[str]) -> list[Email] | None:
    """In the directory's order; what it never named comes after it."""
    if labels is None:
        labels = [{"value": OWN, "type": "work", "primary": True}]
    shown = [_email(label, own) for label in labels if _is_there(label, aliases)]
    named = {email.value for email in shown}
    shown += [Email(value=address, type=Email.Type.other) for address in aliases if address not in named]
    return shown or None


def _is_there(label: dict[str, Any], aliases: Sequence[str]) -> bool:
    return label["value"] == OWN or bool(label.get("outside")) or label["value"] in aliases


def _email(label: dict[str, Any], own: str) -> Email:
    return Email(value=label["value"] or own, type=label.get("type"), primary=label.get("primary"))


def write_emails(mailbox: Mailbox, emails: Sequence[Email], actor: Actor) -> None:
    """Make and delete aliases, so that these are the mailbox's addresses; those of other sites are only kept."""
    wanted = {at_field("emails", normalise_address, email.value or ""): email for email in emails}
    domains = {split_address(address)[1] for address in wanted}
    ours = set(Domain.objects.visible_to(actor).filter(pk__in=domains).values_list("pk", flat=True))
    here = {address for address in wanted if split_address(address)[1] in ours and address != mailbox.pk}
    present = {alias.pk: alias for alias in email_aliases([mailbox.pk])}
    for address in sorted(here - present.keys()):
        create_alias(address=address, targets=[mailbox.pk], actor=actor)
    for address in sorted(present.keys() - here):
        delete_alias(alias=present[address], actor=actor)
    labels = [_label(address, email, mailbox, address in here) for address, email in wanted.items()]
    save_person(mailbox=mailbox, fields={"emails": labels}, actor=actor)


def _label(address: str, email: Email, mailbox: Mailbox, is_here: bool) -> dict[str, Any]:
    own = address == mailbox.pk
    return {
        "value": OWN if own else address,
        "type": str(email.type.value) if email.type else None,
        "primary": email.primary,
        "outside": not own and not is_here,
    }
