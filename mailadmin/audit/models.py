from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


class AppendOnly(Exception):
    """The audit is written once and never changed."""


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, actor: Actor) -> EntryQuerySet:
        return self if actor.is_superadmin else self.filter(domain_name__in=actor.domain_names())

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly

    def delete(self) -> NoReturn:
        raise AppendOnly


class Entry(models.Model):
    """Who did what to which object, from where, and what each field was before and after."""

    at = models.DateTimeField(_("time"), db_default=Now(), default=timezone.now, editable=False)
    actor = models.CharField(_("who"), max_length=255)
    face = models.CharField(_("through"), max_length=16)
    client_address = models.CharField(_("from"), max_length=45, blank=True, default="")
    action = models.CharField(_("action"), max_length=64)
    object_type = models.CharField(_("kind"), max_length=32)
    object_key = models.CharField(_("object"), max_length=255)
    domain_name = models.CharField(_("domain"), max_length=255, blank=True, default="")
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    objects = EntryQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_audit"
        ordering = ["-id"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        indexes = [
            models.Index(fields=["domain_name", "-id"], name="audit_by_domain"),
            models.Index(fields=["object_key", "-id"], name="audit_by_object"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_key}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly
