"""The last sign-ins of a person, and who tried in vain."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from mailadmin.accounts.models import Account, SignIn

SHOWN = 5
FAILURES_SINCE = timedelta(days=30)
FAILURES_COUNTED = 100


def of(account: Account) -> dict[str, Any]:
    """Nothing from before the mailbox, or the account, was there: its address may have been somebody else's."""
    tries = SignIn.objects.filter(identifier=account.address, at__gte=_beginning(account)).order_by("-at")
    if account.mailbox:  # those of an administrator who has the same address are not the mailbox user's to see
        tries = tries.exclude(identifier__in=Account.objects.filter(email=account.address).values("email"))
    since = timezone.now() - FAILURES_SINCE
    failures = list(tries.filter(succeeded=False, at__gt=since)[:FAILURES_COUNTED])
    return {
        "sign_ins": tries.filter(succeeded=True)[:SHOWN],
        "failures": len(failures),
        "are_more_failures": len(failures) == FAILURES_COUNTED,
        "last_failure": failures[0] if failures else None,
    }


def _beginning(account: Account) -> datetime:
    return account.mailbox.created_at if account.mailbox else account.created_at
