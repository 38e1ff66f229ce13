"""The table `mailbox_app_password`, as Postfixadmin has it, with columns of our own; and when each was last used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from app_passwords.secret import SCHEME, is_usable

if TYPE_CHECKING:
    from mailboxes.models import Mailbox


class Protocol(models.TextChoices):
    IMAP = "imap", _("Read mail (IMAP)")
    SMTP = "smtp", _("Send mail (SMTP)")
    SIEVE = "sieve", _("Filter rules (ManageSieve)")
    DAV = "dav", _("Calendars, contacts and phones (DAV, ActiveSync)")

    @property
    def short_label(self) -> str:
        """As a mail program's own settings call it."""
        return {"imap": "IMAP", "smtp": "SMTP", "sieve": "Sieve", "dav": "DAV"}[self.value]

    @property
    def where(self) -> str:
        """The port and kind of encryption of the rendered configuration, in the words of mail programs."""
        ports = {"imap": (993, "SSL/TLS"), "smtp": (587, "STARTTLS"), "sieve": (4190, "STARTTLS")}
        if self.value not in ports:
            return ""
        port, encryption = ports[self.value]
        return gettext("port %(port)d, %(encryption)s") % {"port": port, "encryption": encryption}


def offered_protocols() -> list[Protocol]:
    """DAV only where the web server asks us (see docs/app-passwords.md)."""
    return [each for each in Protocol if each != Protocol.DAV or settings.DAV_APP_PASSWORDS]


class AppPasswordQuerySet(models.QuerySet["AppPassword"]):
    def of(self, mailbox: Mailbox) -> AppPasswordQuerySet:
        return self.filter(address=mailbox.pk)

    def working(self) -> AppPasswordQuerySet:
        """Those that open something now, by what is written in the row."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())).filter(
            password__startswith=SCHEME
        )


class AppPassword(models.Model):
    """One for each mail program. The columns that Postfixadmin may leave NULL are NULL in its rows alone."""

    id = models.AutoField(primary_key=True)
    address = models.CharField(  # noqa: DJ001  # Postfixadmin's NULL
        _("address"), max_length=255, null=True, db_column="username", db_index=True
    )
    name = models.CharField(_("name"), max_length=255, null=True, db_column="description")  # noqa: DJ001
    password = models.CharField(max_length=255, null=True, db_column="password_hash")  # noqa: DJ001
    for_imap = models.BooleanField(db_default=True, default=False)
    for_smtp = models.BooleanField(db_default=True, default=False)
    for_sieve = models.BooleanField(db_default=True, default=False)
    for_dav = models.BooleanField(db_default=True, default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    # It has expired, and what it had opened was closed.
    closed = models.BooleanField(db_default=False, default=False, editable=False)

    objects = AppPasswordQuerySet.as_manager()

    AUDIT_KEY = "address"

    class Meta:
        db_table = "mailbox_app_password"
        ordering = ["id"]
        verbose_name = _("app password")
        verbose_name_plural = _("app passwords")
        indexes = [models.Index(fields=["closed", "expires_at"], name="app_password_by_expiry")]

    def __str__(self) -> str:
        return self.name or "–"

    @property
    def protocols(self) -> list[Protocol]:
        return [each for each in Protocol if getattr(self, f"for_{each.value}")]

    @property
    def is_usable(self) -> bool:
        """Whether it is one that Dovecot can be asked for. Postfixadmin's own hashes are not: no query finds them."""
        return is_usable(self.password or "")

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def last_day(self) -> datetime | None:
        """A moment of the last day on which it works, in the time zone of whoever chose that day."""
        return self.expires_at - timedelta(seconds=1) if self.expires_at else None


class AppPasswordUse(models.Model):
    """The last sign-in by an app password, to the minute. Dovecot writes it, and we where the web server asks us."""

    app_password_id = models.IntegerField(primary_key=True)
    used_at = models.DateTimeField()
    service = models.CharField(max_length=32)  # as Dovecot calls it: imap, smtp, sieve; ours: dav
    client_address = models.CharField(max_length=45, db_default="", default="")

    class Meta:
        db_table = "mailadmin_app_password_use"

    def __str__(self) -> str:
        return f"{self.app_password_id} {self.used_at}"

    @property
    def service_label(self) -> str:
        return Protocol(self.service).short_label if self.service in Protocol.values else self.service.upper()
