"""The one way in which webhooks are registered, changed, rotated, tried and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from domains.models import Domain
from domains.rules import require
from mailadmin.addresses import normalise_domain
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.revisions import refuse_stale
from mailadmin.transactions import atomic

from .events import PING, is_event, ping_payload
from .models import Delivery, Endpoint, OffReason, give_up_time
from .queue import announce, forget_listening, new_message_id
from .rules import can_manage_webhooks
from .signing import new_secret, sealed
from .validators import normalise_url, validate_name

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

FORMER_SECRET_LIFETIME = timedelta(hours=24)
EDITABLE = ("name", "url", "description", "event_types", "domains", "active")


@atomic
def create_endpoint(
    *,
    name: str,
    url: str,
    description: str = "",
    event_types: Iterable[str] = (),
    domains: Iterable[str] = (),
    active: bool = True,
    actor: Actor,
) -> tuple[Endpoint, str]:
    """The row and its secret, which nobody can be told again. Without `event_types` or `domains` it wants all."""
    require(can_manage_webhooks(actor))
    secret = new_secret()
    endpoint = Endpoint(secret=sealed(secret), created_at=timezone.now())
    fields = {"name": name, "url": url, "description": description, "event_types": event_types, "domains": domains}
    _set(endpoint, {**fields, "active": active})
    endpoint.save(force_insert=True)
    forget_listening()
    audit.record("webhook.create", actor=actor, target=endpoint)
    return endpoint, secret


@atomic
def edit_endpoint(
    *, endpoint: Endpoint, changes: dict[str, Any], expected_revision: str | None = None, actor: Actor
) -> Endpoint:
    """Switched on again, it begins anew, as if it had never failed."""
    endpoint = _locked(endpoint, actor)
    refuse_stale(endpoint, expected_revision)
    was_active = endpoint.active
    with audit.recording("webhook.edit", actor=actor, target=endpoint):
        _set(endpoint, changes)
        if endpoint.active and not was_active:
            _forgive(endpoint)
        endpoint.save()
    forget_listening()
    announce(endpoint.pk)
    return endpoint


@atomic
def rotate_secret(*, endpoint: Endpoint, actor: Actor) -> tuple[Endpoint, str]:
    """The row and its new secret. For a day events are signed by the former one as well."""
    endpoint = _locked(endpoint, actor)
    secret = new_secret()
    with audit.recording("webhook.rotate", actor=actor, target=endpoint):
        endpoint.former_secret, endpoint.former_until = endpoint.secret, timezone.now() + FORMER_SECRET_LIFETIME
        endpoint.secret = sealed(secret)
        endpoint.save(update_fields=["secret", "former_secret", "former_until"])
    return endpoint, secret


@atomic
def delete_endpoint(*, endpoint: Endpoint, actor: Actor) -> None:
    """With all that was to be delivered to it."""
    endpoint = _locked(endpoint, actor)
    before = audit.snapshot(endpoint)
    Endpoint.objects.filter(pk=endpoint.pk).delete()
    forget_listening()
    audit.record("webhook.delete", actor=actor, target=endpoint, before=before, after={})


@atomic
def ping_endpoint(*, endpoint: Endpoint, actor: Actor) -> Delivery:
    """Queue an event that tells of nothing."""
    endpoint = _locked(endpoint, actor)
    _refuse_off(endpoint)
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        message_id=new_message_id(),
        event_type=PING,
        payload=ping_payload(),
        queued_at=timezone.now(),
    )
    audit.record("webhook.test", actor=actor, target=endpoint, before={}, after={"message": delivery.message_id})
    _try_now(endpoint)
    return delivery


@atomic
def redeliver(*, delivery: Delivery, actor: Actor) -> Delivery:
    """Send it once more, under the same id, and try for as long as the first time."""
    endpoint = _locked(delivery.endpoint, actor)
    _refuse_off(endpoint)
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    delivery.due_at, delivery.give_up_at, delivery.attempts = timezone.now(), give_up_time(), 0
    delivery.delivered_at = delivery.closed_at = None
    delivery.save(update_fields=["due_at", "give_up_at", "attempts", "delivered_at", "closed_at"])
    audit.record("webhook.redeliver", actor=actor, target=endpoint, before={}, after={"message": delivery.message_id})
    _try_now(endpoint)
    return delivery


@atomic
def switch_off(*, endpoint: Endpoint, reason: OffReason, actor: Actor) -> None:
    """By the worker, which says why; unless somebody has switched it off or deleted it meanwhile."""
    require(can_manage_webhooks(actor))
    found = Endpoint.objects.select_for_update().filter(pk=endpoint.pk, active=True).first()
    if found is None:
        return
    with audit.recording("webhook.edit", actor=actor, target=found):
        found.active, found.off_reason = False, reason
        found.save(update_fields=["active", "off_reason"])
    forget_listening()


def forget_old() -> int:
    """Deliveries of WEBHOOK_KEEP_DAYS ago, which is longer than any is tried; and those whose endpoint is gone."""
    old = Delivery.objects.filter(queued_at__lt=timezone.now() - timedelta(days=settings.WEBHOOK_KEEP_DAYS))
    return old.filter(due_at__lt=timezone.now()).delete()[0]


def _locked(endpoint: Endpoint, actor: Actor) -> Endpoint:
    require(can_manage_webhooks(actor))
    return Endpoint.objects.select_for_update().get(pk=endpoint.pk)


def _set(endpoint: Endpoint, changes: dict[str, Any]) -> None:
    known_domains = set(endpoint.domains)
    for name in EDITABLE:
        if name in changes:
            setattr(endpoint, name, changes[name])
    at_field("name", validate_name, endpoint.name)
    endpoint.url = at_field("url", normalise_url, endpoint.url)
    endpoint.event_types = sorted(set(endpoint.event_types))
    endpoint.domains = _known(endpoint.domains, known_domains)
    _refuse_unknown(endpoint.event_types)
    endpoint.clean_fields()
    if Endpoint.objects.filter(name=endpoint.name).exclude(pk=endpoint.pk).exists():
        refuse("name", _("%(name)s is here already."), "webhook_exists", name=endpoint.name)


def _known(names: Iterable[str], already: set[str]) -> list[str]:
    """What was named before stays, though the domain be deleted since: its last events go out as well."""
    wanted = sorted({at_field("domains", normalise_domain, name) for name in names})
    new = [name for name in wanted if name not in already]
    found = Domain.objects.in_bulk(new)
    for name in new:
        if name not in found:
            refuse("domains", _("There is no domain %(name)s."), "domain_unknown", name=name)
    return wanted


def _refuse_unknown(event_types: list[str]) -> None:
    for name in event_types:
        if not is_event(name):
            refuse("event_types", _("There is no event “%(name)s”."), "event_unknown", name=name)


def _refuse_off(endpoint: Endpoint) -> None:
    if not endpoint.active:
        refuse("active", _("This webhook is switched off: switch it on first."), "webhook_off")


def _forgive(endpoint: Endpoint) -> None:
    endpoint.failures, endpoint.failing_since, endpoint.rests_until, endpoint.off_reason = 0, None, None, ""


def _try_now(endpoint: Endpoint) -> None:
    """Somebody waits for it: the endpoint is not left in peace any longer."""
    Endpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    announce(endpoint.pk)
