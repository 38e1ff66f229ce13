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
from mailadmin.accounts.models import SignIn

FAMILIAR_FOR = timedelta(days=30)


class Locked(ValidationError):
    """Too many failures. It says the same whether the account exists or not."""

    def __init__(self, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        minutes = math.ceil(wait_seconds / 60)
        text = ngettext(
            "Too many failed attempts. Try again in %(minutes)d minute.",
            "Too many failed attempts. Try again in %(minutes)d minutes.",
            minutes,
        )
        super().__init__(text, code="locked", params={"minutes": minutes})


class Attempt:
    """Failed from its beginning until `succeed`, so that tries at the same time count each other."""

    def __init__(self, identifier: str, client_address: str) -> None:
        client = client_network(client_address)
        self.row = SignIn.objects.create(identifier=identifier[:255], client_address=client, succeeded=False)
        wait_seconds = _wait_seconds(self.row)
        if wait_seconds:
            # A try that was not even looked at does not make the wait longer.
            self.row.delete()
            raise Locked(wait_seconds)

    def succeed(self) -> None:
        self.row.succeeded = True
        self.row.save(update_fields=["succeeded"])


def _wait_seconds(row: SignIn) -> int:
    end = max(filter(None, _ends(row)), default=None)
    return max(1, math.ceil((end - row.at).total_seconds())) if end else 0


def _ends(row: SignIn) -> list[datetime | None]:
    window = timedelta(seconds=settings.SIGN_IN_WINDOW_SECONDS)
    earlier = SignIn.objects.filter(pk__lt=row.pk)
    of_account = earlier.filter(identifier=row.identifier)
    of_client = earlier.filter(client_address=row.client_address)
    of_pair = of_account.filter(client_address=row.client_address)
    last_success = _last_success(of_pair, row.at)
    since = row.at - window
    pair_since = max(since, last_success) if last_success else since
    ends = [_end(of_pair, pair_since, settings.SIGN_IN_FAILURES_PER_PAIR)]
    if not last_success:
        ends.append(_end(of_account, since, settings.SIGN_IN_FAILURES_PER_ACCOUNT))
        ends.append(_end(of_client, since, settings.SIGN_IN_FAILURES_PER_ADDRESS))
    return [end + window if end else None for end in ends]


def _last_success(of_pair: QuerySet[SignIn], now: datetime) -> datetime | None:
    successes = of_pair.filter(succeeded=True, at__gt=now - FAMILIAR_FOR)
    return successes.order_by("-at").values_list("at", flat=True).first()


def _end(tries: QuerySet[SignIn], since: datetime, at_most: int) -> datetime | None:
    """The time of the failure that must grow old before there are fewer than `at_most`; None if there are."""
    failures = tries.filter(succeeded=False, at__gt=since).order_by("-at").values_list("at", flat=True)
    return failures[at_most - 1 : at_most].first()


def forget_old() -> int:
    """Rows that no longer count, nor say that somebody is familiar."""
    count, _by_model = SignIn.objects.filter(at__lt=timezone.now() - 3 * FAMILIAR_FOR).delete()
    return count
