"""The forgotten password, and a new account's first one: both by a link that was sent.

Asking for a link never looks whether the account exists: it writes one row and sends one message whatever was typed,
and the worker looks. So neither the answer nor its time tells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from mailadmin.accounts.actors import Actor
from mailadmin.accounts.clients import client_network
from mailadmin.accounts.identifiers import normalise_identifier
from mailadmin.accounts.lockout import Locked
from mailadmin.accounts.models import Account
from mailadmin.accounts.services.own import judged_and_hashed, write_own_password
from mailadmin.accounts.services.recovery import LinkEnded, is_in_hands_of_others, leads_into, locked
from mailadmin.audit import services as audit
from mailadmin.letters.links import claim, find_link
from mailadmin.letters.models import Kind, Letter, Purpose
from mailadmin.letters.services import queue_letter
from mailadmin.transactions import atomic

WINDOW = timedelta(hours=1)
# Requests in the window: for one account from one client, for all accounts from one client, and for one account from
# everywhere. The last is not told, for that would let a stranger keep somebody from asking: so many links were sent.
AT_MOST_OF_PAIR, AT_MOST_OF_CLIENT, AT_MOST_OF_ACCOUNT = 3, 20, 5
SETTING_PASSWORD = (Purpose.RESET, Purpose.SET_UP)


class TooManyRequests(Locked):
    """It says the same whether the account exists or not."""

    def text(self, minutes: int) -> str:
        return ngettext(
            "So many links were asked for already. Try again in %(minutes)d minute.",
            "So many links were asked for already. Try again in %(minutes)d minutes.",
            minutes,
        )


@atomic
def request_reset(*, identifier: str, client_address: str) -> None:
    """ValidationError (code `locked`) if one client asks too often."""
    identifier, client = normalise_identifier(identifier), client_network(client_address)
    digest = salted_hmac("mailadmin.accounts.forgotten", identifier, algorithm="sha256").hexdigest()
    letter = queue_letter(
        kind=Kind.RESET, data={"identifier": identifier}, identifier_digest=digest, client_address=client
    )
    of_client = _earlier(letter).filter(client_address=client)
    _refuse_too_many(of_client.filter(identifier_digest=digest), AT_MOST_OF_PAIR)
    _refuse_too_many(of_client, AT_MOST_OF_CLIENT)


@atomic
def send_reset_links(*, request: Letter) -> None:
    """The worker's part of a request: a letter to each account of that name that may get one. An administrator and a
    mailbox may have the same address."""
    if _earlier(request).filter(identifier_digest=request.identifier_digest).count() >= AT_MOST_OF_ACCOUNT:
        return
    for account in _accounts(request.data["identifier"]):
        queue_letter(kind=Kind.RESET, recipient=account.recovery_to, account=account)
        audit.record(
            "mailbox.reset_link" if account.mailbox else "administrator.reset_link",
            actor=Actor(label="mailadmin", face="worker", client_address=request.client_address),
            target=account.mailbox or account,
            before={},
            after={"sent_to": account.recovery_to},
            domain_name=account.mailbox.domain_id if account.mailbox else "",
        )


def may_be_sent_reset(account: Account) -> bool:
    """It has an address that its owner confirmed, and that leads elsewhere still."""
    if not account.recovery_to or not account.is_active:
        return False
    mailbox = account.mailbox
    if mailbox is None:
        return not is_in_hands_of_others(account, account.recovery_to)
    return mailbox.active and mailbox.domain.active and not leads_into(account.recovery_to, mailbox.address)


def set_password_by_link(*, token: str, new: str, client_address: str) -> Account:
    """Refused with code `link_ended`, or with an error at `new`. The link is used up by it, and so is every other one
    of this account; its sessions end. It is no sign-in: a second factor is still asked for there."""
    link = find_link(token, SETTING_PASSWORD)
    if link is None:
        raise LinkEnded
    stored = judged_and_hashed(link.account, new)
    return _set_password(token, stored, client_address)


@atomic
def _set_password(token: str, stored: str, client_address: str) -> Account:
    link = find_link(token, SETTING_PASSWORD)
    if link is None:
        raise LinkEnded
    # Of two links of one account, used at once, the second finds the password changed.
    try:
        locked(link.account)
    except ObjectDoesNotExist:  # deleted meanwhile
        raise LinkEnded from None
    link = find_link(token, SETTING_PASSWORD)
    if link is None or not claim(link):
        raise LinkEnded
    actor = Actor(label=link.account.address, face="link", client_address=client_address, account=link.account)
    return write_own_password(account=link.account, stored=stored, actor=actor)


def _accounts(identifier: str) -> Iterable[Account]:
    rows = Account.objects.select_related("mailbox__domain")
    for account in (rows.filter(email=identifier).first(), rows.filter(mailbox_id=identifier).first()):
        if account and may_be_sent_reset(account):
            yield account


def _earlier(letter: Letter) -> QuerySet[Letter]:
    """Requests in the window before this one: those alone have a digest."""
    earlier = Letter.objects.filter(pk__lt=letter.pk, queued_at__gt=letter.queued_at - WINDOW)
    return earlier.exclude(identifier_digest="")


def _refuse_too_many(requests: QuerySet[Letter], at_most: int) -> None:
    times: list[datetime] = list(requests.order_by("-queued_at").values_list("queued_at", flat=True)[:at_most])
    if len(times) == at_most:
        raise TooManyRequests(math.ceil((times[-1] + WINDOW - timezone.now()).total_seconds()))
