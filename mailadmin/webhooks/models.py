"""Where events go, and each event on its way to one of these places."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

GIVE_UP_AFTER = timedelta(days=3)


def give_up_time() -> datetime:
    return timezone.now() + GIVE_UP_AFTER


class OffReason(models.TextChoices):
    """Why it was switched off by the worker."""

    GONE = "gone", _("It has answered that it wants no more events (410 Gone).")
    FAILING = "failing", _("It has taken no event for days.")


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def visible_to(self, actor: Actor) -> EndpointQuerySet:
        return self if actor.is_superadmin else self.none()

    def awake(self) -> EndpointQuerySet:
        """Those that are on, not left in peace, and no worker's at the moment."""
        rested = models.Q(rests_until=None) | models.Q(rests_until__lte=timezone.now())
        return self.filter(rested, active=True)


class Endpoint(models.Model):
    """A URL that is told of events. `event_types` and `domains` are lists of names; empty, they are all of them.

    The secrets are sealed (see `signing.py`). While it is rotated, the former one signs as well until `former_until`.
    """

    AUDIT_KEY = "name"

    name = models.CharField(_("name"), max_length=64, unique=True)
    url = models.CharField(_("URL"), max_length=500)
    description = models.CharField(_("description"), max_length=255, blank=True, db_default="", default="")
    event_types = models.JSONField(_("events"), default=list, blank=True)
    domains = models.JSONField(_("domains"), default=list, blank=True)
    active = models.BooleanField(_("active"), db_default=True, default=True)
    secret = models.TextField()
    former_secret = models.TextField(blank=True, db_default="", default="")
    former_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), default=timezone.now, editable=False)
    # Since when it has taken none; how often in a row; and till when it is left in peace, or is one worker's alone.
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(db_default=0, default=0, editable=False)
    rests_until = models.DateTimeField(null=True, blank=True, editable=False)
    off_reason = models.CharField(
        _("switched off because"), max_length=16, blank=True, choices=OffReason.choices, db_default="", default=""
    )

    objects = EndpointQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_webhook"
        ordering = ["name"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name

    @property
    def is_rotating(self) -> bool:
        """Whether the former secret signs as well."""
        return self.former_until is not None and self.former_until > timezone.now()

    def wants(self, event_type: str, domain_name: str) -> bool:
        return (not self.event_types or event_type in self.event_types) and (
            not self.domains or domain_name in self.domains
        )

    def revision_values(self) -> list[list[str]]:
        """Without what the worker writes at every try: a form is not stale by that."""
        names = ("name", "url", "description", "event_types", "domains", "active", "secret", "failing_since")
        return [[name, str(getattr(self, name))] for name in names]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> DeliveryQuerySet:
        return self.filter(closed_at=None)

    def due(self) -> DeliveryQuerySet:
        return self.open().filter(due_at__lte=timezone.now(), endpoint__in=Endpoint.objects.awake())


class Delivery(models.Model):
    """One event for one endpoint, written in the transaction of what it tells of.

    Closed, it was taken (`delivered_at`) or given up. `status`, `answer`, `error`, `tried_at` and `duration_ms` are of
    the last try.
    """

    # No constraint: a long transaction that queues events must not hold the row that the worker notes failures in.
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, db_constraint=False, related_name="deliveries")
    message_id = models.CharField(_("message"), max_length=40)  # of the event: at every try, and for every endpoint
    event_type = models.CharField(_("event"), max_length=64)
    subject = models.CharField(_("object"), max_length=255, blank=True, db_default="", default="")
    payload = models.TextField(_("payload"))  # as it is signed and sent
    queued_at = models.DateTimeField(_("since"), db_default=Now(), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("next try"), db_default=Now(), default=timezone.now)
    give_up_at = models.DateTimeField(default=give_up_time)
    attempts = models.PositiveIntegerField(_("tries"), db_default=0, default=0)
    tried_at = models.DateTimeField(_("tried"), null=True)
    duration_ms = models.PositiveIntegerField(_("duration, ms"), null=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    answer = models.TextField(_("answer"), db_default="", default="")
    error = models.TextField(_("error"), db_default="", default="")
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    closed_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_webhook_delivery"
        ordering = ["-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            # By endpoint, so that the events which wait for one that is away are in no other's way.
            models.Index(fields=["endpoint", "closed_at", "due_at"], name="delivery_open_by_due"),
            models.Index(fields=["closed_at", "give_up_at"], name="delivery_open_by_end"),
            models.Index(fields=["endpoint", "-id"], name="delivery_by_endpoint"),
            models.Index(fields=["queued_at"], name="delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.message_id}"

    @property
    def state(self) -> str:
        """`delivered`, `given_up`, `failed` (to be tried again) or `waiting`."""
        if self.delivered_at:
            return "delivered"
        if self.closed_at:
            return "given_up"
        return "failed" if self.error else "waiting"
