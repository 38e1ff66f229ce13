"""The recovery address: where a link for a forgotten password may go, once its owner has confirmed it."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.targets import HOPS_AT_MOST, next_hops
from domains.rules import require
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account, Administration
from mailadmin.accounts.rules import is_own_account
from mailadmin.addresses import normalise_address, split_address
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.letters.links import claim, find_link
from mailadmin.letters.models import Kind, Letter, Purpose
from mailadmin.letters.services import notify, queue_letter
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox

CONFIRMATIONS_AT_MOST, CONFIRMATIONS_IN = 5, timedelta(hours=1)


@atomic
def set_recovery_address(*, account: Account, address: str, actor: Actor) -> Account:
    """Keep the address and send a link to it, which confirms it; an empty one removes it. The same one again, while it
    is not confirmed, sends another link. Whatever it was before counts no more, and is told so."""
    require(is_own_account(actor, account))
    address = at_field("address", normalise_address, address) if address.strip() else ""
    account = locked(account)
    if address:
        at_field("address", _refuse_unsafe, account, address)
    if address and address == account.recovery_to:
        return account
    confirmed = account.recovery_to
    if address != account.wanted_recovery_address:
        _write(account, address, actor)
        if confirmed:
            notify(account, Kind.RECOVERY_CHANGED, also_to=confirmed, client_address=actor.client_address)
    if address:
        _refuse_too_many(account)
        queue_letter(kind=Kind.CONFIRM_RECOVERY, recipient=address, account=account)
    return account


@atomic
def confirm_recovery_address(*, account: Account, token: str, actor: Actor) -> Account:
    """By the link that was sent to it, and by the account's owner: a stranger who was sent it by a slip has not got
    the password. ValidationError (code `link_ended`) if the link is not good, or another account's."""
    require(is_own_account(actor, account))
    account = locked(account)
    link = find_link(token, [Purpose.CONFIRM_RECOVERY])
    if link is None or link.account_id != account.pk or not claim(link):
        raise LinkEnded
    at_field("address", _refuse_unsafe, account, link.sent_to)
    account.confirmed_recovery_address = link.sent_to
    account.save(update_fields=["confirmed_recovery_address"])
    # From here on it opens the account: who got in by a stolen password must not do that unseen.
    notify(account, Kind.RECOVERY_CHANGED, client_address=actor.client_address)
    _record("recovery_confirm", account, before="", after=link.sent_to, actor=actor)
    return account


class LinkEnded(ValidationError):
    """One answer to a link that was used, is too old, or is another account's."""

    def __init__(self) -> None:
        super().__init__(_("This link does not work any more: it was used, or it is too old."), code="link_ended")


def _refuse_unsafe(account: Account, address: str) -> None:
    if account.mailbox_id:
        refuse_own(address, account.mailbox_id)
    elif is_in_hands_of_others(account, address):
        raise ValidationError(
            _("Other administrators could redirect mail to this address: choose one that is not on this server."),
            code="recovery_of_others",
        )


def is_in_hands_of_others(account: Account, address: str) -> bool:
    """Whether mail for the address passes a domain that a domain administrator looks after, other than this account:
    with an alias there, the link of a superadmin could be had."""
    domains = {split_address(each)[1] for each in _way_of(address)}
    return (
        Administration.objects.filter(domain_id__in=domains, account__is_active=True).exclude(account=account).exists()
    )


def refuse_own(address: str, mailbox_address: str) -> None:
    """Who forgot the password cannot read that mailbox, nor whoever got in be sent the way back."""
    if address == mailbox_address:
        raise ValidationError(
            _("This is the mailbox itself: without its password you could not read the mail."), code="recovery_own"
        )
    if leads_into(address, mailbox_address):
        raise ValidationError(
            _("Mail to this address arrives in this mailbox: without its password you could not read it."),
            code="recovery_own",
        )


def leads_into(address: str, mailbox_address: str) -> bool:
    """Whether mail for the address ends in that mailbox, over aliases, forwardings and alias domains."""
    return mailbox_address in _way_of(address)


def _way_of(address: str) -> set[str]:
    """All addresses that mail for this one passes here, and itself."""
    seen, level = {address}, [address]
    for _hop in range(HOPS_AT_MOST):
        if not level:
            break
        level = [target for targets in next_hops(level).values() for target in targets if target not in seen]
        seen.update(level)
    return seen


def locked(account: Account) -> Account:
    """The present rows, in the order in which every service locks."""
    if account.mailbox_id:
        Mailbox.objects.select_for_update().get(pk=account.mailbox_id)
    Account.objects.select_for_update().get(pk=account.pk)
    return Account.objects.select_related("mailbox").get(pk=account.pk)


def _write(account: Account, address: str, actor: Actor) -> None:
    before = account.wanted_recovery_address
    account.confirmed_recovery_address = ""
    if account.mailbox is None:
        account.recovery_address = address
    else:
        account.mailbox.email_other, account.mailbox.modified_at = address, timezone.now()
        account.mailbox.save(update_fields=["email_other", "modified_at"])
    account.save(update_fields=["recovery_address", "confirmed_recovery_address"])
    _record("recovery", account, before=before, after=address, actor=actor)


def _record(verb: str, account: Account, *, before: str, after: str, actor: Actor) -> None:
    room = "mailbox" if account.mailbox else "administrator"
    audit.record(
        f"{room}.{verb}",
        actor=actor,
        target=account.mailbox or account,
        before={"recovery_address": before},
        after={"recovery_address": after},
        domain_name=account.mailbox.domain_id if account.mailbox else "",
    )


def _refuse_too_many(account: Account) -> None:
    """Nobody is a way to fill other people's mailboxes."""
    since = timezone.now() - CONFIRMATIONS_IN
    lately = Letter.objects.filter(account=account, kind=Kind.CONFIRM_RECOVERY, queued_at__gt=since)
    if lately.count() >= CONFIRMATIONS_AT_MOST:
        refuse("address", _("So many mails were sent to confirm an address: try again in an hour."), "letters_too_many")
