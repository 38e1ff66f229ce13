from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.targets import refuse_loop
from domains import usage
from domains.models import Domain
from domains.rules import require
from mailadmin.addresses import normalise_targets
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.queue import queue_address
from mailadmin.revisions import refuse_stale
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.quotas import refuse_quota
from mailboxes.rules import can_change_mailbox
from mailboxes.services.create import stored_password

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

EDITABLE = frozenset({"name", "quota_bytes", "active", "smtp_active", "phone", "email_other"})


@atomic
def edit_mailbox(
    *, mailbox: Mailbox, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor
) -> Mailbox:
    """Change the fields of EDITABLE. Its forwarding is switched on and off with it."""
    mailbox = lock_mailbox(mailbox, actor)
    refuse_stale(mailbox, expected_revision)
    for name in changes.keys() - EDITABLE:
        refuse(name, _("“%(name)s” cannot be changed."), "field_unknown", name=name)
    quota_before = mailbox.quota_bytes
    # A quota from elsewhere that the domain does not allow stays as it is, until somebody gives another.
    if (quota_bytes := changes.get("quota_bytes", quota_before)) != quota_before:
        refuse_quota(mailbox.domain, quota_bytes, other_than=mailbox.pk)
    with audit.recording("mailbox.edit", actor=actor, target=mailbox, domain_name=mailbox.domain_id):
        for name, value in changes.items():
            setattr(mailbox, name, value)
        _save(mailbox)
    if mailbox.quota_bytes != quota_before:
        usage.adjust(mailbox.domain_id, quota_bytes=max(mailbox.quota_bytes, 0) - max(quota_before, 0))
    if "active" in changes:
        Alias.objects.filter(pk=mailbox.pk).update(active=mailbox.active, modified_at=mailbox.modified_at)
    queue_address(mailbox.address)
    return mailbox


def set_mailbox_active(*, mailbox: Mailbox, active: bool, actor: Actor) -> Mailbox:
    return edit_mailbox(mailbox=mailbox, changes={"active": active}, actor=actor)


def set_mailbox_password(
    *, mailbox: Mailbox, password: str | None = None, password_hash: str | None = None, actor: Actor
) -> Mailbox:
    """A new password, in clear or as a hash with its {SCHEME}. The person's sessions end with it."""
    require(can_change_mailbox(actor, mailbox))
    stored = stored_password(password, password_hash, about=(mailbox.address, mailbox.name))
    return write_password(mailbox=mailbox, stored=stored, actor=actor)


@atomic
def write_password(*, mailbox: Mailbox, stored: str, actor: Actor) -> Mailbox:
    """Put a hash in place; whoever calls has asked whether the actor may."""
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    with audit.recording("mailbox.password", actor=actor, target=mailbox, domain_name=mailbox.domain_id):
        mailbox.password = stored
        _save(mailbox)
    queue_address(mailbox.address)
    return mailbox


@atomic
def set_forwarding(
    *,
    mailbox: Mailbox,
    targets: list[str] | str,
    keep_copy: bool,
    expected_revision: str | None = None,
    actor: Actor,
) -> Alias:
    """Where the mailbox's mail goes on to, and whether it keeps a copy; with no target it just keeps its mail."""
    mailbox = lock_mailbox(mailbox, actor)
    forwarding, _created = Alias.objects.select_for_update().get_or_create(
        pk=mailbox.pk, defaults={"goto": mailbox.pk, "domain_id": mailbox.domain_id, "active": mailbox.active}
    )
    refuse_stale(forwarding, expected_revision)
    others = at_field("targets", normalise_targets, targets) if targets else []
    others = [target for target in others if target != mailbox.pk]
    at_field("targets", refuse_loop, mailbox.pk, others)
    with audit.recording("mailbox.forwarding", actor=actor, target=forwarding, domain_name=mailbox.domain_id):
        forwarding.targets = [mailbox.pk, *others] if keep_copy or not others else others
        forwarding.modified_at = timezone.now()
        forwarding.save()
    queue_address(mailbox.address)
    return forwarding


def lock_mailbox(mailbox: Mailbox, actor: Actor) -> Mailbox:
    """The present row, locked behind its domain's, in the order in which every service locks."""
    require(can_change_mailbox(actor, mailbox))
    domain = Domain.objects.select_for_update().get(pk=mailbox.domain_id)
    present = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    present.domain = domain
    return present


def _save(mailbox: Mailbox) -> None:
    mailbox.modified_at = timezone.now()
    mailbox.clean_fields(exclude={"domain"})
    mailbox.save()
