"""How large a mailbox may be: the domain's largest mailbox, and what all of them may have together."""

from __future__ import annotations

from django.db.models import Sum
from django.utils.translation import gettext as _

from domains.models import DISABLED, Domain
from mailadmin.errors import refuse
from mailboxes.models import Mailbox

# The largest BIGINT: beyond it the database would refuse.
QUOTA_BYTES_AT_MOST = 2**63 - 1


def default_quota(domain: Domain) -> int:
    """What a new mailbox gets when nobody says: the domain's largest, else no limit."""
    return max(domain.max_quota_bytes, 0)


def refuse_quota(domain: Domain, quota_bytes: int, *, other_than: str | None = None, given: int | None = None) -> None:
    """Raise ValidationError at `quota_bytes` if the domain, its row locked, does not allow it.

    `other_than` is the mailbox whose quota this is to be: its present one does not count. `given`: what
    `given_bytes` said, for who asks for many mailboxes.
    """
    if not 0 <= quota_bytes <= QUOTA_BYTES_AT_MOST:
        refuse("quota_bytes", _("A quota is 0 (unlimited) or a positive number."), "quota_invalid")
    if DISABLED in (domain.max_quota_mb, domain.quota_mb):
        return  # quotas are not managed in this domain
    if not quota_bytes and (domain.max_quota_bytes or domain.quota_bytes):
        refuse("quota_bytes", _("This domain has no unlimited mailboxes."), "quota_unlimited")
    if domain.max_quota_bytes and quota_bytes > domain.max_quota_bytes:
        most = domain.max_quota_mb
        refuse(
            "quota_bytes",
            _("The largest mailbox of this domain is %(most)d MB."),
            "quota_over_largest",
            most=most,
        )
    if not domain.quota_bytes:
        return
    left = domain.quota_bytes - (given_bytes(domain, other_than=other_than) if given is None else given)
    if left < quota_bytes:
        refuse(
            "quota_bytes",
            _("All mailboxes of this domain together have %(all)d MB, and %(left)d MB are left."),
            "quota_over_domain",
            all=domain.quota_mb,
            left=left // _multiplier(domain),
        )


def given_bytes(domain: Domain, *, other_than: str | None = None) -> int:
    """What the mailboxes of the domain, or the others, have together."""
    given = Mailbox.objects.filter(domain=domain, quota_bytes__gt=0).exclude(pk=other_than or "")
    return given.aggregate(sum=Sum("quota_bytes"))["sum"] or 0


def _multiplier(domain: Domain) -> int:
    return domain.quota_bytes // domain.quota_mb
