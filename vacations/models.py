"""The tables `vacation` and `vacation_notification`, as Postfixadmin has them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from domains.models import Domain
from mailadmin.addresses import show_address

# What Postfixadmin writes where no beginning, or no end, is given.
NO_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
OPEN_END = datetime(2038, 1, 18, tzinfo=UTC)
DAY_SECONDS = 86_400


class State(models.TextChoices):
    """Of a vacation reply at this moment."""

    OFF = "off", pgettext_lazy("feature", "Off")
    PLANNED = "planned", _("Planned")
    ON = "on", pgettext_lazy("feature", "On")
    ENDED = "ended", _("Ended")


class VacationQuerySet(models.QuerySet["Vacation"]):
    def active(self) -> VacationQuerySet:
        """Those that have a script on the mail host, whatever the time: the script itself knows when."""
        return self.filter(active=True)


class Vacation(models.Model):
    """The vacation reply of a mailbox; there is none without a row. Switched off, the row keeps the text."""

    address = models.CharField(_("address"), max_length=255, primary_key=True, db_column="email")
    subject = models.CharField(_("subject"), max_length=255, blank=True, db_default="", default="")
    body = models.TextField(_("text"), blank=True, db_default="", default="")
    # Of vacation.pl's early versions; nothing reads or writes it any more.
    cache = models.TextField(blank=True, db_default="", default="", editable=False)
    domain = models.ForeignKey(
        Domain,
        on_delete=models.DO_NOTHING,
        db_column="domain",
        db_constraint=False,
        db_index=False,
        related_name="vacations",
        verbose_name=_("domain"),
    )
    created_at = models.DateTimeField(
        _("created"), db_column="created", db_default=Now(), default=timezone.now, editable=False
    )
    modified_at = models.DateTimeField(
        _("changed"), db_column="modified", db_default=Now(), default=timezone.now, editable=False
    )
    active = models.BooleanField(_("active"), db_default=True, default=True)
    from_at = models.DateTimeField(_("from"), db_column="activefrom", db_default=NO_BEGINNING, default=NO_BEGINNING)
    until_at = models.DateTimeField(_("until"), db_column="activeuntil", db_default=OPEN_END, default=OPEN_END)
    # Until the same sender is answered again; 0: never again.
    interval_seconds = models.IntegerField(_("interval, seconds"), db_column="interval_time", db_default=0, default=0)
    known_domains_only = models.BooleanField(_("only domains of this server"), db_default=False, default=False)

    objects = VacationQuerySet.as_manager()

    class Meta:
        db_table = "vacation"
        ordering = ["address"]
        verbose_name = _("vacation reply")
        verbose_name_plural = _("vacation replies")
        indexes = [
            # Nearly all writes ask whether any reply is on at all.
            models.Index(fields=["active", "until_at"], name="vacation_by_active"),
        ]

    def __str__(self) -> str:
        return show_address(self.address)

    def revision_values(self) -> list[list[str]]:
        """What the form shows: a mailbox without a row has the same revision each time that it is asked for."""
        names = ("address", "subject", "body", "active", "interval_seconds", "known_domains_only")
        moments = (("from_at", self.from_at), ("until_at", self.until_at))
        return [
            *([name, str(getattr(self, name))] for name in names),
            *([name, moment.isoformat()] for name, moment in moments),
        ]

    @property
    def is_open_ended(self) -> bool:
        return self.until_at >= OPEN_END

    @property
    def interval_days(self) -> int:
        """Whole days; a part of a day, from elsewhere, counts as one."""
        return -(-max(self.interval_seconds, 0) // DAY_SECONDS)

    @property
    def state(self) -> State:
        return self.state_at(timezone.now())

    def state_at(self, moment: datetime) -> State:
        if not self.active:
            return State.OFF
        if moment >= self.until_at and not self.is_open_ended:
            return State.ENDED
        return State.PLANNED if moment < self.from_at else State.ON


class VacationNotification(models.Model):
    """Whom vacation.pl has answered. The Sieve engine keeps its own memory, in the mailbox's home."""

    pk = models.CompositePrimaryKey("vacation_id", "notified")
    vacation = models.ForeignKey(
        Vacation, on_delete=models.CASCADE, db_column="on_vacation", db_constraint=False, db_index=False
    )
    notified = models.CharField(max_length=255, db_default="", default="")
    notified_at = models.DateTimeField(db_default=Now(), default=timezone.now)

    class Meta:
        db_table = "vacation_notification"

    def __str__(self) -> str:
        return f"{self.vacation_id} {self.notified}"
