"""Texts that are kept for a while and that who reads the database must not read: a password on its way to the worker
that hashes it, an answer that has a secret in it."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """It was sealed with another key, for another purpose, or is damaged."""


def seal(text: str, *, purpose: str) -> str:
    """Encrypted and authenticated (Fernet) with a key made of SECRET_KEY and of `purpose`, which opens it again."""
    return _box(purpose, settings.SECRET_KEY).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Raises Unreadable."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            return _box(purpose, key).decrypt(sealed.encode()).decode()
        except InvalidToken:
            continue
    raise Unreadable


def _box(purpose: str, secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
