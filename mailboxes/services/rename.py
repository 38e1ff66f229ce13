from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from aliases.models import Alias
from aliases.services import create_alias, references_to, refuse_taken, retarget
from aliases.targets import refuse_loop, with_alias_domains
from app_passwords.services import move_app_passwords
from domains import usage
from domains.locks import lock_domain
from domains.models import Domain
from domains.rules import can_change_addresses, require
from mailadmin.accounts.models import Account
from mailadmin.addresses import join_targets, normalise_address, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field
from mailadmin.mailhost.queue import queue_address, queue_maildir
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox, MailboxUsage
from mailboxes.quotas import refuse_quota
from mailboxes.rules import can_change_mailbox
from mailboxes.services.create import expiry_in, forwarding_of, free_maildir, refuse_full
from people.services.persons import move_person
from vacations.queue import queue_replies_behind
from vacations.services import move_vacation

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@atomic
def rename_mailbox(*, mailbox: Mailbox, address: str, keep_alias: bool = False, actor: Actor) -> Mailbox:
    """Give a mailbox another address, also in another domain. Its mail, forwarding and usage move along, and the
    aliases that pointed at the old address point at the new one. `keep_alias` leaves an alias behind."""
    address = at_field("address", normalise_address, address)
    old, (local_part, domain_name) = mailbox.pk, split_address(address)
    require(can_change_mailbox(actor, mailbox) and can_change_addresses(actor, domain_name))
    if address == old:
        return mailbox
    # Both, in the order that everybody keeps: two moves in opposite directions would wait for each other.
    list(Domain.objects.select_for_update().filter(pk__in=[domain_name, mailbox.domain_id]).order_by("pk"))
    domain = lock_domain(domain_name, field="address")
    mailbox = Mailbox.objects.select_for_update().get(pk=old)
    refuse_taken(address, field="address")
    if domain.pk != mailbox.domain_id:
        at_field("address", _refuse_move, domain, mailbox)
    before, old_maildir = audit.snapshot(mailbox), mailbox.maildir
    mailbox = _move_rows(mailbox, address, local_part, domain)
    audit.record(
        "mailbox.rename",
        actor=actor,
        target=mailbox,
        before=before,
        after=audit.snapshot(mailbox),
        domain_name=domain_name,
    )
    _follow(old, address, actor)
    queue_address(old, address)
    queue_maildir(address, source=f"users/{old_maildir}", target=f"users/{mailbox.maildir}")
    move_vacation(old, mailbox)
    move_app_passwords(old, address)
    move_person(old, mailbox)
    queue_replies_behind(*(target for target in forwarding_of(address) if target != address))
    at_field("address", refuse_loop, address, forwarding_of(address))
    if keep_alias:
        create_alias(address=old, targets=[address], actor=actor)
    return mailbox


def _follow(old: str, address: str, actor: Actor) -> None:
    """What pointed at the old address, under any of its domain's names, points at the new one."""
    names = set(with_alias_domains([old]))
    retarget(references_to([old]), lambda target: address if target in names else target, actor=actor)


def _refuse_move(domain: Domain, mailbox: Mailbox) -> None:
    refuse_full(domain)
    refuse_quota(domain, mailbox.quota_bytes)


def _move_rows(mailbox: Mailbox, address: str, local_part: str, domain: Domain) -> Mailbox:
    old, domain_name, now = mailbox.pk, domain.pk, timezone.now()
    Mailbox.objects.filter(pk=old).update(
        address=address,
        local_part=local_part,
        domain_id=domain_name,
        maildir=free_maildir(address),
        password_expires_at=expiry_in(domain, mailbox.password_expires_at),
        modified_at=now,
    )
    for forwarding in Alias.objects.select_for_update().filter(pk=old):
        targets = [address if target == old else target for target in forwarding.targets]
        Alias.objects.filter(pk=old).update(
            address=address, domain_id=domain_name, goto=join_targets(targets), modified_at=now
        )
    MailboxUsage.objects.filter(pk=address).delete()
    MailboxUsage.objects.filter(pk=old).update(address=address)
    Account.objects.filter(mailbox_id=old).update(mailbox_id=address)
    quota_bytes = max(mailbox.quota_bytes, 0)
    usage.adjust(mailbox.domain_id, mailboxes=-1, quota_bytes=-quota_bytes)
    usage.adjust(domain_name, mailboxes=1, quota_bytes=quota_bytes)
    return Mailbox.objects.get(pk=address)
