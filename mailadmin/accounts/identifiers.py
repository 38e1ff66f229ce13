"""What people type to say who they are."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from mailadmin.addresses import normalise_address


def unspoken_identifier(kind: str, key: object) -> str:
    """What the lockout counts other secrets by. It begins with a blank, so that nobody can type it on the page of the
    sign-in: who could would hold up somebody's second step without knowing the password."""
    return f" {kind}:{key}"


def normalise_identifier(text: str) -> str:
    """What is looked up, and what the lockout counts: one spelling for each account."""
    try:
        return normalise_address(text)
    except ValidationError:
        return text.strip().lower()[:255]
