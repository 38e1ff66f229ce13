"""As whom the worker does an import: who sent it, with what they may do by then."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bulk.models import Existing, Import
from mailadmin.accounts.actors import Actor
from mailadmin.api.models import Token
from mailadmin.api.scopes import CREATE, WRITE

COMMAND = "command"


def actor_of(row: Import) -> Actor | None:
    """None if it was switched off, has expired, or is gone."""
    if row.token is not None:
        return _actor(row, token=row.token, is_superadmin=row.token.every_domain) if _is_good(row, row.token) else None
    if row.account is not None:
        good = row.account.is_active and row.account.is_administrator
        return _actor(row, account=row.account, is_superadmin=row.account.is_superadmin) if good else None
    return _actor(row, is_superadmin=True) if row.face == COMMAND else None


def _actor(row: Import, **who: Any) -> Actor:
    return Actor(label=row.actor_label, face=row.face, client_address=row.client_address, **who)


def _is_good(row: Import, token: Token) -> bool:
    verbs = (CREATE, WRITE) if row.existing == Existing.UPDATE else (CREATE,)
    lives = token.active and (token.expires_at is None or token.expires_at > timezone.now())
    return lives and all(token.allows(f"{row.kind}:{verb}") for verb in verbs)
