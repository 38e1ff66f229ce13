"""Groups: distribution aliases. `displayName` is the alias's description, or its address where it has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from scim2_models import InvalidFilterException, Reference

from aliases.models import Alias
from aliases.services import create_alias, delete_alias, edit_alias
from mailadmin.errors import refuse
from mailboxes.models import Mailbox

from .directory import Directory
from .emails import IS_EMAIL
from .filters import EVERY, NONE, Column, moment
from .schemas import Group, Member
from .users import Users


def _named(op: str, value: Any) -> Q:
    if op == "pr":
        return EVERY
    described = Column("description").condition(op, value)
    return described | (Q(description="") & Column("address", stored_folded=True).condition(op, value))


def _with_member(op: str, value: Any) -> Q:
    """The targets are one text, as Postfixadmin has them."""
    if op == "pr":
        return ~Q(goto="")
    if op != "eq":
        raise InvalidFilterException(detail="Members are found by eq alone.")
    for rows in (Mailbox.objects, Alias.objects):
        if address := rows.filter(uid=value).values_list("address", flat=True).first():
            value = address
    inside = Q(goto=value) | Q(goto__startswith=f"{value},") | Q(goto__endswith=f",{value}")
    return (inside | Q(goto__contains=f",{value},")) if value else NONE


class Groups(Directory[Alias]):
    name = "Group"
    model = Group
    kept = ("members",)
    columns = {
        ("id", None): Column("uid", folded=False),
        ("external_id", None): Column("external_id", folded=False, nullable=True),
        ("display_name", None): _named,
        ("members", "value"): _with_member,
        ("meta", "created"): moment("created_at"),
        ("meta", "last_modified"): moment("modified_at"),
    }
    orders = {
        ("id", None): "uid",
        ("external_id", None): "external_id",
        ("display_name", None): "description",
        ("meta", "created"): "created_at",
        ("meta", "last_modified"): "modified_at",
    }

    def rows(self) -> QuerySet[Alias]:
        aliases = Alias.objects.visible_to(self.actor).listed()
        return aliases.exclude(address__startswith="@").filter(~(Q(only_target__isnull=False) & IS_EMAIL))

    def total(self) -> int:
        return self.rows().count()

    def present(self, rows: Sequence[Alias]) -> list[Any]:
        members = self._members({target for row in rows for target in row.targets})
        return [
            Group(
                id=row.uid,
                external_id=row.external_id,
                display_name=row.description or row.address,
                members=[members.get(target) or Member(value=target) for target in row.targets] or None,
            )
            for row in rows
        ]

    def _members(self, targets: set[str]) -> dict[str, Member]:
        """By their address, if the token may see them."""
        return {
            address: Member(value=uid, ref=Reference(f"{self.base}/{kind}s/{uid}"), type=kind)
            for kind, rows in reversed(self._known())
            for address, uid in rows.filter(address__in=targets).values_list("address", "uid")
        }

    def _known(self) -> list[tuple[str, QuerySet[Any]]]:
        """A mailbox has a row among the aliases as well, and counts before it."""
        return [("User", Users(self.actor, self.base).rows()), ("Group", self.rows())]

    def create(self, wanted: Any) -> Alias:
        targets = self._targets(wanted.members or [])
        return create_alias(
            address=self._address(wanted.display_name),
            targets=targets,
            description=wanted.display_name,
            active=bool(targets),
            external_id=wanted.external_id or None,
            actor=self.actor,
        )

    def _address(self, display_name: str) -> str:
        if "@" not in display_name and not (display_name := slugify(display_name)):
            refuse("displayName", _("No address can be made of this name: give the address itself."), "name_no_address")
        return self.address_of(display_name, "displayName")

    def change(self, row: Alias, before: Any, wanted: Any) -> Alias:
        changes: dict[str, Any] = {"external_id": wanted.external_id or None}
        if wanted.display_name != before.display_name:
            changes["description"] = wanted.display_name
        if wanted.members != before.members:
            targets = changes["targets"] = self._targets(wanted.members or [])
            if bool(targets) != bool(row.targets):
                changes["active"] = bool(targets)
        return edit_alias(alias=row, changes=changes, actor=self.actor)

    def remove(self, row: Alias) -> None:
        delete_alias(alias=row, actor=self.actor)

    def _targets(self, members: Iterable[Member]) -> list[str]:
        """Where mail for these members goes, in their order."""
        values = [member.value or "" for member in members]
        known = {
            uid: address
            for _kind, rows in self._known()
            for uid, address in rows.filter(uid__in=values).values_list("uid", "address")
        }
        for value in values:
            if value not in known and "@" not in value:
                refuse("members", _("There is no User or Group %(id)s."), "member_unknown", id=value[:100])
        return [known.get(value, value) for value in values]
