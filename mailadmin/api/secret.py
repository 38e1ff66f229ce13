"""Makes tokens, and what is stored of them.

A token has 256 bits from the system's random source: a digest without salt finds its row, and nobody guesses it.
"""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "mla_"  # by which people, and scanners of repositories, know what it is


def new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
