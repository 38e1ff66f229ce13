"""The table `alias`, as Postfixadmin has it. A mailbox has a row here too: its forwarding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Length, Now
from django.db.models.lookups import GreaterThan
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains.models import Domain
from mailadmin.addresses import join_targets, show_address, split_targets
from mailadmin.uids import uid_field
from mailboxes.models import Mailbox

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


class AliasQuerySet(models.QuerySet["Alias"]):
    def visible_to(self, actor: Actor) -> AliasQuerySet:
        return self if actor.is_superadmin else self.filter(domain_id__in=actor.domain_names())

    def listed(self) -> AliasQuerySet:
        """Without the rows that are a mailbox's own forwarding."""
        return self.filter(self_only=False).without_mailboxes()

    def without_mailboxes(self) -> AliasQuerySet:
        own = Mailbox.objects.filter(address=models.OuterRef("address"))
        return self.exclude(models.Exists(own))


class Alias(models.Model):
    address = models.CharField(_("address"), max_length=255, primary_key=True)
    goto = models.TextField(_("targets"))
    domain = models.ForeignKey(
        Domain,
        on_delete=models.DO_NOTHING,
        db_column="domain",
        db_constraint=False,
        db_index=False,
        related_name="aliases",
        verbose_name=_("domain"),
    )
    created_at = models.DateTimeField(
        _("created"), db_column="created", db_default=Now(), default=timezone.now, editable=False
    )
    modified_at = models.DateTimeField(
        _("changed"), db_column="modified", db_default=Now(), default=timezone.now, editable=False
    )
    active = models.BooleanField(_("active"), db_default=True, default=True)
    description = models.CharField(_("description"), max_length=255, blank=True, db_default="", default="")
    uid = uid_field()  # SCIM's id
    external_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 many have none
    # True for a mailbox's row that forwards nowhere: a million of them must not slow the list of the others.
    self_only = models.GeneratedField(
        expression=Case(When(goto=F("address"), then=Value(True)), default=Value(False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    # The target of an alias that has but one, by which the aliases of a mailbox are found; NULL for all others.
    only_target = models.GeneratedField(
        expression=Case(
            When(Q(goto=F("address")) | Q(goto__contains=",") | Q(goto__contains="\n"), then=Value(None)),
            When(GreaterThan(Length("goto"), 255), then=Value(None)),
            default=F("goto"),
        ),
        output_field=models.CharField(max_length=255, null=True),
        db_persist=True,
    )

    objects = AliasQuerySet.as_manager()

    class Meta:
        db_table = "alias"
        ordering = ["address"]
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        indexes = [
            models.Index(fields=["domain", "self_only", "address"], name="alias_by_domain"),
            models.Index(fields=["self_only", "address"], name="alias_by_self_only"),
            models.Index(fields=["self_only", "active", "address"], name="alias_by_active"),
            models.Index(fields=["only_target"], name="alias_by_only_target"),
            models.Index(fields=["external_id"], name="alias_by_external_id"),
        ]

    def __str__(self) -> str:
        return show_address(self.address)

    @property
    def targets(self) -> list[str]:
        """The addresses in `goto`, which other programs separate by comma, comma and space, or newline."""
        return split_targets(self.goto)

    @targets.setter
    def targets(self, addresses: list[str]) -> None:
        self.goto = join_targets(addresses)

    @property
    def is_catch_all(self) -> bool:
        return self.address.startswith("@")

    @property
    def local_part(self) -> str:
        return self.address.rpartition("@")[0]
