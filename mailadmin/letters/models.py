"""The outbox, the links in its letters, and which warnings of an expiring password went out."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.models import Account


class Kind(models.TextChoices):
    """What it tells; the texts are templates/letters/<kind>.txt."""

    # With a link, which is made when the letter is sent.
    RESET = "reset", _("link for a forgotten password")
    SET_UP = "set_up", _("link to set up an account")
    CONFIRM_RECOVERY = "confirm_recovery", _("link to confirm a recovery address")
    # Told to whom it concerns, so that nothing happens to an account behind its owner's back.
    PASSWORD_CHANGED = "password_changed", _("password changed")
    PASSWORD_SET = "password_set", _("password set by an administrator")
    RECOVERY_CHANGED = "recovery_changed", _("recovery address changed")
    FACTOR_ON = "factor_on", _("second factor on")
    FACTOR_OFF = "factor_off", _("second factor off")
    FACTOR_RESET = "factor_reset", _("second factor reset")
    APP_PASSWORD_ADDED = "app_password_added", _("app password added")
    # Told ahead.
    EXPIRY = "expiry", _("password expires soon")


class LetterQuerySet(models.QuerySet["Letter"]):
    def open(self) -> LetterQuerySet:
        return self.filter(closed_at=None)


class Letter(models.Model):
    """One mail to one recipient. It holds no secret: a link's token is made when the letter is sent.

    Closed, it was sent (`sent_at`), or there was nothing to send, or it was given up (`error`); its `data` are
    forgotten then, and with them what somebody typed on the page of the forgotten password.
    """

    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    # No constraint: an account goes without looking for its letters, and those still open are dropped.
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="letters"
    )
    # Empty if it is only known when the letter is sent: who forgot a password is looked up by the worker alone.
    recipient = models.CharField(_("recipient"), max_length=255, blank=True, db_default="", default="")
    data = models.JSONField(default=dict)
    # What strangers may ask for is limited by these: a digest of the account that they named, and where they are.
    identifier_digest = models.CharField(max_length=64, blank=True, db_default="", default="")
    client_address = models.CharField(max_length=45, blank=True, db_default="", default="")
    queued_at = models.DateTimeField(_("since"), db_default=Now(), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("next try"), db_default=Now(), default=timezone.now)
    attempts = models.PositiveIntegerField(_("tries"), db_default=0, default=0)
    error = models.TextField(_("error"), db_default="", default="")
    sent_at = models.DateTimeField(_("sent"), null=True)
    closed_at = models.DateTimeField(null=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_letter"
        ordering = ["id"]
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        indexes = [
            models.Index(fields=["closed_at", "due_at"], name="letter_open_by_due"),
            models.Index(fields=["identifier_digest", "queued_at"], name="letter_by_identifier"),
            models.Index(fields=["client_address", "queued_at"], name="letter_by_client"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Purpose(models.TextChoices):
    RESET = "reset", _("forgotten password")
    SET_UP = "set_up", _("set up an account")
    CONFIRM_RECOVERY = "confirm_recovery", _("confirm a recovery address")


class Link(models.Model):
    """A link in a letter: good once, for a time, for one account. Whoever reads this table has no link."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_constraint=False, related_name="links")
    purpose = models.CharField(max_length=24, choices=Purpose.choices)
    token_digest = models.CharField(max_length=64, unique=True)
    sent_to = models.CharField(max_length=255)
    # Of the password at that time: with another one, whoever wrote it, the link is of no use any more.
    password_mark = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mailadmin_link"

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"


class ExpiryWarning(models.Model):
    """The last warning that a mailbox was given of one expiry: another date begins anew."""

    address = models.CharField(max_length=255, primary_key=True)
    expires_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()  # the threshold that it was given for

    class Meta:
        db_table = "mailadmin_expiry_warning"

    def __str__(self) -> str:
        return f"{self.address} {self.days}"
