"""How a person comes: everything by one call, or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.services import create_alias, edit_alias
from domains.locks import lock_domain
from domains.models import Domain
from domains.rules import can_change_addresses, require
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.schemes import hash_password
from mailadmin.accounts.services import send_mailbox_set_up
from mailadmin.accounts.services.recovery import refuse_own
from mailadmin.addresses import normalise_address, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.services import create_mailbox, edit_mailbox, set_forwarding
from mailboxes.services.create import stored_password
from people.models import Onboarding, Person, Template
from people.names import words_of
from people.reading import COMING, read_given, read_template
from people.services.addresses import RULES, free_address, free_alias
from people.services.persons import save_person
from people.services.templates import template_for

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@dataclass(frozen=True)
class Plan:
    """What a person gets."""

    address: str
    aliases: list[str]
    said: Mapping[str, Any]  # all other fields, of the call and of the template
    template: Template | None


def onboard(
    *,
    domain: Domain,
    person: Mapping[str, Any],
    address: str = "",
    template: Template | None = None,
    wishes: Mapping[str, Any] | None = None,
    recovery_address: str = "",
    password: str | None = None,
    password_hash: str | None = None,
    actor: Actor,
) -> Onboarding:
    """A mailbox and all that belongs to a person. Without `address` the template's rules make one of the names;
    without `template` it is that of the department or the domain. `wishes` are the fields of `reading.COMING`, and
    count before the template's. Who is there already (the external id, or in this domain the employee number) is
    refused with the code person_exists."""
    require(can_change_addresses(actor, domain.pk))
    wishes = read_given(wishes or {}, COMING)
    stored = _stored(password, password_hash, about=(address, _name(person)))
    if stored and wishes.get("invitation"):
        refuse("invitation", _("Give a password, or have an invitation sent: not both."), "password_twice")
    who = {"person": person, "address": address, "template": template, "wishes": wishes}
    return _onboard(domain, who, recovery_address, stored, actor)


def _stored(password: str | None, password_hash: str | None, *, about: tuple[str, ...]) -> str:
    """Hashed before the domain's row is locked. Empty: nobody has given one."""
    if password is None and password_hash is None:
        return ""
    return stored_password(password, password_hash, about=about)


@atomic
def _onboard(domain: Domain, who: Mapping[str, Any], recovery_address: str, stored: str, actor: Actor) -> Onboarding:
    """`who` are the arguments of `plan_onboarding`."""
    domain, person = lock_domain(domain.pk, field="domain"), who["person"]
    _refuse_known(domain, person)
    plan = plan_onboarding(domain=domain, **who)
    recovery = at_field("recovery_address", _checked_recovery, recovery_address, plan.address)
    mailbox = _mailbox(domain, plan, _name(person), stored, actor)
    save_person(mailbox=mailbox, fields=_fields(person, plan), actor=actor)
    if recovery:
        edit_mailbox(mailbox=mailbox, changes={"email_other": recovery}, actor=actor)
    for alias in plan.aliases:
        at_field("aliases", create_alias, address=alias, targets=[mailbox.pk], actor=actor)
    for group in plan.said.get("groups", []):
        _join(group, mailbox, actor)
    _forward(mailbox, plan, actor)
    Account.objects.create(
        mailbox=mailbox,
        role=Role.MAILBOX_USER,
        language=plan.said.get("language", ""),
        password_change_required=bool(stored) and plan.said.get("must_change", False),
    )
    invited = _invite(mailbox, plan, recovery, stored, actor)
    return _write(mailbox, person, plan, invited, actor)


def preview_onboarding(*, domain: Domain, wishes: Mapping[str, Any] | None = None, actor: Actor, **who: Any) -> Plan:
    """What `onboard` would give, as things are at this moment."""
    require(can_change_addresses(actor, domain.pk))
    return plan_onboarding(domain=domain, wishes=read_given(wishes or {}, COMING), **who)


def plan_onboarding(
    *,
    domain: Domain,
    person: Mapping[str, Any],
    address: str = "",
    template: Template | None = None,
    wishes: Mapping[str, Any] | None = None,
) -> Plan:
    """The addresses that are free at this moment, and the fields of the call over those of the template."""
    template = template or template_for(domain.pk, person.get("department", ""))
    by_template = read_template(template.source) if template else {}
    if "quota_mb" in by_template:
        by_template["quota_bytes"] = by_template["quota_mb"] * settings.QUOTA_MULTIPLIER
    said = {**by_template, **(wishes or {})}
    words = words_of(*(person.get(name, "") for name in ("given_name", "family_name", "employee_number")))
    on_collision = said.get("on_collision", "next")
    address = (
        at_field("address", _checked_address, address, domain)
        if address
        else free_address(domain.pk, said.get("addresses") or RULES, words, on_collision=on_collision, field="address")
    )
    return Plan(address, _aliases(address, wishes or {}, by_template, words, on_collision), said, template)


def _aliases(
    address: str,
    wishes: Mapping[str, Any],
    by_template: Mapping[str, Any],
    words: Mapping[str, str],
    on_collision: str,
) -> list[str]:
    """Those of the call as they are; those of a template are rules, as for the address."""
    if "aliases" in wishes:
        return list(dict.fromkeys(wishes["aliases"]))
    domain_name, rules = split_address(address)[1], by_template.get("aliases", [])
    made = [free_alias(domain_name, rule, words, on_collision=on_collision) for rule in rules]
    return [alias for alias in dict.fromkeys(made) if alias != address]


def _checked_address(address: str, domain: Domain) -> str:
    normal = normalise_address(address)
    if split_address(normal)[1] != domain.pk:
        refuse("address", _("This is an address of another domain."), "address_elsewhere")
    return normal


def _checked_recovery(recovery_address: str, address: str) -> str:
    if not recovery_address.strip():
        return ""
    normal = normalise_address(recovery_address)
    refuse_own(normal, address)
    return normal


def _name(person: Mapping[str, Any]) -> str:
    return str(person.get("name") or f"{person.get('given_name', '')} {person.get('family_name', '')}".strip())


def _fields(person: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    fields = {**plan.said.get("person", {}), "language": plan.said.get("language", ""), **person}
    fields.pop("name", None)
    return fields


def _refuse_known(domain: Domain, person: Mapping[str, Any]) -> None:
    if known_person(domain.pk, person) is not None:
        field = "external_id" if person.get("external_id") else "employee_number"
        refuse(field, _("This person is here already."), "person_exists")


def known_person(domain_name: str, person: Mapping[str, Any]) -> Person | None:
    """By the external id, which is one person's everywhere, else by the employee number, which is in its domain."""
    if external_id := person.get("external_id"):
        return Person.objects.filter(external_id=external_id).first()
    if number := person.get("employee_number"):
        return Person.objects.filter(employee_number=number, mailbox__domain_id=domain_name).first()
    return None


def _mailbox(domain: Domain, plan: Plan, name: str, stored: str, actor: Actor) -> Mailbox:
    # Without a password it has one that nobody knows, until the person has chosen one by the link.
    password_hash = stored or hash_password(secrets.token_urlsafe(32))
    return create_mailbox(
        domain=domain,
        local_part=split_address(plan.address)[0],
        password_hash=password_hash,
        name=name,
        quota_bytes=plan.said.get("quota_bytes"),
        actor=actor,
    )


def _join(group: str, mailbox: Mailbox, actor: Actor) -> None:
    alias = Alias.objects.visible_to(actor).without_mailboxes().select_for_update().filter(pk=group).first()
    if alias is None:
        refuse("groups", _("There is no alias %(address)s."), "group_unknown", address=group)
    targets = list(dict.fromkeys([*alias.targets, mailbox.pk]))
    at_field("groups", edit_alias, alias=alias, changes={"targets": targets}, actor=actor)


def _forward(mailbox: Mailbox, plan: Plan, actor: Actor) -> None:
    if targets := plan.said.get("forwarding"):
        keep_copy = plan.said.get("keep_copy", True)
        at_field("forwarding", set_forwarding, mailbox=mailbox, targets=targets, keep_copy=keep_copy, actor=actor)


def _invite(mailbox: Mailbox, plan: Plan, recovery: str, stored: str, actor: Actor) -> str:
    """Where the link to choose a password went, if one did: by default wherever no password is given."""
    if stored:
        return ""
    if not plan.said.get("invitation", True):
        refuse("password", _("Give a password, its hash, or have an invitation sent."), "password_missing")
    if not recovery:
        refuse("recovery_address", _("The invitation needs an address to go to."), "recovery_missing")
    at_field("recovery_address", send_mailbox_set_up, mailbox=mailbox, to=recovery, actor=actor)
    return recovery


def _write(mailbox: Mailbox, person: Mapping[str, Any], plan: Plan, invited: str, actor: Actor) -> Onboarding:
    onboarding = Onboarding.objects.create(
        address=mailbox.pk,
        domain_name=mailbox.domain_id,
        name=mailbox.name,
        external_id=person.get("external_id") or "",
        template_name=plan.template.name if plan.template else "",
        made={
            "aliases": plan.aliases,
            "groups": list(plan.said.get("groups", [])),
            "forwarding": list(plan.said.get("forwarding", [])),
            "invitation": invited,
        },
        created_by=actor.label,
    )
    audit.record("person.onboard", actor=actor, target=onboarding, domain_name=mailbox.domain_id)
    return onboarding
