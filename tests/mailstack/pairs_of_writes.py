"""What two people may do at the same moment: each function lays the ground in its own domain and returns two acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aliases.models import Alias
from aliases.services import edit_alias
from domains import usage
from domains.models import AliasDomain, Domain, DomainUsage
from domains.services import create_alias_domain, delete_domain
from mailadmin.accounts.services import create_administrator
from mailboxes.models import ArchivedMailbox, Mailbox
from mailboxes.services import (
    delete_mailbox,
    edit_mailbox,
    rename_mailbox,
    restore_mailbox,
    set_forwarding,
    set_mailbox_password,
)
from tests.factories import make_alias, make_domain, make_mailbox, password_hash, system
from vacations.models import Vacation
from vacations.services import end_vacation, set_vacation

Pair = tuple[Callable[[], object], Callable[[], object]]


def rename_and_delete(name: str) -> Pair:
    joe = _mailbox_with_aliases(name)
    return lambda: rename_mailbox(mailbox=joe, address=f"jim@{name}", actor=system()), lambda: _delete(joe)


def delete_and_restore(name: str) -> Pair:
    _delete(make_mailbox(f"joe@{name}"))
    archived, other = ArchivedMailbox.objects.get(address=f"joe@{name}"), make_mailbox(f"ann@{name}")
    make_alias(f"team@{name}", f"ann@{name}", f"joe@{name}")
    return lambda: _delete(other), lambda: restore_mailbox(archived=archived, actor=system())


def restore_twice(name: str) -> Pair:
    _delete(make_mailbox(f"joe@{name}"))
    archived = ArchivedMailbox.objects.get(address=f"joe@{name}")
    return _twice(lambda: restore_mailbox(archived=archived, actor=system()))


def alias_and_mailbox(name: str) -> Pair:
    make_domain(name)
    return lambda: make_alias(f"joe@{name}", "x@elsewhere.test"), lambda: make_mailbox(f"joe@{name}")


def same_domain_twice(name: str) -> Pair:
    return _twice(lambda: make_domain(name))


def opposite_moves(name: str) -> Pair:
    one, other = make_mailbox(f"one@{name}"), make_mailbox(f"other@b-{name}")
    return (
        lambda: rename_mailbox(mailbox=one, address=f"one@b-{name}", keep_alias=True, actor=system()),
        lambda: rename_mailbox(mailbox=other, address=f"other@{name}", keep_alias=True, actor=system()),
    )


def alias_domain_and_mailbox(name: str) -> Pair:
    make_domain(name)
    target = make_domain(f"target-{name}")
    return lambda: create_alias_domain(name=name, target=target, actor=system()), lambda: make_mailbox(f"joe@{name}")


def alias_domains_in_a_circle(name: str) -> Pair:
    one, other = make_domain(name), make_domain(f"b-{name}")
    return (
        lambda: create_alias_domain(name=one.pk, target=other, actor=system()),
        lambda: create_alias_domain(name=other.pk, target=one, actor=system()),
    )


def delete_twice(name: str) -> Pair:
    joe = _mailbox_with_aliases(name)
    return _twice(lambda: _delete(joe))


def edit_and_delete(name: str) -> Pair:
    joe = _mailbox_with_aliases(name)
    return lambda: edit_mailbox(mailbox=joe, changes={"name": "J"}, actor=system()), lambda: _delete(joe)


def domain_and_mailbox(name: str) -> Pair:
    domain = make_domain(name)
    return lambda: delete_domain(domain=domain, actor=system()), lambda: make_mailbox(f"joe@{name}")


def shared_targets(name: str) -> Pair:
    """Each deletion takes its address out of the same aliases, of several domains."""
    one, other = make_mailbox(f"one@{name}"), make_mailbox(f"other@b-{name}")
    for number in range(8):
        make_alias(f"t{number}@{name if number % 2 else 'b-' + name}", one.pk, other.pk)
    return lambda: _delete(one), lambda: _delete(other)


def forwardings_in_a_circle(name: str) -> Pair:
    one, other = make_mailbox(f"one@{name}"), make_mailbox(f"other@{name}")
    return (
        lambda: set_forwarding(mailbox=one, targets=[other.pk], keep_copy=False, actor=system()),
        lambda: set_forwarding(mailbox=other, targets=[one.pk], keep_copy=False, actor=system()),
    )


def renames_to_one_address(name: str) -> Pair:
    one, other = make_mailbox(f"one@{name}"), make_mailbox(f"other@{name}")
    return (
        lambda: rename_mailbox(mailbox=one, address=f"joe@{name}", actor=system()),
        lambda: rename_mailbox(mailbox=other, address=f"joe@{name}", actor=system()),
    )


def one_administrator(name: str) -> Pair:
    return _twice(lambda: create_administrator(email=f"joe@{name}", password=None, actor=system()))


def password_and_rename(name: str) -> Pair:
    joe = make_mailbox(f"joe@{name}")
    return (
        lambda: set_mailbox_password(mailbox=joe, password_hash=password_hash(), actor=system()),
        lambda: rename_mailbox(mailbox=joe, address=f"jim@{name}", actor=system()),
    )


def bulk_in_both_orders(name: str) -> Pair:
    from mailadmin.transactions import atomic

    make_domain(name)
    aliases = [make_alias(f"a{number}@{name}", "x@elsewhere.test") for number in range(6)]

    @atomic
    def in_order(rows: list[Alias], active: bool) -> None:
        for row in rows:
            edit_alias(alias=row, changes={"active": active}, actor=system())

    return lambda: in_order(aliases, False), lambda: in_order(aliases[::-1], True)


def vacation_twice(name: str) -> Pair:
    joe = make_mailbox(f"joe@{name}")
    return _twice(lambda: _away(joe))


def vacation_and_rename(name: str) -> Pair:
    joe = make_mailbox(f"joe@{name}")
    return lambda: _away(joe), lambda: rename_mailbox(mailbox=joe, address=f"jim@{name}", actor=system())


def vacation_and_delete(name: str) -> Pair:
    joe = _mailbox_with_aliases(name)
    return lambda: _away(joe), lambda: _delete(joe)


def vacation_and_end(name: str) -> Pair:
    joe = make_mailbox(f"joe@{name}")
    _away(joe)
    return (
        lambda: set_vacation(mailbox=joe, active=True, subject="Other", body="Away.", actor=system()),
        lambda: end_vacation(mailbox=joe, actor=system()),
    )


PAIRS: dict[str, Callable[[str], Pair]] = {
    "rename and delete": rename_and_delete,
    "delete and restore": delete_and_restore,
    "restore twice": restore_twice,
    "alias and mailbox": alias_and_mailbox,
    "the same domain twice": same_domain_twice,
    "moves in opposite directions": opposite_moves,
    "alias domain and mailbox": alias_domain_and_mailbox,
    "alias domains in a circle": alias_domains_in_a_circle,
    "delete twice": delete_twice,
    "edit and delete": edit_and_delete,
    "domain deleted and mailbox made": domain_and_mailbox,
    "aliases that share targets": shared_targets,
    "forwardings in a circle": forwardings_in_a_circle,
    "renames to one address": renames_to_one_address,
    "administrators of one address": one_administrator,
    "password and rename": password_and_rename,
    "bulk in both orders": bulk_in_both_orders,
    "vacation set twice": vacation_twice,
    "vacation and rename": vacation_and_rename,
    "vacation and delete": vacation_and_delete,
    "vacation set and ended": vacation_and_end,
}


def left_alone() -> list[str]:
    """What must not be there after all of it: counts that are wrong, rows whose other half is missing."""
    left = []
    for row in list(DomainUsage.objects.all()):
        before = _counts(row)
        usage.recount(Domain.objects.filter(pk=row.pk))
        after = _counts(DomainUsage.objects.get(pk=row.pk))
        left += [f"{row.pk}: {before} instead of {after}"] if before != after else []
    domains, addresses = (
        set(Domain.objects.values_list("pk", flat=True)),
        set(Alias.objects.values_list("pk", flat=True)),
    )
    left += [f"{box.pk} has no forwarding" for box in Mailbox.objects.all() if box.pk not in addresses]
    left += [
        f"{row.pk} has no domain"
        for row in [*Mailbox.objects.all(), *Alias.objects.all()]
        if row.domain_id not in domains
    ]
    boxes = set(Mailbox.objects.values_list("pk", flat=True))
    left += [
        f"the vacation reply of {pk} has no mailbox"
        for pk in Vacation.objects.values_list("pk", flat=True)
        if pk not in boxes
    ]
    left += [f"{row.pk} has no target" for row in AliasDomain.objects.all() if row.target_id not in domains]
    left += [
        f"{alias.pk} -> {target}"
        for alias in Alias.objects.all()
        for target in alias.targets
        if _dangles(target, domains)
    ]
    return left


def _dangles(target: str, domains: set[str]) -> bool:
    return target.rpartition("@")[2] in domains and not Alias.objects.filter(pk=target).exists()


def _counts(row: DomainUsage) -> tuple[int, int, int]:
    return row.mailboxes, row.aliases, row.quota_bytes


def _away(mailbox: Mailbox) -> object:
    return set_vacation(mailbox=mailbox, active=True, subject="", body="Away.", actor=system())


def _mailbox_with_aliases(name: str) -> Mailbox:
    joe = make_mailbox(f"joe@{name}")
    make_alias(f"team@{name}", joe.pk, "x@elsewhere.test")
    make_alias(f"only@{name}", joe.pk)
    make_alias(f"further@{name}", f"only@{name}")
    return joe


def _delete(mailbox: Mailbox) -> object:
    return delete_mailbox(mailbox=mailbox, actor=system())


def _twice(act: Callable[[], object]) -> Pair:
    return act, act


__all__: list[Any] = ["PAIRS", "left_alone"]
