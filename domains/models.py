"""The tables `domain` and `alias_domain`, as Postfixadmin has them, and our own running counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailadmin.addresses import show_domain

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

UNLIMITED = 0
DISABLED = -1
VIRTUAL = "virtual"
EXPIRY_DAYS_AT_MOST = 36_500


class DomainQuerySet(models.QuerySet["Domain"]):
    def visible_to(self, actor: Actor) -> DomainQuerySet:
        return self if actor.is_superadmin else self.filter(name__in=actor.domain_names())


class Domain(models.Model):
    """A mail domain. Limits: 0 is unlimited, -1 is none at all. Quotas here count in QUOTA_MULTIPLIER bytes."""

    name = models.CharField(_("domain"), max_length=255, primary_key=True, db_column="domain")
    description = models.CharField(_("description"), max_length=255, blank=True, db_default="", default="")
    max_aliases = models.IntegerField(_("aliases at most"), db_column="aliases", db_default=0, default=0)
    max_mailboxes = models.IntegerField(_("mailboxes at most"), db_column="mailboxes", db_default=0, default=0)
    max_quota_mb = models.BigIntegerField(_("largest mailbox, MB"), db_column="maxquota", db_default=0, default=0)
    quota_mb = models.BigIntegerField(_("all mailboxes together, MB"), db_column="quota", db_default=0, default=0)
    transport = models.CharField(_("transport"), max_length=255, db_default=VIRTUAL, default=VIRTUAL)
    backup_mx = models.BooleanField(_("backup MX"), db_column="backupmx", db_default=False, default=False)
    created_at = models.DateTimeField(
        _("created"), db_column="created", db_default=Now(), default=timezone.now, editable=False
    )
    modified_at = models.DateTimeField(
        _("changed"), db_column="modified", db_default=Now(), default=timezone.now, editable=False
    )
    active = models.BooleanField(_("active"), db_default=True, default=True)
    password_expiry_days = models.IntegerField(
        _("passwords expire after, days"),
        db_column="password_expiry",
        null=True,
        blank=True,
        db_default=0,
        default=0,
    )

    objects = DomainQuerySet.as_manager()

    class Meta:
        db_table = "domain"
        ordering = ["name"]
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_aliases__gte=-1, max_mailboxes__gte=-1, max_quota_mb__gte=-1, quota_mb__gte=-1),
                name="domain_limits_from_minus_one",
                violation_error_message=_("A limit is 0 (none), -1 (not allowed) or a positive number."),
            ),
        ]

    def __str__(self) -> str:
        return show_domain(self.name)

    @property
    def max_quota_bytes(self) -> int:
        return self.max_quota_mb * settings.QUOTA_MULTIPLIER if self.max_quota_mb > 0 else self.max_quota_mb

    @property
    def quota_bytes(self) -> int:
        return self.quota_mb * settings.QUOTA_MULTIPLIER if self.quota_mb > 0 else self.quota_mb

    @property
    def is_relayed(self) -> bool:
        """Accepted here and handed to another server: a backup MX, or a transport that says so."""
        return self.backup_mx or self.transport.startswith(("smtp", "relay"))


class AliasDomainQuerySet(models.QuerySet["AliasDomain"]):
    def visible_to(self, actor: Actor) -> AliasDomainQuerySet:
        if actor.is_superadmin:
            return self
        return self.filter(target_id__in=actor.domain_names())


class AliasDomain(models.Model):
    """Every address of `name` is the same address of `target`. Its own row in `domain` makes Postfix accept it."""

    name = models.CharField(_("alias domain"), max_length=255, primary_key=True, db_column="alias_domain")
    target = models.ForeignKey(
        Domain,
        on_delete=models.DO_NOTHING,
        db_column="target_domain",
        db_constraint=False,
        related_name="alias_domains",
        verbose_name=_("target domain"),
    )
    created_at = models.DateTimeField(
        _("created"), db_column="created", db_default=Now(), default=timezone.now, editable=False
    )
    modified_at = models.DateTimeField(
        _("changed"), db_column="modified", db_default=Now(), default=timezone.now, editable=False
    )
    active = models.BooleanField(_("active"), db_default=True, default=True)
    description = models.CharField(_("description"), max_length=255, blank=True, db_default="", default="")

    objects = AliasDomainQuerySet.as_manager()

    class Meta:
        db_table = "alias_domain"
        ordering = ["name"]
        verbose_name = _("alias domain")
        verbose_name_plural = _("alias domains")

    def __str__(self) -> str:
        return show_domain(self.name)


class DomainUsage(models.Model):
    """Running counts of a domain, so that no page counts a million rows. Services adjust them in the same
    transaction; `domains.tasks.recount` corrects them after writes by other programs."""

    domain = models.OneToOneField(
        Domain, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="usage"
    )
    mailboxes = models.IntegerField(db_default=0, default=0)
    aliases = models.IntegerField(db_default=0, default=0)
    quota_bytes = models.BigIntegerField(db_default=0, default=0)
    used_bytes = models.BigIntegerField(db_default=0, default=0)

    class Meta:
        db_table = "mailadmin_domain_usage"

    def __str__(self) -> str:
        return self.domain_id
