"""Holds up who guesses passwords, and nobody else.

Failures of the last SIGN_IN_WINDOW_SECONDS are counted three ways: one account from one client, one account
from everywhere, and every account from one client. Who signed in from the same client in the last 30 days is
held to the first count alone: neither an attacker elsewhere nor a colleague behind the same address can lock
this person out.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from mailadmin.accounts.clients import client_network
from mailadmin.accounts.models import Account, SignIn

FAMILIAR_FOR = timedelta(days=30)
DAY = timedelta(days=1)


class Locked(ValidationError):
    """Too many failures. It says the same whether the account exists or not."""

    def __init__(self, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        minutes = math.ceil(wait_seconds / 60)
        super().__init__(self.text(minutes), code="locked", params={"minutes": minutes})

    def text(self, minutes: int) -> str:
        return ngettext(
            "Too many failed attempts. Try again in %(minutes)d minute.",
            "Too many failed attempts. Try again in %(minutes)d minutes.",
            minutes,
        )


class Attempt:
    """Failed from its beginning until `succeed`, so that tries at the same time count each other."""

    def __init__(self, identifier: str, client_address: str, *, per_day: int | None = None) -> None:
        """`per_day`: how many failures of this identifier from everywhere are looked at in a day, where guesses over
        weeks would get somewhere. It holds up nobody either who is familiar."""
        client = client_network(client_address)
        self.row = SignIn.objects.create(identifier=identifier[:255], client_address=client, succeeded=False)
        wait_seconds = _wait_seconds(self.row, per_day)
        if wait_seconds:
            # A try that was not even looked at does not make the wait longer.
            self.row.delete()
            raise Locked(wait_seconds)

    def succeed(self) -> None:
        self.row.succeeded = True
        self.row.save(update_fields=["succeeded"])

    def withdraw(self) -> None:
        """The password was right, but nobody signed in by it: neither a failure nor a sign-in."""
        self.row.delete()


def forgives(account: Account) -> bool:
    """Whether a sign-in to this account makes its client familiar, and ends what was counted of that client. Not where
    an administrator has the mailbox's very address: whoever makes mailboxes in that domain could guess the
    administrator's password for ever, with a sign-in of the own after every few guesses."""
    return account.mailbox_id is None or not Account.objects.filter(email=account.mailbox_id).exists()


def _wait_seconds(row: SignIn, per_day: int | None) -> int:
    end = max(filter(None, _ends(row, per_day)), default=None)
    return max(1, math.ceil((end - row.at).total_seconds())) if end else 0


def _ends(row: SignIn, per_day: int | None) -> list[datetime | None]:
    window = timedelta(seconds=settings.SIGN_IN_WINDOW_SECONDS)
    earlier = SignIn.objects.filter(pk__lt=row.pk)
    of_account = earlier.filter(identifier=row.identifier)
    of_client = earlier.filter(client_address=row.client_address)
    of_pair = of_account.filter(client_address=row.client_address)
    last_success = _last_success(of_pair, row.at)
    pair_since = max(row.at - window, last_success) if last_success else row.at - window
    ends = [_end(of_pair, pair_since, window, settings.SIGN_IN_FAILURES_PER_PAIR)]
    if not last_success:
        since = row.at - window
        ends.append(_end(of_account, since, window, settings.SIGN_IN_FAILURES_PER_ACCOUNT))
        ends.append(_end(of_client, since, window, settings.SIGN_IN_FAILURES_PER_ADDRESS))
        if per_day:
            ends.append(_end(of_account, row.at - DAY, DAY, per_day))
    return ends


def _last_success(of_pair: QuerySet[SignIn], now: datetime) -> datetime | None:
    successes = of_pair.filter(succeeded=True, at__gt=now - FAMILIAR_FOR)
    return successes.order_by("-at").values_list("at", flat=True).first()


def _end(tries: QuerySet[SignIn], since: datetime, window: timedelta, at_most: int) -> datetime | None:
    """When the failure is old that must be for there to be fewer than `at_most`; None if there are."""
    failures = tries.filter(succeeded=False, at__gt=since).order_by("-at").values_list("at", flat=True)
    last = failures[at_most - 1 : at_most].first()
    return last + window if last else None


def forget_old() -> int:
    """Rows that no longer count, nor say that somebody is familiar."""
    count, _by_model = SignIn.objects.filter(at__lt=timezone.now() - 3 * FAMILIAR_FOR).delete()
    return count
