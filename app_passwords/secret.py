"""Makes app passwords, and what is stored of them.

One has 128 bits from the system's random source, so nobody guesses it, not even with the table in hand at any number
of tries a second. A slow or salted hash, which a password that a person thought up needs, would add nothing but work
to each sign-in. And by a plain SHA-256 the row can be found: a query never has to carry the password itself.
"""

from __future__ import annotations

import hashlib
import re
import secrets

# Letters alone, which a phone's first keyboard has, without l and o, which look like digits: 24 of them.
ALPHABET = "abcdefghijkmnpqrstuvwxyz"
GROUPS, GROUP_LETTERS = 7, 4  # 24 ** 28 is over 2 ** 128
SCHEME = "{SHA256.HEX}"  # Dovecot's name; the query in deploy/dovecot compares with the same
_STORED = re.compile(r"\{SHA256\.HEX\}[0-9a-f]{64}")


def new_secret() -> str:
    """'abcd-efgh-...': the hyphens belong to it, so that what is copied and what is read aloud are the same."""
    groups = ("".join(secrets.choice(ALPHABET) for _letter in range(GROUP_LETTERS)) for _group in range(GROUPS))
    return "-".join(groups)


def stored(secret: str) -> str:
    return f"{SCHEME}{hashlib.sha256(secret.encode(errors='surrogatepass')).hexdigest()}"


def is_usable(text: str) -> bool:
    return _STORED.fullmatch(text) is not None
