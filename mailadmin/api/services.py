"""The one way in which tokens are made, changed, rotated and deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from domains.models import Domain
from domains.rules import require
from mailadmin.addresses import normalise_domain
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.revisions import refuse_stale
from mailadmin.transactions import atomic

from .models import Token, TokenDomain
from .rules import can_change_tokens
from .scopes import SCOPES
from .secret import digest_of, new_token

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

NAME_LENGTH_AT_MOST = 64
NETWORKS_AT_MOST = 100
REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE_AT_MOST = 600, 1_000_000
FORMER_HOURS, FORMER_HOURS_AT_MOST = 24, 24 * 30
EDITABLE = ("name", "scopes", "domains", "networks", "requests_per_minute", "expires_at", "active")


@atomic
def create_token(
    *,
    name: str,
    scopes: Iterable[str],
    domains: Iterable[str] | None = None,
    networks: Iterable[str] = (),
    requests_per_minute: int = REQUESTS_PER_MINUTE,
    expires_at: datetime | None = None,
    active: bool = True,
    actor: Actor,
) -> tuple[Token, str]:
    """The row and the token, which nobody can be told again. `domains`: None for all of them."""
    require(can_change_tokens(actor))
    secret = new_token()
    token = Token(digest=digest_of(secret), created_at=timezone.now(), created_by=actor.label)
    fields = {"name": name, "scopes": scopes, "networks": networks, "requests_per_minute": requests_per_minute}
    names = _set(token, {**fields, "domains": domains, "expires_at": expires_at, "active": active})
    token.save(force_insert=True)
    _set_domains(token, names or [])
    audit.record("token.create", actor=actor, target=token, after=_snapshot(token))
    return token, secret


@atomic
def edit_token(*, token: Token, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor) -> Token:
    """`changes`: any of EDITABLE; `domains` all of them, or None."""
    token = _locked(token, actor)
    refuse_stale(token, expected_revision)
    before = _snapshot(token)
    names = _set(token, changes)
    # Not the whole row: a request may note the use of the token meanwhile.
    token.save(update_fields=[*(changes.keys() - {"domains"}), "every_domain"])
    if names is not None:
        _set_domains(token, names)
    _record("token.edit", token, before, actor)
    return token


@atomic
def rotate_token(*, token: Token, former_hours: int = FORMER_HOURS, actor: Actor) -> tuple[Token, str]:
    """The row and the new token. The present one is good for some hours more; with 0 it ends now, as one must that
    somebody else has seen. One that was replaced before ends."""
    token = _locked(token, actor)
    if not 0 <= former_hours <= FORMER_HOURS_AT_MOST:
        refuse("former_hours", _("From 0 to %(most)d hours."), "former_hours_invalid", most=FORMER_HOURS_AT_MOST)
    before, secret = _snapshot(token), new_token()
    token.former_digest = token.digest if former_hours else None
    token.former_until = timezone.now() + timedelta(hours=former_hours) if former_hours else None
    token.digest = digest_of(secret)
    token.save(update_fields=["digest", "former_digest", "former_until"])
    _record("token.rotate", token, before, actor)
    return token, secret


@atomic
def delete_token(*, token: Token, actor: Actor) -> None:
    token = _locked(token, actor)
    before = _snapshot(token)
    Token.objects.filter(pk=token.pk).delete()
    audit.record("token.delete", actor=actor, target=token, before=before, after={})


def _locked(token: Token, actor: Actor) -> Token:
    require(can_change_tokens(actor))
    return Token.objects.select_for_update().get(pk=token.pk)


def _set(token: Token, changes: dict[str, Any]) -> list[str] | None:
    """The checked values; returns the names of the domains, which are rows of their own, if they are to change."""
    if unknown := changes.keys() - set(EDITABLE):
        raise TypeError(f"not a field to edit: {', '.join(sorted(unknown))}")
    domains = changes.get("domains", ())
    if "domains" in changes:
        token.every_domain = domains is None
    for field in changes.keys() - {"domains"}:
        setattr(token, field, _CHECKS[field](changes[field]) if field in _CHECKS else changes[field])
    if "name" in changes and Token.objects.filter(name=token.name).exclude(pk=token.pk).exists():
        refuse("name", _("%(name)s is here already."), "token_exists", name=token.name)
    token.clean_fields()
    return (_known_domains(domains) if domains is not None else []) if "domains" in changes else None


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_LENGTH_AT_MOST or not name.isprintable():
        text = _("A name has from 1 to %(most)d characters, and no line breaks or control characters.")
        refuse("name", text, "name_invalid", most=NAME_LENGTH_AT_MOST)
    return name


def _scopes(scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    for unknown in sorted(wanted.difference(SCOPES)):
        refuse("scopes", _("There is no scope “%(name)s”."), "scope_unknown", name=unknown[:100])
    if not wanted:
        refuse("scopes", _("Choose at least one."), "scopes_empty")
    return [scope for scope in SCOPES if scope in wanted]


def _networks(texts: Iterable[str]) -> list[str]:
    """In their usual spelling. One address is a network, too."""
    networks = []
    for text in dict.fromkeys(texts):
        try:
            networks.append(str(ip_network(text.strip())))
        except ValueError:
            told = _("%(name)s is no network such as 192.0.2.0/24.")
            refuse("networks", told, "network_invalid", name=text[:100])
    if len(networks) > NETWORKS_AT_MOST:
        refuse("networks", _("%(most)d at most."), "networks_full", most=NETWORKS_AT_MOST)
    return networks


def _requests_per_minute(number: int) -> int:
    if not 1 <= number <= REQUESTS_PER_MINUTE_AT_MOST:
        most = REQUESTS_PER_MINUTE_AT_MOST
        refuse("requests_per_minute", _("From 1 to %(most)d."), "requests_per_minute_invalid", most=most)
    return number


def _expires_at(time: datetime | None) -> datetime | None:
    if time is not None and time <= timezone.now():
        refuse("expires_at", _("This time is past."), "expires_past")
    return time


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "scopes": _scopes,
    "networks": _networks,
    "requests_per_minute": _requests_per_minute,
    "expires_at": _expires_at,
}


def _known_domains(texts: Iterable[str]) -> list[str]:
    names = sorted({at_field("domains", normalise_domain, text) for text in texts})
    found = set(Domain.objects.filter(pk__in=names).values_list("pk", flat=True))
    for name in names:
        if name not in found:
            refuse("domains", _("There is no domain %(name)s."), "domain_unknown", name=name)
    if not names:
        refuse("domains", _("Name one at least."), "domains_empty")
    return names


def _set_domains(token: Token, names: list[str]) -> None:
    TokenDomain.objects.filter(token=token).exclude(domain__in=names).delete()
    present = set(token.domain_names())
    TokenDomain.objects.bulk_create(TokenDomain(token=token, domain_id=name) for name in names if name not in present)


def _snapshot(token: Token) -> dict[str, Any]:
    return {**audit.snapshot(token), "domains": sorted(token.domain_names())}


def _record(action: str, token: Token, before: dict[str, Any], actor: Actor) -> None:
    after = _snapshot(token)
    if after != before:
        audit.record(action, actor=actor, target=token, before=before, after=after)
