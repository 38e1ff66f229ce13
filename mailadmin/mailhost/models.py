"""Who the mail hosts are, and what each has still to do."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class MailHost(models.Model):
    """A machine that runs Postfix and Dovecot, known by its MAIL_HOST."""

    name = models.CharField(_("name"), max_length=64, primary_key=True)
    created_at = models.DateTimeField(db_default=Now(), default=timezone.now, editable=False)
    seen_at = models.DateTimeField(_("last at work"), null=True)
    verified_at = models.DateTimeField(_("last verified"), null=True)
    differences = models.PositiveIntegerField(_("differences"), null=True)
    report = models.JSONField(default=list)  # the first differences of the last verify, as texts

    class Meta:
        db_table = "mailadmin_mail_host"
        ordering = ["name"]
        verbose_name = _("mail host")
        verbose_name_plural = _("mail hosts")

    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    DOMAIN = "domain", _("domain")  # key: a domain or alias domain; its row and all its addresses
    ADDRESS = "address", _("address")  # key: an address; its rows in the lookup tables
    MAILDIR = "maildir", _("Maildir")  # key: the address it concerns; source and target
    SIGN_IN = "sign_in", _("sign-in")  # key: a mailbox; how it signs in changed: open sessions end
    SIEVE = "sieve", _("vacation reply")  # key: a mailbox; its script
    REBUILD = "rebuild", _("all tables")  # key: ""


class PendingWorkQuerySet(models.QuerySet["PendingWork"]):
    def open(self) -> PendingWorkQuerySet:
        return self.filter(done_at=None)

    def failed(self) -> PendingWorkQuerySet:
        return self.open().exclude(error="")


class PendingWork(models.Model):
    """One thing that one mail host must bring to the present state of the database.

    A MAILDIR row places a directory, paths relative to the mail volume, with a trailing slash: with no source it
    makes the Maildir at `target`; with no target it removes `source` (the end of an archive's time); with both it
    renames `source` to `target`.
    """

    host = models.ForeignKey(MailHost, on_delete=models.CASCADE, related_name="work")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    key = models.CharField(_("object"), max_length=255, db_default="", default="")
    source = models.CharField(max_length=300, db_default="", default="")
    target = models.CharField(max_length=300, db_default="", default="")
    # Of `source`, noted before it is moved (0: it was not there). Another one at that path, found by who does the work
    # of a killed worker again, is a newcomer that must stay.
    inode = models.PositiveBigIntegerField(null=True)
    queued_at = models.DateTimeField(_("since"), db_default=Now(), default=timezone.now, editable=False)
    attempts = models.PositiveIntegerField(_("tries"), db_default=0, default=0)
    due_at = models.DateTimeField(_("next try"), db_default=Now(), default=timezone.now)
    error = models.TextField(_("error"), db_default="", default="")
    done_at = models.DateTimeField(_("done"), null=True)

    objects = PendingWorkQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_pending_work"
        ordering = ["id"]
        verbose_name = _("pending work")
        verbose_name_plural = _("pending work")
        indexes = [
            models.Index(fields=["done_at", "host", "id"], name="work_open_by_host"),
            models.Index(fields=["done_at", "key"], name="work_open_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
