"""The tables `mailbox` and `quota2`, as Postfixadmin has them, and our own archive of deleted mailboxes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains.models import Domain
from mailadmin.addresses import show_address
from mailadmin.uids import uid_field

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

# What Postfixadmin writes where there is no date.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


class LastWord(models.Func):
    """The part of a text behind its last blank; the whole text if it has none."""

    output_field = models.CharField(max_length=255)
    arity = 1

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return super().as_sql(compiler, connection, template="SUBSTRING_INDEX(%(expressions)s, ' ', -1)", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        sql, params = compiler.compile(self.get_source_expressions()[0])
        letters = f"REPLACE({sql}, ' ', '')"
        return f"REPLACE({sql}, RTRIM({sql}, {letters}), '')", (*params, *params, *params)


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def visible_to(self, actor: Actor) -> MailboxQuerySet:
        return self if actor.is_superadmin else self.filter(domain_id__in=actor.domain_names())


class Mailbox(models.Model):
    """A mailbox. `quota_bytes` 0 is unlimited. `maildir` is relative to the volume's users/, ends with a slash."""

    address = models.CharField(_("address"), max_length=255, primary_key=True, db_column="username")
    password = models.CharField(_("password"), max_length=255)
    name = models.CharField(_("name"), max_length=255, blank=True, db_default="", default="")
    maildir = models.CharField(_("Maildir"), max_length=255)
    quota_bytes = models.BigIntegerField(_("quota"), db_column="quota", db_default=0, default=0)
    local_part = models.CharField(_("local part"), max_length=255)
    domain = models.ForeignKey(
        Domain,
        on_delete=models.DO_NOTHING,
        db_column="domain",
        db_constraint=False,
        db_index=False,
        related_name="mailbox_set",
        verbose_name=_("domain"),
    )
    created_at = models.DateTimeField(
        _("created"), db_column="created", db_default=Now(), default=timezone.now, editable=False
    )
    modified_at = models.DateTimeField(
        _("changed"), db_column="modified", db_default=Now(), default=timezone.now, editable=False
    )
    active = models.BooleanField(_("active"), db_default=True, default=True)
    phone = models.CharField(max_length=30, blank=True, db_default="", default="")
    email_other = models.CharField(max_length=255, blank=True, db_default="", default="")
    token = models.CharField(max_length=255, blank=True, db_default="", default="")
    token_validity = models.DateTimeField(db_default=NEVER, default=NEVER, editable=False)
    password_expires_at = models.DateTimeField(
        db_column="password_expiry", db_default=NEVER, default=NEVER, editable=False
    )
    totp_secret = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 Postfixadmin's NULL
    smtp_active = models.BooleanField(_("may send"), db_default=True, default=True)
    # Mail programs sign in by an app password alone, so that the password without the second factor opens nothing.
    app_passwords_only = models.BooleanField(db_default=False, default=False)
    uid = uid_field()  # SCIM's id
    # What the search looks up by index: the name, and its last word, in small letters.
    name_key = models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=255), db_persist=True
    )

    surname_key = models.GeneratedField(
        expression=LastWord(Lower("name")), output_field=models.CharField(max_length=255), db_persist=True
    )

    objects = MailboxQuerySet.as_manager()

    class Meta:
        db_table = "mailbox"
        ordering = ["address"]
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        indexes = [
            models.Index(fields=["domain", "address"], name="mailbox_by_domain"),
            models.Index(fields=["domain", "quota_bytes"], name="mailbox_quota_by_domain"),
            models.Index(fields=["name_key", "address"], name="mailbox_by_name"),
            models.Index(fields=["surname_key", "address"], name="mailbox_by_surname"),
            models.Index(fields=["maildir"], name="mailbox_by_maildir"),
            # A list of the few that are off does not read the million that are on.
            models.Index(fields=["active", "address"], name="mailbox_by_active"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quota_bytes__gte=-1),
                name="mailbox_quota_from_minus_one",
                violation_error_message=_("A quota is 0 (unlimited) or a positive number of bytes."),
            ),
        ]

    def __str__(self) -> str:
        return show_address(self.address)

    @property
    def password_ends_at(self) -> datetime | None:
        """When the password expires, or did; None if its domain lets it live for ever."""
        expires = (self.domain.password_expiry_days or 0) > 0 and self.password_expires_at != NEVER
        return self.password_expires_at if expires else None

    @property
    def password_has_expired(self) -> bool:
        ends_at = self.password_ends_at
        return ends_at is not None and ends_at <= timezone.now()


class MailboxUsage(models.Model):
    """Dovecot's quota dictionary: it writes, we read."""

    address = models.CharField(max_length=255, primary_key=True, db_column="username")
    bytes = models.BigIntegerField(db_default=0, default=0)
    messages = models.IntegerField(db_default=0, default=0)

    class Meta:
        db_table = "quota2"

    def __str__(self) -> str:
        return self.address


class ArchivedMailboxQuerySet(models.QuerySet["ArchivedMailbox"]):
    def visible_to(self, actor: Actor) -> ArchivedMailboxQuerySet:
        return self if actor.is_superadmin else self.filter(domain_name__in=actor.domain_names())

    def restorable(self) -> ArchivedMailboxQuerySet:
        return self.filter(restored_at=None, purged_at=None)


class ArchivedMailbox(models.Model):
    """A deleted mailbox: its rows as they were (with the hash, never shown) and where its Maildir lies."""

    address = models.CharField(_("address"), max_length=255)
    domain_name = models.CharField(_("domain"), max_length=255)
    maildir = models.CharField(max_length=255)  # where it was, below users/
    mailbox_row = models.JSONField()
    alias_row = models.JSONField(null=True)
    vacation_row = models.JSONField(null=True)
    archived_at = models.DateTimeField(_("deleted"), db_default=Now(), default=timezone.now)
    purge_after = models.DateTimeField(_("kept until"))
    restored_at = models.DateTimeField(null=True, blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)

    objects = ArchivedMailboxQuerySet.as_manager()

    class Meta:
        db_table = "mailadmin_archived_mailbox"
        ordering = ["-id"]
        verbose_name = _("archived mailbox")
        verbose_name_plural = _("archived mailboxes")
        indexes = [
            models.Index(fields=["domain_name", "-id"], name="archive_by_domain"),
            models.Index(fields=["purged_at", "purge_after"], name="archive_to_purge"),
        ]

    def __str__(self) -> str:
        return show_address(self.address)

    @property
    def archive_path(self) -> str:
        """Relative to the mail volume, with a trailing slash."""
        return f"archive/{self.pk}/"
