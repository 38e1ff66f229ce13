"""Which script a mailbox is to have now, as the database says."""

from __future__ import annotations

from domains.models import Domain
from vacations.addresses import addresses_of
from vacations.models import Vacation
from vacations.sieve import Reply, script


def wanted_script(address: str) -> str:
    """Empty where there is to be none."""
    vacation = Vacation.objects.active().filter(pk=address).first()
    return script(reply_of(vacation)) if vacation else ""


def reply_of(vacation: Vacation) -> Reply:
    known = Domain.objects.order_by("name").values_list("name", flat=True) if vacation.known_domains_only else None
    return Reply(
        subject=vacation.subject,
        body=vacation.body,
        from_at=vacation.from_at,
        until_at=None if vacation.is_open_ended else vacation.until_at,
        interval_days=vacation.interval_days,
        addresses=addresses_of(vacation.address),
        known_domains=None if known is None else list(known),
    )
