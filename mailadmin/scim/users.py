"""Users: mailboxes, the persons that they belong to, and the aliases that lead to one mailbox alone."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet, Sum

from domains.models import Domain, DomainUsage
from mailadmin.addresses import split_address
from mailboxes.models import Mailbox
from mailboxes.services import change_mailbox, create_mailbox
from people.models import Offboarding, Person, State
from people.services.offboarding import start_offboarding
from people.services.persons import save_person

from .directory import Directory
from .emails import email_aliases, find_by_email, shown_emails, write_emails
from .filters import Column, moment
from .provider import UserResource
from .schemas import EnterpriseUser, Manager, Name

MANAGER = Column("person__manager", folded=False, nullable=True)
WORKPLACE = ("employee_number", "cost_center", "organization", "division", "department")


def _called(op: str, value: Any) -> Q:
    """By its address; or by the name that the directory gave it."""
    if op == "eq" and isinstance(value, str) and "@" not in value:
        return Q(person__user_name__in={value, value.lower()})
    return Column("address", stored_folded=True).condition(op, value)


class Users(Directory[Mailbox]):
    name = "User"
    model = UserResource
    kept = ("active", "displayName", "emails")
    columns = {
        ("id", None): Column("uid", folded=False),
        ("external_id", None): Column("person__external_id", folded=False, nullable=True),
        ("user_name", None): _called,
        ("display_name", None): Column("name_key", stored_folded=True),
        ("name", "given_name"): Column("person__given_name", nullable=True),
        ("name", "family_name"): Column("person__family_name", nullable=True),
        ("title", None): Column("person__title", nullable=True),
        ("preferred_language", None): Column("person__language", nullable=True),
        ("active", None): Column("active", folded=False),
        ("emails", "value"): find_by_email,
        ("manager", None): MANAGER,
        ("manager", "value"): MANAGER,
        ("meta", "created"): moment("created_at"),
        ("meta", "last_modified"): moment("modified_at"),
        **{(name, None): Column(f"person__{name}", nullable=True) for name in WORKPLACE},
    }
    orders = {
        ("id", None): "uid",
        ("external_id", None): "person__external_id",
        ("user_name", None): "address",
        ("display_name", None): "name_key",
        ("name", "given_name"): "person__given_name",
        ("name", "family_name"): "person__family_name",
        ("meta", "created"): "created_at",
        ("meta", "last_modified"): "modified_at",
    }

    def rows(self) -> QuerySet[Mailbox]:
        """Who is being offboarded is gone for the directory, though mail still arrives."""
        return Mailbox.objects.visible_to(self.actor).exclude(address__in=self._leaving().values("address"))

    def total(self) -> int:
        """Of the counts that are kept, for a million rows are not counted for a page of them."""
        kept = DomainUsage.objects.filter(domain__in=Domain.objects.visible_to(self.actor))
        return (kept.aggregate(total=Sum("mailboxes"))["total"] or 0) - self._leaving().count()

    def _leaving(self) -> QuerySet[Offboarding]:
        return Offboarding.objects.visible_to(self.actor).filter(state=State.RUNNING, archived=None)

    def present(self, rows: Sequence[Mailbox]) -> list[Any]:
        keys = [row.pk for row in rows]
        people = {person.mailbox_id: person for person in Person.objects.filter(mailbox_id__in=keys)}
        aliases: dict[str, list[str]] = {}
        for address, target in email_aliases(keys).values_list("address", "only_target"):
            aliases.setdefault(target, []).append(address)
        return [_user(row, people.get(row.pk) or Person(mailbox=row), aliases.get(row.pk, [])) for row in rows]

    def create(self, wanted: Any) -> Mailbox:
        local_part, domain_name = split_address(self.address_of(wanted.user_name, "userName"))
        mailbox = create_mailbox(
            domain=Domain(name=domain_name),
            local_part=local_part,
            name=wanted.display_name or _full_name(wanted),
            active=wanted.active is not False,
            actor=self.actor,
            **_sign_in(wanted),
        )
        save_person(mailbox=mailbox, fields=_person_fields(wanted), actor=self.actor)
        write_emails(mailbox, wanted.emails or [], self.actor)
        return mailbox

    def change(self, row: Mailbox, before: Any, wanted: Any) -> Mailbox:
        changes: dict[str, Any] = {}
        if wanted.active is not None:
            changes["active"] = wanted.active
        if wanted.display_name != before.display_name:
            changes["name"] = wanted.display_name or ""
        if wanted.password:
            changes["password"] = wanted.password
        if wanted.user_name != before.user_name:
            changes["address"] = self.address_of(wanted.user_name, "userName")
        row = change_mailbox(mailbox=row, changes=changes, actor=self.actor)
        if (fields := _person_fields(wanted)) != _person_fields(before):
            save_person(mailbox=row, fields=fields, actor=self.actor)
        if wanted.emails != before.emails:
            write_emails(row, wanted.emails or [], self.actor)
        return row

    def remove(self, row: Mailbox) -> None:
        start_offboarding(mailbox=row, actor=self.actor)


def _name_of(row: Mailbox, person: Person) -> str:
    """As the directory wrote it, as long as it is that address: it may leave out the domain, and write capitals."""
    given = person.user_name if "@" in person.user_name else f"{person.user_name}@{row.domain_id}"
    return person.user_name if given.lower() == row.address else row.address


def _user(row: Mailbox, person: Person, aliases: list[str]) -> Any:
    name = Name(given_name=person.given_name or None, family_name=person.family_name or None)
    workplace: dict[str, Any] = {field: getattr(person, field) or None for field in WORKPLACE}
    manager = Manager(value=person.manager) if person.manager else None
    works = EnterpriseUser(**workplace, manager=manager) if manager or any(workplace.values()) else None
    return UserResource(
        id=row.uid,
        external_id=person.external_id,
        user_name=_name_of(row, person),
        name=name if name.given_name or name.family_name else None,
        display_name=row.name or None,
        title=person.title or None,
        preferred_language=person.language or None,
        active=row.active,
        emails=shown_emails(row.pk, person.emails, aliases),
        EnterpriseUser=works,
    )


def _person_fields(user: Any) -> dict[str, Any]:
    name, works = user.name or Name(), user.EnterpriseUser or EnterpriseUser()
    fields = {field: getattr(works, field) or "" for field in WORKPLACE}
    return fields | {
        "user_name": user.user_name,
        "external_id": user.external_id or None,
        "given_name": name.given_name or "",
        "family_name": name.family_name or "",
        "title": user.title or "",
        "language": user.preferred_language or "",
        "manager": (works.manager.value if works.manager else None) or "",
    }


def _full_name(user: Any) -> str:
    name = user.name or Name()
    return " ".join(filter(None, (name.given_name, name.family_name)))


def _sign_in(user: Any) -> dict[str, Any]:
    """Without a password nobody signs in by one, until a link lets the person choose it: a digest at random has none,
    and costs nothing, so that a bulk of many goes through."""
    if user.password:
        return {"password": user.password}
    digest_and_salt = secrets.token_bytes(64 + 8)
    return {"password_hash": f"{{SSHA512}}{b64encode(digest_and_salt).decode()}"}
