"""The running counts of a domain (DomainUsage)."""

from __future__ import annotations

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from aliases.models import Alias
from domains.models import Domain, DomainUsage
from mailboxes.models import Mailbox, MailboxUsage


def adjust(domain_name: str, *, mailboxes: int = 0, aliases: int = 0, quota_bytes: int = 0) -> None:
    """Add to the counts, in the transaction of the write that changed them."""
    numbers = {"mailboxes": mailboxes, "aliases": aliases, "quota_bytes": quota_bytes}
    added = {name: F(name) + number for name, number in numbers.items() if number}
    if added and not DomainUsage.objects.filter(pk=domain_name).update(**added):  # a domain that another program made
        recount(Domain.objects.filter(pk=domain_name))


def recount(domains: QuerySet[Domain]) -> None:
    """Count afresh, domain by domain, from the rows themselves."""
    for name in domains.values_list("pk", flat=True):
        boxes = Mailbox.objects.filter(domain_id=name)
        used = MailboxUsage.objects.filter(pk=OuterRef("pk")).values("bytes")
        totals = boxes.aggregate(count=Count("*"), quota=Coalesce(Sum("quota_bytes"), 0))
        DomainUsage.objects.update_or_create(
            domain_id=name,
            defaults={
                "mailboxes": totals["count"],
                "quota_bytes": totals["quota"],
                "aliases": Alias.objects.listed().filter(domain_id=name).count(),
                "used_bytes": boxes.aggregate(used=Coalesce(Sum(Subquery(used)), 0))["used"],
            },
        )
