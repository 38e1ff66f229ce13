"""Warns people before their password expires: 30, 14, 7 and 1 day ahead, once each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.letters.models import ExpiryWarning, Kind
from mailadmin.letters.services import queue_letter
from mailadmin.transactions import atomic
from mailboxes.models import Mailbox

DAYS_AHEAD = (30, 14, 7, 1)
AT_ONCE = 500
KEEP_FOR = timedelta(days=30)


def warn_all() -> int:
    """How many warnings were queued. Each is remembered in the transaction of its letter, so that it is safe to run
    twice, or to be cut off: the next run goes on."""
    return sum(_warn(chunk) for chunk in _expiring())


def _expiring() -> Iterator[list[Mailbox]]:
    """By the domains that let passwords expire, and in each by key: never more than AT_ONCE in memory."""
    now = timezone.now()
    soon = Mailbox.objects.filter(
        active=True, password_expires_at__gt=now, password_expires_at__lte=now + timedelta(days=max(DAYS_AHEAD))
    )
    for name in Domain.objects.filter(active=True, password_expiry_days__gt=0).values_list("pk", flat=True):
        last = ""
        while chunk := list(soon.filter(domain_id=name, pk__gt=last).order_by("pk")[:AT_ONCE]):
            yield chunk
            last = chunk[-1].pk


@atomic
def _warn(mailboxes: list[Mailbox]) -> int:
    addresses = [mailbox.pk for mailbox in mailboxes]
    warned = ExpiryWarning.objects.select_for_update().in_bulk(addresses)
    accounts = {account.mailbox_id: account for account in Account.objects.filter(mailbox_id__in=addresses)}
    count = 0
    for mailbox in mailboxes:
        days = _threshold(mailbox.password_expires_at)
        before = warned.get(mailbox.pk)
        if before and before.expires_at == mailbox.password_expires_at and before.days <= days:
            continue
        ExpiryWarning.objects.update_or_create(
            address=mailbox.pk, defaults={"expires_at": mailbox.password_expires_at, "days": days}
        )
        queue_letter(
            kind=Kind.EXPIRY,
            recipient=mailbox.pk,
            account=accounts.get(mailbox.pk),
            data={"expires_at": mailbox.password_expires_at.isoformat()},
        )
        count += 1
    return count


def _threshold(expires_at: datetime) -> int:
    """The smallest that the time left still fits: whoever is late to be warned is warned once."""
    left = expires_at - timezone.now()
    return min(days for days in DAYS_AHEAD if left <= timedelta(days=days))


def forget_old() -> int:
    count, _by_model = ExpiryWarning.objects.filter(expires_at__lt=timezone.now() - KEEP_FOR).delete()
    return count
