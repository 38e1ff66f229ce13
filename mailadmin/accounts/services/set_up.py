"""A set-up link: an administrator takes the password away, and the person chooses one. Nobody ever tells one."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from mailadmin.accounts import schemes
from mailadmin.accounts.models import Account, Role
from mailadmin.accounts.rules import can_change_administrators
from mailadmin.accounts.services.recovery import refuse_own
from mailadmin.accounts.sessions import end_sessions
from mailadmin.addresses import normalise_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.letters.models import Kind
from mailadmin.letters.services import queue_letter
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox
from mailboxes.rules import can_change_mailbox
from mailboxes.services.create import create_mailbox
from mailboxes.services.passwords import write_password

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@atomic
def create_mailbox_by_link(*, to: str, actor: Actor, **fields: Any) -> Mailbox:
    """`fields` as for `create_mailbox`. Nobody knows its password until the person has chosen one."""
    mailbox = create_mailbox(password=_unguessable(), **fields, actor=actor)
    send_mailbox_set_up(mailbox=mailbox, to=to, actor=actor)
    return mailbox


def send_mailbox_set_up(*, mailbox: Mailbox, to: str, actor: Actor) -> Account:
    """The present password works no more; a link to choose one goes to `to`, which does not lead into the mailbox."""
    if not can_change_mailbox(actor, mailbox):
        raise PermissionDenied
    to = _recipient(to)
    at_field("to", refuse_own, to, mailbox.address)
    if not (mailbox.active and mailbox.domain.active):
        refuse("to", _("It is switched off: nobody could sign in. Switch it on first."), "set_up_inactive")
    return _take_mailbox(mailbox, schemes.hash_password(_unguessable()), to, actor)


def send_administrator_set_up(*, account: Account, to: str, actor: Actor) -> Account:
    if not can_change_administrators(actor):
        raise PermissionDenied
    if actor.account is not None and actor.account.pk == account.pk:
        raise ValidationError(_("For your own password there is the page “Change password”."), code="set_up_own")
    to = _recipient(to)
    if not account.is_active:
        refuse("to", _("It is switched off: nobody could sign in. Switch it on first."), "set_up_inactive")
    return _take_administrator(account, make_password(_unguessable()), to, actor)


@atomic
def _take_mailbox(mailbox: Mailbox, stored: str, to: str, actor: Actor) -> Account:
    mailbox = write_password(mailbox=mailbox, stored=stored, actor=actor)
    account, _created = Account.objects.get_or_create(mailbox=mailbox, defaults={"role": Role.MAILBOX_USER})
    audit.record(
        "mailbox.set_up",
        actor=actor,
        target=mailbox,
        before={},
        after={"sent_to": to},
        domain_name=mailbox.domain_id,
    )
    queue_letter(kind=Kind.SET_UP, recipient=to, account=account, data={"mark": account.get_session_auth_hash()})
    return account


@atomic
def _take_administrator(account: Account, stored: str, to: str, actor: Actor) -> Account:
    account = Account.objects.administrators().select_for_update().get(pk=account.pk)
    with audit.recording("administrator.password", actor=actor, target=account):
        account.password, account.password_change_required = stored, False
        account.save(update_fields=["password", "password_change_required"])
    end_sessions(account)
    audit.record("administrator.set_up", actor=actor, target=account, before={}, after={"sent_to": to})
    queue_letter(kind=Kind.SET_UP, recipient=to, account=account, data={"mark": account.get_session_auth_hash()})
    return account


def _recipient(to: str) -> str:
    if not settings.SITE_URL:
        refuse("to", _("This site sends no links: SITE_URL is not set."), "links_off")
    return at_field("to", normalise_address, to)


def _unguessable() -> str:
    return secrets.token_urlsafe(32)
