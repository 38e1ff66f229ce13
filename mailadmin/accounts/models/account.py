"""Who signs in. An administrator has a row with a password of its own; a mailbox user's row points to the mailbox,
whose `password` Dovecot and SOGo read as well, and is made at the first sign-in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from domains.models import Domain
from mailboxes.models import Mailbox


class Role(models.TextChoices):
    SUPERADMIN = "superadmin", _("Superadmin")
    DOMAIN_ADMIN = "domain_admin", _("Domain administrator")
    MAILBOX_USER = "mailbox_user", _("Mailbox user")


class AccountManager(BaseUserManager["Account"]):
    def administrators(self) -> models.QuerySet[Account]:
        return self.exclude(role=Role.MAILBOX_USER)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Account:
        """What `manage.py createsuperuser` calls."""
        from mailadmin.accounts.actors import Actor  # actors read accounts
        from mailadmin.accounts.services import create_administrator

        return create_administrator(
            email=email, password=password, role=Role.SUPERADMIN, actor=Actor.of_command(), **fields
        )


class Account(AbstractBaseUser):
    # NULL for a mailbox user: one person may have both an administrator's account and a mailbox at that address.
    email = models.CharField(_("address"), max_length=255, unique=True, null=True)  # noqa: DJ001
    name = models.CharField(_("name"), max_length=255, blank=True, default="")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    is_active = models.BooleanField(_("active"), default=True)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, db_default="", default="")
    # Set with a password that somebody else chose: the person can do nothing until it is another one.
    password_change_required = models.BooleanField(db_default=False, default=False)
    # Where a link for a forgotten password may go: an administrator's own field, a mailbox's `email_other`; and which
    # address its owner has confirmed.
    recovery_address = models.CharField(_("recovery address"), max_length=255, blank=True, db_default="", default="")
    confirmed_recovery_address = models.CharField(max_length=255, blank=True, db_default="", default="")
    # An administrator's; a mailbox user's is the mailbox's, as with Postfixadmin. Base32 (RFC 6238).
    totp_secret = models.CharField(max_length=64, blank=True, db_default="", default="")
    # The time step of the last code that was accepted: no code counts twice.
    totp_last_step = models.BigIntegerField(db_default=0, default=0)
    # The services delete the account with the mailbox: Django would set this to NULL before, which MariaDB refuses.
    mailbox = models.OneToOneField(
        Mailbox, on_delete=models.DO_NOTHING, null=True, blank=True, db_constraint=False, related_name="account"
    )
    domains = models.ManyToManyField(
        Domain,
        through="Administration",
        blank=True,
        related_name="administrators",
        verbose_name=_("domains"),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), default=timezone.now, editable=False)

    objects = AccountManager()

    AUDIT_KEY = "email"
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "mailadmin_account"
        ordering = ["email"]
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role=Role.MAILBOX_USER, mailbox__isnull=False, email__isnull=True)
                | (~models.Q(role=Role.MAILBOX_USER) & models.Q(mailbox__isnull=True, email__isnull=False)),
                name="account_is_mailbox_user_or_administrator",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def address(self) -> str:
        return self.email or self.mailbox_id or ""

    @property
    def is_superadmin(self) -> bool:
        return self.role == Role.SUPERADMIN

    @property
    def is_administrator(self) -> bool:
        return self.role != Role.MAILBOX_USER

    @property
    def wanted_recovery_address(self) -> str:
        return self.mailbox.email_other if self.mailbox else self.recovery_address

    @property
    def recovery_to(self) -> str:
        """Where a link for a forgotten password may go: the wanted address once its owner has confirmed that very one.
        A mailbox's may be changed by others, Postfixadmin among them; it counts no more then."""
        wanted = self.wanted_recovery_address
        return wanted if wanted == self.confirmed_recovery_address else ""

    def revision_values(self) -> list[list[str]]:
        """The domains count as well; a sign-in or a new password makes no form stale."""
        fields = ("email", "name", "role", "is_active", "language")
        domains = self.domains.order_by("name").values_list("name", flat=True)
        return [*([field, str(getattr(self, field))] for field in fields), ["domains", *domains]]

    def get_session_auth_hash(self) -> str:
        """Sessions end when this changes: for a mailbox user with the mailbox's own hash, whoever wrote it."""
        secret = self.mailbox.password if self.mailbox else self.password
        return salted_hmac("mailadmin.accounts.session", secret, algorithm="sha256").hexdigest()


class Administration(models.Model):
    """An administrator's domain."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, db_constraint=False)

    class Meta:
        db_table = "mailadmin_administration"
        constraints = [models.UniqueConstraint(fields=["account", "domain"], name="administration_once")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.domain_id}"
