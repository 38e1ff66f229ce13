"""What can be imported: the columns of each kind, what their cells mean, and which services write its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.services import create_alias, edit_alias
from domains.models import Domain
from domains.quotas import megabytes
from domains.services import create_domain, edit_domain
from mailadmin.addresses import normalise_address, normalise_domain, normalise_targets, split_address
from mailadmin.errors import at_field, refuse
from mailadmin.formulas import undefused
from mailadmin.revisions import differing
from mailboxes.models import Mailbox
from mailboxes.services import NewMailbox, create_mailboxes, edit_mailbox, set_mailbox_password
from mailboxes.services.create import refuse_password

from .models import Kind

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

Fields = dict[str, Any]
Refusal = ValidationError | PermissionDenied
# Columns of an export that count for nothing when they come back, as in REST.
READ_ONLY = ("created_at", "modified_at", "live")
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")
# Stands for a hash in a rehearsal, of which nothing stays. It is the hash of nothing.
REHEARSED = "{SHA256-CRYPT}$5$rehearsed$" + "." * 43
PASSWORD, STORED = "password", "stored"  # in `fields`: in clear until the worker has hashed it


def _flag(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() not in FALSE:
        raise ValidationError(_("This must be true or false."), "wrong_type")
    return False


def _whole(text: str) -> int:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 19:
        raise ValidationError(_("This must be a whole number."), "wrong_type")
    return int(text)


def _text(text: str) -> str:
    return text


class OfKind(ABC):
    """Subclasses: `columns` under the names that REST has, each with what reads its cells; the first is the key."""

    columns: ClassVar[dict[str, Callable[[str], Any]]]
    secrets: ClassVar[tuple[str, ...]] = ()  # columns whose cells are taken as they are
    service_names: ClassVar[dict[str, str]] = {}
    model: ClassVar[type[models.Model]]

    @property
    def key(self) -> str:
        return next(iter(self.columns))

    @property
    def column_names(self) -> dict[str, str]:
        return {service: column for column, service in self.service_names.items()}

    def understand(self, cells: dict[str, str]) -> tuple[str, Fields]:
        """The key, and what was given under the services' names; an empty cell is not given. ValidationError by
        column."""
        fields: Fields = {}
        for column, read in self.columns.items():
            cell = cells.get(column, "")
            if cell:
                text = cell if column in self.secrets else undefused(cell)
                fields[self.service_names.get(column, column)] = at_field(column, read, text)
        key = fields.pop(self.key, "")
        if not key:
            refuse(self.key, _("This cell must be filled in."), "required")
        self.check(key, fields)
        return key, fields

    def check(self, key: str, fields: Fields) -> None:  # noqa: B027 not every kind has more to say
        """What is wrong with a line whatever is in the database."""

    def present(self, keys: Collection[str], actor: Actor) -> dict[str, Any]:
        """Those of the rows that are there and the actor's to see."""
        return self.model._default_manager.visible_to(actor).in_bulk(keys)  # type: ignore[attr-defined]

    def create(self, rows: Sequence[tuple[str, Fields]], actor: Actor) -> list[Refusal | None]:
        """What refused each of them; one that is refused leaves the others as they are."""
        return [_refusal(lambda: self.create_one(key, fields, actor)) for key, fields in rows]  # noqa: B023 called at once

    def change(self, row: Any, fields: Fields, actor: Actor) -> bool:
        """Whether there was anything to change. Raises what the services do."""
        with transaction.atomic():
            return self.edit(row, fields, actor)

    @abstractmethod
    def create_one(self, key: str, fields: Fields, actor: Actor) -> object: ...

    @abstractmethod
    def edit(self, row: Any, fields: Fields, actor: Actor) -> bool: ...


def _refusal(act: Callable[[], object]) -> Refusal | None:
    try:
        with transaction.atomic():
            act()
    except (ValidationError, PermissionDenied) as refusal:
        return refusal
    return None


class Mailboxes(OfKind):
    model = Mailbox
    columns = {
        "address": normalise_address,
        "name": _text,
        "active": _flag,
        "quota_bytes": _whole,
        "password": _text,
        "password_hash": _text,
    }
    secrets = ("password", "password_hash")
    service_names = {"password_hash": STORED}

    @property
    def column_names(self) -> dict[str, str]:
        return {STORED: "password_hash", "local_part": "address", "domain": "address"}

    def check(self, key: str, fields: Fields) -> None:
        if PASSWORD in fields and STORED in fields:
            refuse(PASSWORD, _("Give a password or its hash, not both."), "password_twice")
        if PASSWORD in fields or STORED in fields:
            refuse_password(fields.get(PASSWORD), fields.get(STORED), about=(key, fields.get("name", "")))

    def create(self, rows: Sequence[tuple[str, Fields]], actor: Actor) -> list[Refusal | None]:
        """All that have a password together."""
        whole = [number for number, (_key, fields) in enumerate(rows) if _stored(fields)]
        made = create_mailboxes(rows=[_new(*rows[number]) for number in whole], actor=actor)
        found: list[Refusal | None] = [ValidationError({PASSWORD: _password_missing()})] * len(rows)
        for number, outcome in zip(whole, made, strict=True):
            found[number] = None if isinstance(outcome, Mailbox) else outcome
        return found

    def create_one(self, key: str, fields: Fields, actor: Actor) -> object:
        return self.create([(key, fields)], actor)

    def edit(self, row: Mailbox, fields: Fields, actor: Actor) -> bool:
        stored, others = _stored(fields), {n: value for n, value in fields.items() if n not in (PASSWORD, STORED)}
        changes = differing(row, others)
        if changes:
            row = edit_mailbox(mailbox=row, changes=changes, actor=actor)
        if not stored or stored == row.password:
            return bool(changes)
        set_mailbox_password(mailbox=row, password_hash=stored, actor=actor)
        return True


def _stored(fields: Fields) -> str:
    return fields.get(STORED) or (REHEARSED if PASSWORD in fields else "")


def _new(key: str, fields: Fields) -> NewMailbox:
    given = {name: fields[name] for name in ("name", "quota_bytes", "active") if name in fields}
    return NewMailbox(address=key, password=_stored(fields), **given)


def _password_missing() -> ValidationError:
    return ValidationError(_("Enter a password."), "password_missing")


class Aliases(OfKind):
    model = Alias
    columns = {
        "address": lambda text: normalise_address(text, catch_all=True),
        "goto": _text,
        "active": _flag,
        "description": _text,
    }
    service_names = {"goto": "targets"}

    def check(self, key: str, fields: Fields) -> None:
        if "targets" in fields:
            catch_all = not split_address(key)[0]
            fields["targets"] = at_field("goto", normalise_targets, fields["targets"], catch_all=catch_all)

    def present(self, keys: Collection[str], actor: Actor) -> dict[str, Any]:
        """Without what is a mailbox's forwarding: the service refuses it by name."""
        return Alias.objects.visible_to(actor).without_mailboxes().in_bulk(keys)

    def create_one(self, key: str, fields: Fields, actor: Actor) -> Alias:
        return create_alias(address=key, **{"targets": [], **fields}, actor=actor)

    def edit(self, row: Alias, fields: Fields, actor: Actor) -> bool:
        changes = differing(row, fields)
        if changes:
            edit_alias(alias=row, changes=changes, actor=actor)
        return bool(changes)


def _megabytes(text: str) -> int:
    return megabytes(_whole(text))


class Domains(OfKind):
    model = Domain
    columns = {
        "name": normalise_domain,
        "description": _text,
        "active": _flag,
        "backup_mx": _flag,
        "transport": _text,
        "max_mailboxes": _whole,
        "max_aliases": _whole,
        "max_quota_bytes": _megabytes,
        "quota_bytes": _megabytes,
        "password_expiry_days": _whole,
    }
    service_names = {"max_quota_bytes": "max_quota_mb", "quota_bytes": "quota_mb"}

    def create_one(self, key: str, fields: Fields, actor: Actor) -> Domain:
        return create_domain(name=key, **fields, actor=actor)

    def edit(self, row: Domain, fields: Fields, actor: Actor) -> bool:
        changes = differing(row, fields)
        if changes:
            edit_domain(domain=row, changes=changes, actor=actor)
        return bool(changes)


KINDS: dict[str, OfKind] = {Kind.MAILBOXES: Mailboxes(), Kind.ALIASES: Aliases(), Kind.DOMAINS: Domains()}
