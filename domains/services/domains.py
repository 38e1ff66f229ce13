from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.rules import ROLE_LOCAL_PARTS
from aliases.services import create_alias, retarget
from aliases.targets import references_to_domain
from domains.models import DISABLED, EXPIRY_DAYS_AT_MOST, AliasDomain, Domain, DomainUsage
from domains.rules import can_add_domain, can_change_domain, require
from domains.services.alias_domains import queue_expansions
from mailadmin.accounts.sessions import end_mailbox_sessions
from mailadmin.addresses import normalise_domain, show_domain, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.queue import queue_address, queue_domain
from mailadmin.revisions import differing, refuse_stale
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailboxes
from mailboxes.services.passwords import restart_expiry
from vacations.queue import queue_replies_behind, queue_replies_to_known_domains

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

LIMITS = ("max_mailboxes", "max_aliases", "max_quota_mb", "quota_mb")
ROUTING = ("active", "transport", "backup_mx")
EDITABLE = frozenset({*LIMITS, *ROUTING, "description", "password_expiry_days"})
AT_ONCE = 500
# transport(5): the name of a master.cf service, and where it connects to.
TRANSPORT = re.compile(r"[a-z0-9_-]+(:[^\s,:][^\s,]*|:)?", re.ASCII)


@atomic
def create_domain(
    *,
    name: str,
    description: str = "",
    max_mailboxes: int = 0,
    max_aliases: int = 0,
    max_quota_mb: int = 0,
    quota_mb: int = 0,
    transport: str = "virtual",
    backup_mx: bool = False,
    active: bool = True,
    password_expiry_days: int | None = 0,
    role_aliases_to: str = "",
    actor: Actor,
) -> Domain:
    """A domain; with `role_aliases_to` also its abuse, hostmaster, postmaster and webmaster aliases (RFC 2142)."""
    require(can_add_domain(actor))
    name = at_field("name", normalise_domain, name)
    if Domain.objects.filter(pk=name).exists():
        refuse("name", _("%(name)s is here already."), "domain_exists", name=show_domain(name))
    domain = Domain(
        name=name,
        description=description,
        max_mailboxes=max_mailboxes,
        max_aliases=max_aliases,
        max_quota_mb=max_quota_mb,
        quota_mb=quota_mb,
        transport=transport,
        backup_mx=backup_mx,
        active=active,
        password_expiry_days=password_expiry_days,
    )
    insert_domain(domain, actor=actor)
    if role_aliases_to:
        for local_part in ROLE_LOCAL_PARTS:
            at_field("role_aliases_to", _create_role_alias, f"{local_part}@{name}", role_aliases_to, actor)
    return domain


def insert_domain(domain: Domain, *, actor: Actor) -> None:
    """Write the row of a domain whose name is free."""
    _check(domain)
    domain.save(force_insert=True)
    DomainUsage.objects.create(domain=domain)
    audit.record("domain.create", actor=actor, target=domain, domain_name=domain.pk)
    queue_domain(domain.pk)
    queue_replies_to_known_domains()


def _create_role_alias(address: str, targets: str, actor: Actor) -> None:
    create_alias(address=address, targets=targets, actor=actor)


@atomic
def edit_domain(
    *, domain: Domain, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor
) -> Domain:
    """Change the fields of EDITABLE. A limit below what is there already only stops what is new."""
    require(can_change_domain(actor, domain.pk))
    domain = Domain.objects.select_for_update().get(pk=domain.pk)
    refuse_stale(domain, expected_revision)
    for name in changes.keys() - EDITABLE:
        refuse(name, _("“%(name)s” cannot be changed."), "field_unknown", name=name)
    if not (changes := differing(domain, changes)):
        return domain
    routed_before, expiry_before = [getattr(domain, name) for name in ROUTING], domain.password_expiry_days
    with audit.recording("domain.edit", actor=actor, target=domain, domain_name=domain.pk):
        for name, value in changes.items():
            setattr(domain, name, value)
        domain.modified_at = timezone.now()
        _check(domain)
        domain.save()
    if (domain.password_expiry_days or 0) != (expiry_before or 0):
        restart_expiry(domain, expiry_before)
    if not domain.active:
        end_mailbox_sessions(domain=domain)
    if routed_before != [getattr(domain, name) for name in ROUTING]:
        queue_domain(domain.pk)
    return domain


def set_domain_active(*, domain: Domain, active: bool, actor: Actor) -> Domain:
    """Off: no mail and no sign-in for any of its addresses. None of their rows is touched, so on is as before."""
    return edit_domain(domain=domain, changes={"active": active}, actor=actor)


@atomic
def delete_domain(*, domain: Domain, actor: Actor) -> None:
    """Delete a domain with all that is in it; its mailboxes go to the archive, and no alias elsewhere keeps a target
    in it. Refused while an alias domain points at it."""
    require(can_change_domain(actor, domain.pk))
    domain = Domain.objects.select_for_update().get(pk=domain.pk)
    pointing = list(AliasDomain.objects.filter(target=domain)[:5])
    if pointing:
        refuse(
            "name",
            _("The alias domain %(names)s points here. Delete it first, or point it elsewhere."),
            "domain_is_target",
            names=", ".join(str(alias_domain) for alias_domain in pointing),
        )
    retarget(
        references_to_domain(domain.pk),
        lambda target: None if split_address(target)[1] == domain.pk else target,
        actor=actor,
    )
    for own in AliasDomain.objects.filter(pk=domain.pk):
        queue_expansions(own.pk, own.target_id)
        audit.record_deletions("alias_domain.delete", [own], actor=actor, domain_name=own.target_id)
        own.delete()
    _delete_addresses(domain, actor)
    audit.record("domain.delete", actor=actor, target=domain, before=audit.snapshot(domain), domain_name=domain.pk)
    queue_domain(domain.pk)
    domain.delete()
    queue_replies_to_known_domains()


def _delete_addresses(domain: Domain, actor: Actor) -> None:
    while mailboxes := list(Mailbox.objects.select_for_update().filter(domain=domain)[:AT_ONCE]):
        delete_mailboxes(mailboxes=mailboxes, actor=actor)
    while aliases := list(Alias.objects.select_for_update().filter(domain=domain)[:AT_ONCE]):
        audit.record_deletions("alias.delete", aliases, actor=actor, domain_name=domain.pk)
        queue_address(*(alias.pk for alias in aliases))
        Alias.objects.filter(pk__in=[alias.pk for alias in aliases]).delete()
        queue_replies_behind(*{target for alias in aliases for target in alias.targets})


def _check(domain: Domain) -> None:
    for name in LIMITS:
        if not isinstance(getattr(domain, name), int) or getattr(domain, name) < DISABLED:
            refuse(name, _("A limit is 0 (none), -1 (not allowed) or a positive number."), "limit_invalid")
    if not TRANSPORT.fullmatch(domain.transport):
        refuse(
            "transport",
            _("A transport is written as virtual, smtp:[host]:port or lmtp:unix:path."),
            "transport_invalid",
        )
    if not 0 <= (domain.password_expiry_days or 0) <= EXPIRY_DAYS_AT_MOST:
        refuse(
            "password_expiry_days",
            _("Days are 0 (never) or a number up to %(most)d."),
            "days_invalid",
            most=EXPIRY_DAYS_AT_MOST,
        )
    domain.clean_fields()
