"""What each kind of letter has to say at the moment of sending; None if there is nothing to say any more."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from mailadmin.accounts.models import Account
from mailadmin.accounts.services import may_be_sent_reset, send_reset_links
from mailadmin.addresses import show_address
from mailadmin.letters.composing import Draft
from mailadmin.letters.links import make_link
from mailadmin.letters.models import Kind, Letter, Purpose
from mailboxes.models import Mailbox

RESET_LIFETIME = timedelta(hours=1)
CONFIRM_LIFETIME = timedelta(hours=24)


def draft(letter: Letter) -> Draft | None:
    return DRAFTS.get(Kind(letter.kind), _notice)(letter)


def _notice(letter: Letter) -> Draft | None:
    """What happened to an account that is still there."""
    if letter.account is None:
        return None
    return Draft(recipient=letter.recipient, account=letter.account, facts=letter.data)


def _reset(letter: Letter) -> Draft | None:
    """A request has no account yet: its letters are queued, and there is nothing to send for itself."""
    account = letter.account
    if not letter.recipient:
        send_reset_links(request=letter)
        return None
    if account is None or not may_be_sent_reset(account) or letter.recipient != account.recovery_to:
        return None
    return _with_link(letter, account, Purpose.RESET, RESET_LIFETIME)


def _set_up(letter: Letter) -> Draft | None:
    """Unless the password is another one by now: the link went to a better address, or was not needed any more."""
    if letter.account is None or letter.data.get("mark") != letter.account.get_session_auth_hash():
        return None
    return _with_link(letter, letter.account, Purpose.SET_UP, timedelta(hours=settings.SET_UP_HOURS))


def _confirm_recovery(letter: Letter) -> Draft | None:
    """Unless another address is wanted meanwhile."""
    account = letter.account
    if account is None or letter.recipient != account.wanted_recovery_address:
        return None
    return _with_link(letter, account, Purpose.CONFIRM_RECOVERY, CONFIRM_LIFETIME)


def _with_link(letter: Letter, account: Account, purpose: Purpose, lifetime: timedelta) -> Draft | None:
    if not settings.SITE_URL:
        return None
    link, url = make_link(account=account, purpose=purpose, sent_to=letter.recipient, lifetime=lifetime)
    facts = {"link": url, "hours": lifetime // timedelta(hours=1), "until": link.expires_at}
    # Not sent, its token is nowhere.
    return Draft(recipient=letter.recipient, account=account, facts=facts, undo=link.delete)


def _expiry(letter: Letter) -> Draft | None:
    """Unless the password was changed meanwhile. A mailbox whose owner never signed in here has no account."""
    expires_at = datetime.fromisoformat(letter.data["expires_at"])
    if not Mailbox.objects.filter(pk=letter.recipient, active=True, password_expires_at=expires_at).exists():
        return None
    days = math.ceil((expires_at - timezone.now()).total_seconds() / 86_400)
    facts = {"address": show_address(letter.recipient), "expires_at": expires_at, "days": max(days, 0)}
    return Draft(recipient=letter.recipient, account=letter.account, facts=facts)


DRAFTS: dict[Kind, Callable[[Letter], Draft | None]] = {
    Kind.RESET: _reset,
    Kind.SET_UP: _set_up,
    Kind.CONFIRM_RECOVERY: _confirm_recovery,
    Kind.EXPIRY: _expiry,
}
