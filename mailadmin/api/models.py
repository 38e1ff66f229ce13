"""The tokens of scripts, and the answers that a repeated request gets again."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from domains.models import Domain

from .scopes import allows


class Token(models.Model):
    """What a script signs its requests with. Of the token itself only a digest is kept (see `secret.py`).

    While it is rotated, the former one is good until `former_until` as well.
    """

    AUDIT_KEY = "name"

    name = models.CharField(_("name"), max_length=64, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    former_digest = models.CharField(max_length=64, null=True, blank=True, unique=True)
    former_until = models.DateTimeField(null=True, blank=True)
    scopes = models.JSONField(_("may"), default=list)
    every_domain = models.BooleanField(_("all domains"), db_default=False, default=False)
    networks = models.JSONField(_("from networks"), default=list, blank=True)  # CIDR; empty: from everywhere
    requests_per_minute = models.PositiveIntegerField(_("requests per minute"), db_default=600, default=600)
    active = models.BooleanField(_("active"), db_default=True, default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), default=timezone.now, editable=False)
    created_by = models.CharField(_("by"), max_length=255, blank=True, db_default="", default="")
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_used_from = models.CharField(_("from"), max_length=45, blank=True, db_default="", default="", editable=False)

    class Meta:
        db_table = "mailadmin_token"
        ordering = ["name"]
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name

    def revision_values(self) -> list[list[str]]:
        """What can be edited: a request that notes the use of the token makes nobody's form stale."""
        own = ("name", "scopes", "every_domain", "networks", "requests_per_minute", "active", "expires_at", "digest")
        return [[name, str(getattr(self, name))] for name in own] + [["domains", str(sorted(self.domain_names()))]]

    def allows(self, scope: str) -> bool:
        return allows(self.scopes, scope)

    def domain_names(self) -> models.QuerySet[TokenDomain, str]:
        """The names of the domains that it is limited to, as a subquery."""
        return TokenDomain.objects.filter(token=self).values_list("domain_id", flat=True)


class TokenDomain(models.Model):
    """A token is good for this domain. Those of a deleted domain go with it, and the token is good for fewer."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="domains")
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, db_constraint=False, related_name="+")

    class Meta:
        db_table = "mailadmin_token_domain"
        constraints = [models.UniqueConstraint(fields=["token", "domain"], name="token_domain_once")]

    def __str__(self) -> str:
        return f"{self.token_id} {self.domain_id}"


class TokenUse(models.Model):
    """How many requests were sent with a token since its present minute began; see throttling.py."""

    token = models.OneToOneField(Token, on_delete=models.CASCADE, primary_key=True, related_name="+")
    began_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        db_table = "mailadmin_token_use"

    def __str__(self) -> str:
        return f"{self.token_id} {self.count}"


class Answer(models.Model):
    """The first answer to a request with an Idempotency-Key, written in the transaction of what it did."""

    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="+")
    key_digest = models.CharField(max_length=64)  # of the Idempotency-Key
    request_digest = models.CharField(max_length=64)  # of method, path and body
    status = models.PositiveSmallIntegerField(db_default=0, default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(db_default="", default="")  # sealed, for it may have a secret in it
    created_at = models.DateTimeField(db_default=Now(), default=timezone.now, db_index=True)

    class Meta:
        db_table = "mailadmin_answer"
        constraints = [models.UniqueConstraint(fields=["token", "key_digest"], name="answer_once")]

    def __str__(self) -> str:
        return self.key_digest
