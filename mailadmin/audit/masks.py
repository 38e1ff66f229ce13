"""Secrets in what is recorded: which fields they are, and what stands there for them."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

MASK = "•••"
SECRET_FIELDS = frozenset(
    {"password", "locked_password", "token", "totp_secret", "secret", "former_secret", "digest", "former_digest"}
)


def mask(value: object) -> str:
    """A secret shows that it was set, and by its mark whether it changed, never what it is."""
    return f"{MASK} {salted_hmac('audit.mask', str(value)).hexdigest()[:6]}" if value else ""


def is_masked(name: str, value: object) -> bool:
    return name in SECRET_FIELDS or (isinstance(value, str) and value.startswith(MASK))
