from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.services import retarget
from aliases.targets import references_to_domain, refuse_loop
from domains.models import AliasDomain, Domain, DomainUsage
from domains.rules import can_add_domain, can_change_addresses, require
from mailadmin.addresses import normalise_domain, show_domain, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.queue import queue_address, queue_domain
from mailadmin.revisions import differing, refuse_stale
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from vacations.queue import queue_replies_of_domain, queue_replies_to_known_domains

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

AT_ONCE = 2000


@atomic
def create_alias_domain(
    *, name: str, target: Domain, description: str = "", active: bool = True, actor: Actor
) -> AliasDomain:
    """Make every address of `target` an address of `name` too. The domain `name` is made if it is not there, which
    only a superadmin may; if it is there it must be empty."""
    name = at_field("name", normalise_domain, name)
    require(can_change_addresses(actor, target.pk))
    target = _lock_target(name, target)
    _take_domain(name, actor)
    alias_domain = AliasDomain(name=name, target=target, description=description, active=active)
    alias_domain.clean_fields(exclude={"target"})
    alias_domain.save(force_insert=True)
    _refuse_loops(name, field="name")
    audit.record("alias_domain.create", actor=actor, target=alias_domain, domain_name=target.pk)
    queue_domain(name)
    queue_replies_of_domain(target.pk)
    return alias_domain


@atomic
def edit_alias_domain(
    *, alias_domain: AliasDomain, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor
) -> AliasDomain:
    """Change `target` (a Domain), `description` or `active`."""
    alias_domain = _lock(alias_domain, actor)
    refuse_stale(alias_domain, expected_revision)
    for name in changes.keys() - {"target", "description", "active"}:
        refuse(name, _("“%(name)s” cannot be changed."), "field_unknown", name=name)
    if not (changes := differing(alias_domain, changes)):
        return alias_domain
    target_before = alias_domain.target_id
    with audit.recording("alias_domain.edit", actor=actor, target=alias_domain, domain_name=target_before):
        for name, value in changes.items():
            setattr(alias_domain, name, value)
        alias_domain.modified_at = timezone.now()
        alias_domain.clean_fields(exclude={"target"})
        if alias_domain.target_id != target_before:
            require(can_change_addresses(actor, alias_domain.target_id))
            _lock_target(alias_domain.pk, alias_domain.target)
            queue_expansions(alias_domain.pk, target_before)
            queue_replies_of_domain(target_before)
        alias_domain.save()
        _refuse_loops(alias_domain.pk, field="target")
    queue_domain(alias_domain.pk)
    queue_replies_of_domain(alias_domain.target_id)
    return alias_domain


def set_alias_domain_active(*, alias_domain: AliasDomain, active: bool, actor: Actor) -> AliasDomain:
    return edit_alias_domain(alias_domain=alias_domain, changes={"active": active}, actor=actor)


@atomic
def delete_alias_domain(*, alias_domain: AliasDomain, actor: Actor) -> None:
    """Its addresses are unknown from then on. Its own row in `domain` goes too, if the actor may make it again."""
    alias_domain = _lock(alias_domain, actor)
    name, target_name = alias_domain.pk, alias_domain.target_id
    before = audit.snapshot(alias_domain)
    audit.record("alias_domain.delete", actor=actor, target=alias_domain, before=before, domain_name=target_name)
    queue_expansions(name, target_name)
    queue_domain(name)
    alias_domain.delete()
    queue_replies_of_domain(target_name)
    # What pointed at one of its addresses points at where that led.
    retarget(references_to_domain(name), lambda address: _moved(address, name, target_name), actor=actor)
    if can_add_domain(actor) and not _has_addresses(name):
        for domain in Domain.objects.filter(pk=name):
            audit.record("domain.delete", actor=actor, target=domain, before=audit.snapshot(domain), domain_name=name)
            domain.delete()
            queue_replies_to_known_domains()


def _refuse_loops(name: str, *, field: str) -> None:
    """An alias may point at an address here from the time when the domain was someone else's."""
    for alias in references_to_domain(name):
        at_field(field, refuse_loop, alias.address, alias.targets)


def _moved(address: str, name: str, target_name: str) -> str:
    local_part, domain_name = split_address(address)
    return f"{local_part}@{target_name}" if domain_name == name else address


def queue_expansions(name: str, target_name: str) -> None:
    """Every address that the alias domain had by its target, by name: once its row is gone nothing else knows them."""
    rows = Alias.objects.filter(domain_id=target_name).values_list("pk", flat=True)
    addresses = [f"{address.rpartition('@')[0]}@{name}" for address in rows.iterator(AT_ONCE)]
    for start in range(0, len(addresses), AT_ONCE):
        queue_address(*addresses[start : start + AT_ONCE])


def _lock(alias_domain: AliasDomain, actor: Actor) -> AliasDomain:
    require(can_change_addresses(actor, alias_domain.target_id))
    return AliasDomain.objects.select_for_update().get(pk=alias_domain.pk)


def _lock_target(name: str, target: Domain) -> Domain:
    target = Domain.objects.select_for_update().get(pk=target.pk)
    if name == target.pk:
        refuse("target", _("An alias domain cannot point to itself."), "target_is_itself")
    if AliasDomain.objects.filter(pk=target.pk).exists():
        refuse("target", _("%(name)s is an alias domain itself."), "target_is_alias", name=target)
    return target


def _take_domain(name: str, actor: Actor) -> None:
    """The row in `domain` by which Postfix accepts mail for `name`: the one that is there, if empty, or a new one."""
    for present in AliasDomain.objects.filter(pk=name):
        require(can_change_addresses(actor, present.target_id))
        refuse("name", _("%(name)s is an alias domain already."), "alias_domain_exists", name=show_domain(name))
    if AliasDomain.objects.filter(target_id=name).exists():
        require(can_change_addresses(actor, name))
        refuse("name", _("Other alias domains point to %(name)s."), "domain_is_target", name=show_domain(name))
    # Locked, so that nobody puts an address into it meanwhile.
    if not Domain.objects.select_for_update().filter(pk=name):
        require(can_add_domain(actor))
        domain = Domain.objects.create(name=name)
        DomainUsage.objects.create(domain=domain)
        audit.record("domain.create", actor=actor, target=domain, domain_name=name)
        queue_replies_to_known_domains()
        return
    require(can_change_addresses(actor, name))
    if _has_addresses(name):
        refuse(
            "name",
            _("%(name)s has mailboxes or aliases of its own. Move or delete them first."),
            "domain_not_empty",
            name=show_domain(name),
        )


def _has_addresses(name: str) -> bool:
    return Mailbox.objects.filter(domain_id=name).exists() or Alias.objects.filter(domain_id=name).exists()
