"""The one way in which tokens are made, changed, rotated and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from domains.models import Domain
from domains.rules import require
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.transactions import atomic

from .models import Token, TokenDomain
from .rules import can_change_tokens
from .scopes import SCOPES
from .secret import digest_of, new_token

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@atomic
def create_token(
    *,
    name: str,
    scopes: Iterable[str],
    domains: Iterable[str] = (),
    networks: Iterable[str] = (),
    requests_per_minute: int = 600,
    expires_at: datetime | None = None,
    actor: Actor,
) -> tuple[Token, str]:
    """The row and the token, which nobody can be told again. Without `domains` it is good for all of them."""
    require(can_change_tokens(actor))
    wanted = sorted(set(scopes))
    for unknown in [scope for scope in wanted if scope not in SCOPES]:
        refuse("scopes", _("There is no scope “%(name)s”."), "scope_unknown", name=unknown)
    if Token.objects.filter(name=name).exists():
        refuse("name", _("%(name)s is here already."), "token_exists", name=name)
    names = sorted(set(domains))
    secret = new_token()
    token = Token(
        name=name,
        digest=digest_of(secret),
        scopes=wanted,
        every_domain=not names,
        networks=list(networks),
        requests_per_minute=requests_per_minute,
        expires_at=expires_at,
        created_at=timezone.now(),
        created_by=actor.label,
    )
    token.clean_fields()
    token.save(force_insert=True)
    TokenDomain.objects.bulk_create(TokenDomain(token=token, domain=domain) for domain in _known(names))
    audit.record("token.create", actor=actor, target=token)
    return token, secret


def _known(names: list[str]) -> list[Domain]:
    found = Domain.objects.in_bulk(names)
    for name in names:
        if name not in found:
            refuse("domains", _("There is no domain %(name)s."), "domain_unknown", name=name)
    return list(found.values())
