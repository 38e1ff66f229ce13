"""The second factor of an account, but for its TOTP secret: that is Postfixadmin's column of the mailbox, or the
administrator's own (factors.totp_secret_of)."""

from __future__ import annotations

import hashlib

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .account import Account


class Passkey(models.Model):
    """A WebAuthn credential, as its registration gave it. `credential_id` and `public_key` (COSE) are base64url."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=64)
    credential_id = models.TextField(editable=False)
    # An id may be 1,023 octets long, more than MariaDB can index.
    credential_digest = models.CharField(max_length=64, unique=True, editable=False)
    public_key = models.TextField(editable=False)
    # What the authenticator has counted up to; many always say 0.
    sign_count = models.BigIntegerField(db_default=0, default=0, editable=False)
    transports = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(_("added"), db_default=Now(), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        db_table = "mailadmin_passkey"
        ordering = ["id"]
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest(credential_id: str) -> str:
        return hashlib.sha256(credential_id.encode()).hexdigest()


class RecoveryCode(models.Model):
    """One code that counts once. A digest without salt or stretching will do: the code is 79 random bits."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recovery_codes")
    code_digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "mailadmin_recovery_code"
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [models.UniqueConstraint(fields=["account", "code_digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.account_id}"
