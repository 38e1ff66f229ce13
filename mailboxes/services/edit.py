from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.models import Alias
from domains import usage
from domains.models import Domain
from domains.rules import require
from mailadmin.accounts.sessions import end_mailbox_sessions
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.mailhost.queue import queue_address
from mailadmin.revisions import differing, refuse_stale
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.quotas import refuse_quota
from mailboxes.rules import can_change_mailbox
from mailboxes.services.create import forwarding_of
from vacations.queue import queue_replies_behind

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
    if not (changes := differing(mailbox, changes)):
        return mailbox
    quota_before = mailbox.quota_bytes
    # A quota from elsewhere that the domain does not allow stays as it is, until somebody gives another.
    if "quota_bytes" in changes:
        refuse_quota(mailbox.domain, changes["quota_bytes"], other_than=mailbox.pk)
    with audit.recording("mailbox.edit", actor=actor, target=mailbox, domain_name=mailbox.domain_id):
        for name, value in changes.items():
            setattr(mailbox, name, value)
        save_mailbox(mailbox)
    if mailbox.quota_bytes != quota_before:
        usage.adjust(mailbox.domain_id, quota_bytes=max(mailbox.quota_bytes, 0) - max(quota_before, 0))
    if not mailbox.active:
        end_mailbox_sessions(pk=mailbox.pk)
    if "active" in changes:
        Alias.objects.filter(pk=mailbox.pk).update(active=mailbox.active, modified_at=mailbox.modified_at)
        queue_replies_behind(*forwarding_of(mailbox.pk))
    queue_address(mailbox.address)
    return mailbox


def set_mailbox_active(*, mailbox: Mailbox, active: bool, actor: Actor) -> Mailbox:
    return edit_mailbox(mailbox=mailbox, changes={"active": active}, actor=actor)


def lock_mailbox(mailbox: Mailbox, actor: Actor, may: Callable[[Actor, Mailbox], bool] = can_change_mailbox) -> Mailbox:
    """The present row, locked behind its domain's, in the order in which every service locks."""
    require(may(actor, mailbox))
    domain = Domain.objects.select_for_update().get(pk=mailbox.domain_id)
    present = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    present.domain = domain
    return present


def save_mailbox(mailbox: Mailbox) -> None:
    mailbox.modified_at = timezone.now()
    mailbox.clean_fields(exclude={"domain"})
    mailbox.save()
