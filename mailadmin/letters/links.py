"""The links in letters. A token is random, goes into the letter alone, and is known here by its digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.models import Account
from mailadmin.letters.models import Link, Purpose

TOKEN_BYTES = 32
KEEP_FOR = timedelta(days=30)


def make_link(*, account: Account, purpose: Purpose, sent_to: str, lifetime: timedelta) -> tuple[Link, str]:
    """The row, and the URL: it begins with SITE_URL, never with what a client says of the host."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = Link.objects.create(
        account=account,
        purpose=purpose,
        token_digest=_digest(token),
        sent_to=sent_to,
        password_mark=account.get_session_auth_hash(),
        expires_at=timezone.now() + lifetime,
    )
    return link, settings.SITE_URL + reverse("accounts:link", args=[token])


def find_link(token: str, purposes: Collection[Purpose]) -> Link | None:
    """The link of this token, if it is good for one of these purposes. Used, expired, or somebody else's by now: None,
    and nobody is told which."""
    of_living = Q(account__email__isnull=False) | Q(
        account__mailbox__active=True, account__mailbox__domain__active=True
    )
    link = (
        Link.objects.select_related("account__mailbox__domain")
        .filter(of_living, token_digest=_digest(token), purpose__in=purposes, account__is_active=True)
        .filter(used_at=None, expires_at__gt=timezone.now())
        .first()
    )
    return link if link and _still_fits(link) else None


def claim(link: Link) -> bool:
    """A guarded update: of two that use it at once, one does."""
    return Link.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now()) == 1


def forget_old() -> int:
    count, _by_model = Link.objects.filter(expires_at__lt=timezone.now() - KEEP_FOR).delete()
    return count


def _still_fits(link: Link) -> bool:
    account = link.account
    if link.purpose == Purpose.CONFIRM_RECOVERY:
        return link.sent_to == account.wanted_recovery_address
    if link.password_mark != account.get_session_auth_hash():
        return False
    return link.purpose == Purpose.SET_UP or link.sent_to == account.recovery_to


def _digest(token: str) -> str:
    # The token has 256 random bits: there is nothing to guess that a slow hash would hold up.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
