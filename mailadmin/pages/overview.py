"""What the dashboard shows: sums of the running counts, never a count of the rows themselves."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, FloatField, QuerySet, Sum
from django.db.models.functions import Cast

from domains.models import Domain, DomainUsage
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import split_address
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost, PendingWork

ENTRIES_SHOWN = 8
FULLEST_SHOWN = 6
WORK_SHOWN = 6
# Open work is looked at up to here: after a large import there may be a million rows of it.
WORK_COUNTED = 1000


def of(actor: Actor) -> dict[str, Any]:
    usages = usages_of(actor)
    return {
        "totals": usages.aggregate(
            domains=Count("pk"),
            mailboxes=Sum("mailboxes", default=0),
            aliases=Sum("aliases", default=0),
            quota_bytes=Sum("quota_bytes", default=0),
            used_bytes=Sum("used_bytes", default=0),
        ),
        "fullest": fullest(usages),
        "entries": Entry.objects.visible_to(actor).order_by("-id")[:ENTRIES_SHOWN],
        "off": list(Domain.objects.visible_to(actor).filter(active=False).order_by("name")[:FULLEST_SHOWN]),
        **work(actor),
    }


def usages_of(actor: Actor) -> QuerySet[DomainUsage]:
    return DomainUsage.objects.filter(domain__in=Domain.objects.visible_to(actor))


def fullest(usages: QuerySet[DomainUsage]) -> list[DomainUsage]:
    """The domains whose mailboxes use most of the space that they were given."""
    share = Cast(F("used_bytes"), FloatField()) / Cast(F("quota_bytes"), FloatField())
    found = usages.filter(quota_bytes__gt=0, used_bytes__gt=0).annotate(share=share).order_by("-share", "pk")
    return list(found.select_related("domain")[:FULLEST_SHOWN])


def work(actor: Actor) -> dict[str, Any]:
    """What is not live yet, oldest first, and what failed. A domain administrator sees that of their domains."""
    open_work = list(PendingWork.objects.open().order_by("id").select_related("host")[: WORK_COUNTED + 1])
    if not actor.is_superadmin:
        own = set(Domain.objects.visible_to(actor).values_list("pk", flat=True))
        open_work = [row for row in open_work if split_address(row.key)[1] in own]
    failed = [row for row in open_work if row.error]
    return {
        "open_work": open_work[:WORK_SHOWN],
        "open_count": min(len(open_work), WORK_COUNTED),
        "open_more": len(open_work) > WORK_COUNTED,
        "failed_work": failed[:WORK_SHOWN],
        "failed_count": len(failed),
        "hosts": MailHost.objects.all() if actor.is_superadmin else [],
    }
