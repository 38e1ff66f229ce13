"""What people type to say who they are."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from mailadmin.addresses import normalise_address


def normalise_identifier(text: str) -> str:
    """What is looked up, and what the lockout counts: one spelling for each account."""
    try:
        return normalise_address(text)
    except ValidationError:
        return text.strip().lower()[:255]
