from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .account import Account

if TYPE_CHECKING:
    from mailadmin.accounts.sessions import SessionStore


class Session(AbstractBaseSession):
    """One browser. `session_key` is a digest of the key in the cookie: who reads the table, a backup or the list of
    sessions has no key, and the digest may stand in a URL. Without an account nobody is signed in yet."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="sessions")
    client_address = models.CharField(_("address"), max_length=45, blank=True, db_default="", default="")
    user_agent = models.CharField(_("browser"), max_length=255, blank=True, db_default="", default="")
    created_at = models.DateTimeField(_("since"), db_default=Now(), default=timezone.now)
    # Written at most once a minute.
    seen_at = models.DateTimeField(_("last seen"), db_default=Now(), default=timezone.now)
    # When the password was last given.
    authenticated_at = models.DateTimeField(null=True)

    class Meta(AbstractBaseSession.Meta):
        db_table = "mailadmin_session"

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        from mailadmin.accounts.sessions import SessionStore  # the engine imports its model

        return SessionStore

    @staticmethod
    def digest(key: str) -> str:
        return hashlib.blake2b(key.encode(), digest_size=20).hexdigest()
