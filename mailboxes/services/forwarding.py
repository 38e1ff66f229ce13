"""Where a mailbox's mail goes on to: the targets of its own alias row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aliases.models import Alias
from aliases.targets import refuse_loop, unknown_here
from domains.models import Domain
from mailadmin.addresses import normalise_targets, show_address, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.queue import queue_address
from mailadmin.revisions import refuse_stale
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.rules import can_change_mailbox, can_use_mailbox
from mailboxes.services.edit import lock_mailbox
from vacations.queue import queue_replies_behind

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@atomic
def set_forwarding(
    *,
    mailbox: Mailbox,
    targets: list[str] | str,
    keep_copy: bool,
    expected_revision: str | None = None,
    actor: Actor,
) -> Alias:
    """Where the mailbox's mail goes on to, and whether it keeps a copy; with no target it just keeps its mail.

    Its owner is held to the site's rules for mailbox users. What an administrator has put there may stay."""
    mailbox = lock_mailbox(mailbox, actor, may=can_use_mailbox)
    forwarding, created = Alias.objects.select_for_update().get_or_create(
        pk=mailbox.pk, defaults={"goto": mailbox.pk, "domain_id": mailbox.domain_id, "active": mailbox.active}
    )
    refuse_stale(forwarding, expected_revision)
    others = at_field("targets", normalise_targets, targets) if targets else []
    if mailbox.pk in others:
        refuse("targets", _("This is the mailbox itself. To keep its mail here too, keep a copy."), "target_itself")
    targets_before = forwarding.targets
    if not can_change_mailbox(actor, mailbox):
        _refuse_many(others)
        _refuse_outside([target for target in others if target not in targets_before])
    at_field("targets", refuse_loop, mailbox.pk, others)
    wanted = [mailbox.pk, *others] if keep_copy or not others else others
    if wanted == targets_before and not created:
        return forwarding
    with audit.recording("mailbox.forwarding", actor=actor, target=forwarding, domain_name=mailbox.domain_id):
        forwarding.targets = wanted
        forwarding.modified_at = timezone.now()
        forwarding.save()
    queue_address(mailbox.address)
    if forwarding.targets != targets_before:  # whether it keeps a copy counts as well
        queue_replies_behind(*targets_before, *others)
    return forwarding


def _refuse_many(targets: list[str]) -> None:
    most = settings.FORWARDING_TARGETS_AT_MOST
    if len(targets) > most:
        text = ngettext(
            "You can forward to %(most)d address at most.", "You can forward to %(most)d addresses at most.", most
        )
        refuse("targets", text, "target_too_many", most=most)


def _refuse_outside(targets: list[str]) -> None:
    """A slip in a colleague's address would send all mail back to its senders; elsewhere only its server knows."""
    domains = {split_address(target)[1] for target in targets}
    ours = set(Domain.objects.filter(pk__in=domains).values_list("pk", flat=True))
    outside = [target for target in targets if split_address(target)[1] not in ours]
    if outside and not settings.FORWARD_OUTSIDE:
        text = _("%(addresses)s: on this server mail is forwarded to its own addresses only.")
        refuse("targets", text, "target_outside", addresses=_shown(outside))
    if unknown := unknown_here(target for target in targets if target not in outside):
        refuse(
            "targets", _("%(addresses)s: there is no such address here."), "target_unknown", addresses=_shown(unknown)
        )


def _shown(addresses: list[str]) -> str:
    return ", ".join(show_address(address) for address in addresses[:10])
