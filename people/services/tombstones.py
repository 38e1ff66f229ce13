"""Addresses of those who left are kept free for a time: mail for one person must not arrive at another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from domains.rules import require
from mailadmin.addresses import show_address
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.transactions import atomic
from people.models import Offboarding, ReservedAddress

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


def reserved(addresses: Iterable[str]) -> QuerySet[ReservedAddress]:
    """Those of these addresses that nobody gets at present."""
    return ReservedAddress.objects.filter(pk__in=addresses, until_at__gt=timezone.now()).order_by()


def refuse_reserved(address: str, *, field: str) -> None:
    row = reserved([address]).first()
    if row is not None:
        refuse(
            field,
            _("%(address)s was somebody's who left, and is kept free until %(date)s."),
            "address_reserved",
            address=show_address(address),
            date=formats.date_format(timezone.localtime(row.until_at)),
        )


def reserve(addresses: Iterable[str], *, offboarding: Offboarding, now: datetime) -> None:
    """Keep them free for the time that the offboarding says; 0 days is not at all."""
    until = now + timedelta(days=offboarding.reserve_days)
    for address in addresses if offboarding.reserve_days else ():
        ReservedAddress.objects.update_or_create(pk=address, defaults={"until_at": until, "offboarding": offboarding})


@atomic
def release_address(*, reserved_address: ReservedAddress, actor: Actor) -> None:
    """Whoever asks for it gets it from now on."""
    require(actor.is_superadmin)
    row = ReservedAddress.objects.select_for_update().select_related("offboarding").get(pk=reserved_address.pk)
    before = audit.snapshot(row)
    domain_name = row.offboarding.domain_name
    audit.record("address.release", actor=actor, target=row, before=before, after={}, domain_name=domain_name)
    row.delete()


@atomic
def forget_reservations(*, now: datetime) -> int:
    """Those whose time is over."""
    count, _by_model = ReservedAddress.objects.filter(until_at__lte=now).delete()
    return count
