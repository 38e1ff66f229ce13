"""Files of many rows: what was sent, how far it is, and what became of each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from mailadmin.accounts.models import Account
from mailadmin.api.models import Token

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


class Kind(models.TextChoices):
    MAILBOXES = "mailboxes", _("mailboxes")
    ALIASES = "aliases", _("aliases")
    DOMAINS = "domains", _("domains")


class Existing(models.TextChoices):
    """What is done with a line whose row is there already."""

    REFUSE = "refuse", _("refuse the line")
    UPDATE = "update", _("change it to be so")
    LEAVE = "leave", _("leave it as it is")


class Mode(models.TextChoices):
    ALL = "all", _("all or nothing")
    GOOD = "good", _("only the good lines")


class State(models.TextChoices):
    CHECKING = "checking", _("being checked")
    READY = "ready", _("ready")
    APPLYING = "applying", _("being done")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")  # all or nothing, and a line was refused: nothing
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")  # for no fault of the file


AT_WORK = (State.CHECKING, State.APPLYING)
OPEN = (*AT_WORK, State.READY)


class Action(models.TextChoices):
    """What a line does, or will do."""

    CREATE = "create", pgettext_lazy("a line of an import", "create")
    CHANGE = "change", pgettext_lazy("a line of an import", "change")
    NOTHING = "nothing", pgettext_lazy("a line of an import", "nothing")
    REFUSED = "refused", pgettext_lazy("a line of an import", "refused")


class ImportQuerySet(models.QuerySet["Import"]):
    def visible_to(self, actor: Actor) -> ImportQuerySet:
        """Whose it is, and superadmins. A file may name what its sender may not see, so a domain is no measure."""
        if actor.is_superadmin:
            return self
        if actor.token is not None:
            return self.filter(token=actor.token)
        return self.filter(account=actor.account) if actor.account is not None else self.none()


class Import(models.Model):
    """A file on its way. The four counts tell what its lines will do once it is `ready`, and then what they did."""

    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    existing = models.CharField(_("lines that are there already"), max_length=6, choices=Existing.choices)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode.choices, blank=True, db_default="", default="")
    preview_only = models.BooleanField(db_default=False, default=False)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.CHECKING)
    file_name = models.CharField(_("file"), max_length=255, blank=True, db_default="", default="")
    columns = models.JSONField(default=list)
    lines = models.PositiveIntegerField(_("lines"), db_default=0, default=0)
    progress = models.PositiveIntegerField(db_default=0, default=0)  # lines of the present state that are behind
    to_create = models.PositiveIntegerField(db_default=0, default=0)
    to_change = models.PositiveIntegerField(db_default=0, default=0)
    to_leave = models.PositiveIntegerField(db_default=0, default=0)
    refused = models.PositiveIntegerField(db_default=0, default=0)

    # As whom it is done. What they may is asked again when it is.
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="+")
    token = models.ForeignKey(Token, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(_("by"), max_length=255)
    face = models.CharField(max_length=16)
    client_address = models.CharField(max_length=45, blank=True, default="")
    language = models.CharField(max_length=8, blank=True, default="")  # in which its refusals are told

    created_at = models.DateTimeField(_("since"), db_default=Now(), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_asked = models.BooleanField(db_default=False, default=False)
    claimed_until = models.DateTimeField(null=True, blank=True)  # a worker is at it
    attempts = models.PositiveSmallIntegerField(db_default=0, default=0)  # workers that began the present state
    error = models.TextField(db_default="", default="")

    objects = ImportQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_import"
        ordering = ["-id"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["state", "id"], name="import_by_state")]

    def __str__(self) -> str:
        return self.file_name or f"#{self.pk}"

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def can_be_applied(self) -> bool:
        return self.state == State.READY and not self.preview_only

    @property
    def counts(self) -> dict[str, int]:
        return {
            Action.CREATE: self.to_create,
            Action.CHANGE: self.to_change,
            Action.NOTHING: self.to_leave,
            Action.REFUSED: self.refused,
        }

    @counts.setter
    def counts(self, counts: dict[str, int]) -> None:
        self.to_create, self.to_change = counts[Action.CREATE], counts[Action.CHANGE]
        self.to_leave, self.refused = counts[Action.NOTHING], counts[Action.REFUSED]


class Batch(models.Model):
    """Some lines of a file, and what became of them.

    `sealed`: the lines, while they are needed; a password in clear or a hash may be among them. `outcomes`: for each
    line its number, its key, its action and, if it is refused, the errors by column.
    """

    parent = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="batches")
    first_line = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField()
    sealed = models.TextField(db_default="", default="")
    is_hashed = models.BooleanField(db_default=False, default=False)
    is_written = models.BooleanField(db_default=False, default=False)
    outcomes = models.TextField(db_default="", default="")  # JSON, as bulk/lines.py writes it

    class Meta:
        db_table = "mailadmin_import_batch"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["parent", "first_line"], name="import_batch_once")]

    def __str__(self) -> str:
        return f"{self.parent_id}: {self.first_line}–{self.last_line}"
