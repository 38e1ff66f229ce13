from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from domains.rules import require
from mailadmin.accounts.factors import mailbox_has_second_factor
from mailadmin.audit import services as audit
from mailadmin.mailhost.queue import queue_sign_in
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.rules import can_change_mailbox, is_own_mailbox
from mailboxes.services.edit import save_mailbox

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@atomic
def set_app_passwords_only(*, mailbox: Mailbox, on: bool, actor: Actor) -> Mailbox:
    """Whether mail programs, and SOGo, are let in by an app password alone and no longer by the mailbox's own.

    Only its owner, with a second factor, switches it on: otherwise the own password would open the portal, and there
    an app password. Losing the factor later does not switch it off, for that would open more, not less.
    """
    require(is_own_mailbox(actor, mailbox) or (not on and can_change_mailbox(actor, mailbox)))
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    if on and not mailbox_has_second_factor(mailbox):
        raise ValidationError(_("Set up a second factor first."), code="second_factor_missing")
    with audit.recording("mailbox.app_passwords_only", actor=actor, target=mailbox, domain_name=mailbox.domain_id):
        mailbox.app_passwords_only = on
        save_mailbox(mailbox)
    queue_sign_in(mailbox.pk)
    return mailbox
