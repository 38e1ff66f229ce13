"""The one way in which aliases are written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Value
from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.rules import can_change_alias
from aliases.targets import references_to, refuse_loop, with_alias_domains
from domains import usage
from domains.locks import lock_domain
from domains.models import DISABLED, UNLIMITED, Domain
from domains.rules import require
from mailadmin.addresses import normalise_address, normalise_targets, show_address, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.queue import queue_address
from mailadmin.revisions import differing, refuse_stale
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from people.services.tombstones import refuse_reserved, reserved
from vacations.queue import queue_replies_behind

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

__all__ = [
    "create_alias",
    "delete_alias",
    "edit_alias",
    "references_to",
    "refuse_taken",
    "retarget",
    "set_alias_active",
    "taken",
    "without",
]
EDITABLE = frozenset({"targets", "description", "active", "external_id"})


@atomic
def create_alias(
    *,
    address: str,
    targets: list[str] | str,
    description: str = "",
    active: bool = True,
    external_id: str | None = None,
    actor: Actor,
) -> Alias:
    """An alias, or with '@example.org' the domain's catch-all. One that is off may wait for its first target."""
    address = at_field("address", normalise_address, address, catch_all=True)
    require(can_change_alias(actor, address))
    domain = lock_domain(split_address(address)[1], field="address")
    refuse_taken(address, field="address")
    _refuse_full(domain)
    alias = Alias(address=address, domain=domain, description=description, active=active, external_id=external_id)
    alias.targets = _checked_targets(address, targets, active)
    alias.clean_fields(exclude={"domain", "goto"})
    alias.save(force_insert=True)
    usage.adjust(domain.pk, aliases=1)
    audit.record("alias.create", actor=actor, target=alias, domain_name=domain.pk)
    queue_address(address)
    queue_replies_behind(*alias.targets)
    return alias


@atomic
def edit_alias(*, alias: Alias, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor) -> Alias:
    """Change `targets`, `description`, `active` or `external_id`."""
    alias = lock_alias(alias, actor)
    refuse_stale(alias, expected_revision)
    for name in changes.keys() - EDITABLE:
        refuse(name, _("“%(name)s” cannot be changed."), "field_unknown", name=name)
    active, targets = changes.get("active", alias.active), changes.get("targets", alias.targets)
    if "targets" in changes or (active and not targets):
        changes = {**changes, "targets": _checked_targets(alias.address, targets, active)}
    if not (changes := differing(alias, changes)):
        return alias
    led_before = _leads(alias)
    with audit.recording("alias.edit", actor=actor, target=alias, domain_name=alias.domain_id):
        for name, value in changes.items():
            setattr(alias, name, value)
        alias.modified_at = timezone.now()
        alias.clean_fields(exclude={"domain", "goto"})
        alias.save()
    queue_address(alias.address)
    queue_replies_behind(*(led_before ^ _leads(alias)))
    return alias


def _leads(alias: Alias) -> set[str]:
    """Where mail to it goes on to at present."""
    return set(alias.targets) if alias.active else set()


def set_alias_active(*, alias: Alias, active: bool, actor: Actor) -> Alias:
    return edit_alias(alias=alias, changes={"active": active}, actor=actor)


@atomic
def delete_alias(*, alias: Alias, actor: Actor) -> None:
    """Delete it, and take it out of the aliases that point at it."""
    alias = lock_alias(alias, actor)
    retarget(references_to([alias.address]), without([alias.address]), actor=actor)
    remove_row(alias, actor=actor)


def remove_row(alias: Alias, *, actor: Actor) -> None:
    """Delete the row alone; `delete_alias` also looks after what points at it."""
    before = audit.snapshot(alias)
    audit.record("alias.delete", actor=actor, target=alias, before=before, domain_name=alias.domain_id)
    usage.adjust(alias.domain_id, aliases=-1)
    queue_address(alias.address)
    queue_replies_behind(*alias.targets)
    alias.delete()


def retarget(aliases: Iterable[Alias], replace: Callable[[str], str | None], *, actor: Actor) -> None:
    """Put `replace(target)` in the place of each target of these aliases, or with None take it out.

    An alias that is left with no target is deleted, for mail to it would have nowhere to go, and taken out of those
    that point at it in turn; but for a group of a directory, which is switched off.
    """
    gone = []
    # By address, so that two at once lock them in one order; one that went meanwhile points nowhere any more.
    for pk in sorted(alias.pk for alias in aliases):
        for alias in Alias.objects.select_for_update().filter(pk=pk):
            replaced = dict.fromkeys(replace(target) for target in alias.targets)
            if not _retarget_one(alias, [target for target in replaced if target], actor=actor):
                gone.append(pk)
    if gone:
        retarget(references_to(gone), without(gone), actor=actor)


def without(addresses: Iterable[str]) -> Callable[[str], str | None]:
    """For `retarget`: take these addresses out, under any of their domains' names."""
    gone = set(with_alias_domains(addresses))
    return lambda target: None if target in gone else target


def _retarget_one(alias: Alias, targets: list[str], *, actor: Actor) -> bool:
    """Whether the alias is still there."""
    if targets == alias.targets:
        return True
    mailbox = Mailbox.objects.filter(pk=alias.pk).first()
    if not targets and mailbox is None and alias.external_id is None:
        remove_row(alias, actor=actor)
        return False
    targets_before = set(alias.targets)
    with audit.recording("alias.edit", actor=actor, target=alias, domain_name=alias.domain_id):
        # A mailbox that forwarded only there keeps its mail again; a group of the directory waits for its next member.
        alias.targets = targets or ([alias.address] if mailbox else [])
        alias.active = alias.active and bool(alias.targets)
        alias.modified_at = timezone.now()
        alias.save()
    queue_address(alias.address)
    queue_replies_behind(*(targets_before ^ set(alias.targets)))
    return True


def lock_alias(alias: Alias, actor: Actor) -> Alias:
    """The present row, locked; a mailbox's forwarding is written through the mailbox."""
    require(can_change_alias(actor, alias.address))
    alias = Alias.objects.select_for_update().select_related("domain").get(pk=alias.pk)
    if Mailbox.objects.filter(pk=alias.pk).exists():
        raise ValidationError(
            _("%(address)s is a mailbox; this is its forwarding."),
            "alias_of_mailbox",
            {"address": str(alias)},
        )
    return alias


def taken(addresses: Collection[str]) -> dict[str, str]:
    """Those of the addresses that somebody has, each a `mailbox` or an `alias`, or that are kept free: `reserved`."""
    mailboxes = Mailbox.objects.filter(pk__in=addresses).order_by().values_list("pk", Value("mailbox"))
    aliases = Alias.objects.filter(pk__in=addresses).order_by().values_list("pk", Value("alias"))
    found: dict[str, str] = {}
    kept_free = reserved(addresses).values_list("pk", Value("reserved"))
    for address, kind in mailboxes.union(aliases, kept_free):
        if found.get(address) != "mailbox":  # which has its forwarding among the aliases
            found[address] = kind
    return found


def refuse_taken(address: str, *, field: str, known: dict[str, str] | None = None) -> None:
    """An address belongs to one mailbox or one alias. `known`: what `taken` said, for who asked about many at once."""
    kind = (taken([address]) if known is None else known).get(address)
    if kind == "mailbox":
        refuse(field, _("%(address)s is a mailbox already."), "address_is_mailbox", address=show_address(address))
    if kind == "alias":
        refuse(field, _("%(address)s is an alias already."), "address_is_alias", address=show_address(address))
    if kind == "reserved":
        refuse_reserved(address, field=field)


def _refuse_full(domain: Domain) -> None:
    if domain.max_aliases == UNLIMITED:
        return
    if domain.max_aliases == DISABLED:
        text, code = _("Aliases are not allowed in %(domain)s."), "aliases_disabled"
    elif Alias.objects.listed().filter(domain=domain).count() < domain.max_aliases:
        return
    else:
        text, code = _("%(domain)s has all its %(most)d aliases already."), "domain_full"
    refuse("address", text, code, domain=domain, most=domain.max_aliases)


def _checked_targets(address: str, targets: list[str] | str, active: bool) -> list[str]:
    if not targets and not active:
        return []
    normal = at_field("targets", normalise_targets, targets, catch_all=not split_address(address)[0])
    at_field("targets", refuse_loop, address, normal)
    return normal
