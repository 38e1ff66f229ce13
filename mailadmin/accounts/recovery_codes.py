"""What lets somebody in once whose other factor is lost: ten codes of 79 random bits, kept as digests."""

from __future__ import annotations

import hashlib
import secrets

COUNT = 10
GROUPS, GROUP_LENGTH = 4, 4
# 31 letters that are told apart in print and by ear: without 0 and o, 1 and l and i.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_codes() -> list[str]:
    """['k3mq-x7fz-9dpt-w2hv', ...]"""
    return [_new_code() for _number in range(COUNT)]


def _new_code() -> str:
    groups = ("".join(secrets.choice(LETTERS) for _letter in range(GROUP_LENGTH)) for _group in range(GROUPS))
    return "-".join(groups)


def digest(code: str) -> str:
    """Of the letters alone: how they are grouped, and whether they are large, does not count."""
    letters = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()
