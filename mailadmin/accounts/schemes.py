"""Mailbox passwords as Dovecot and SOGo read them: `{SCHEME}hash` (doc.dovecot.org, "Password schemes").

New ones are made in settings.MAILBOX_PASSWORD_SCHEME. Old ones are verified in every scheme that Dovecot
takes, except plain text and des_crypt, which heeds only the first eight characters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import argon2
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from passlib import hash as libpass

# OWASP's password storage cheat sheet. It fits Dovecot's vsz_limit, and one lane is all that libsodium makes.
ARGON2_MEMORY_KIB = 47_104
ARGON2_TIME = 1
ARGON2_LANES = 1
BCRYPT_COST = 10
CRYPT_ROUNDS = 100_000

# A stored hash must not be a way to hold up a worker, nor larger than the memory that Dovecot gives itself.
ARGON2_MEMORY_KIB_AT_MOST = 256 * 1024
ARGON2_TIME_AT_MOST = 64
BCRYPT_COST_AT_MOST = 14
ROUNDS_AT_MOST = 1_000_000

STORED_LENGTH_AT_MOST = 255  # the column
_BCRYPT = "BLF-CRYPT"
BCRYPT_OCTETS = 72  # bcrypt does not see what follows

# Whether a password, as octets, belongs to the hash that the check was made from.
Check = Callable[[bytes], bool]
# Makes the check; ValueError if the text is not a hash of the scheme.
Reader = Callable[[str], Check]

_STORED = re.compile(r"\{(?P<scheme>[A-Za-z0-9-]+)(\.(?P<encoding>[A-Za-z0-9]+))?\}(?P<text>[!-~]+)")
_HEX_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_ARGON2 = re.compile(r"\$argon2(id|i)\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


@dataclass(frozen=True)
class Scheme:
    read: Reader
    # How the text is encoded unless a suffix says otherwise; None: as it is.
    encoding: str | None = None


def hash_password(password: str) -> str:
    """'{ARGON2ID}$argon2id$...', by the site's scheme. ValidationError if the password cannot be stored."""
    refuse_unstorable(password)
    scheme = settings.MAILBOX_PASSWORD_SCHEME
    return f"{{{scheme}}}{_MAKERS[scheme](password.encode())}"


def refuse_unstorable(password: str) -> None:
    """ValidationError for what no scheme, or not the site's, can hold."""
    if not password:
        raise ValidationError(_("Enter a password."), code="password_empty")
    if len(password) > settings.PASSWORD_MAX_LENGTH:
        raise ValidationError(
            _("A password has %(most)d characters at most."),
            "password_long",
            {"most": settings.PASSWORD_MAX_LENGTH},
        )
    octets = _octets(password)
    if octets is None:
        raise ValidationError(
            _("A password cannot hold a NUL or an incomplete character."), code="password_control_character"
        )
    if settings.MAILBOX_PASSWORD_SCHEME == _BCRYPT and len(octets) > BCRYPT_OCTETS:
        raise ValidationError(
            _("A password has %(most)d octets at most on this server."),
            "password_long",
            {"most": BCRYPT_OCTETS},
        )


def is_storable(password: str) -> bool:
    """Whether some scheme can hold it; no account has any other password."""
    return len(password) <= settings.PASSWORD_MAX_LENGTH and bool(_octets(password))


def verify(password: str, stored: str) -> bool:
    """Whether Dovecot would let this password in. Never raises."""
    if not is_storable(password):
        return False
    try:
        return _read(stored)(password.encode())
    except ValueError:
        return False


def is_preferred(stored: str) -> bool:
    """Whether it is of the site's scheme, and cost no less than a new one. If not, a sign-in replaces it."""
    match = _STORED.fullmatch(stored)
    if not match or match["encoding"] or match["scheme"] != settings.MAILBOX_PASSWORD_SCHEME:
        return False
    try:
        _read(stored)
        return _COSTS[match["scheme"]](match["text"])
    except ValueError:
        return False


def check_hash(stored: str) -> None:
    """ValidationError unless Dovecot, whatever its default scheme is, and this program read it."""
    if len(stored) > STORED_LENGTH_AT_MOST:
        raise ValidationError(_("A password hash has 255 characters at most."), code="hash_long")
    if not stored.startswith(("{", "$1$")):
        raise ValidationError(_("A password hash begins with its scheme, as in {ARGON2ID}."), code="hash_no_scheme")
    try:
        _read(stored)
    except UnknownScheme:
        raise ValidationError(
            _("The scheme of this password hash is not one of: %(schemes)s."),
            "hash_scheme_unknown",
            {"schemes": ", ".join(sorted(SCHEMES))},
        ) from None
    except ValueError:
        raise ValidationError(
            _("This is not a well-formed password hash, or it costs too much."), code="hash_malformed"
        ) from None


class UnknownScheme(ValueError):
    pass


def _octets(password: str) -> bytes | None:
    try:
        octets = password.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return None if b"\0" in octets else octets


def _read(stored: str) -> Check:
    if not stored.startswith("{"):
        return _read_bare(stored)
    match = _STORED.fullmatch(stored)
    if not match:
        raise ValueError("not {SCHEME}hash")
    scheme = SCHEMES.get(match["scheme"].upper())
    if scheme is None:
        raise UnknownScheme(match["scheme"])
    encoding = match["encoding"]
    if encoding is None:
        return scheme.read(match["text"])
    octets = _decode(encoding.upper(), match["text"])
    if scheme.encoding is not None:
        return scheme.read(base64.b64encode(octets).decode())
    return scheme.read(octets.decode("ascii"))


def _read_bare(stored: str) -> Check:
    """Without a scheme: Postfixadmin's php_crypt and md5crypt, and the hex MD5 of its `md5`."""
    if _HEX_MD5.fullmatch(stored):
        return SCHEMES["PLAIN-MD5"].read(stored)
    if stored.startswith("$argon2"):
        return _read_argon2(stored)
    return _read_crypt(stored)


def _decode(encoding: str, text: str) -> bytes:
    if encoding == "HEX":
        return bytes.fromhex(text)
    if encoding in ("B64", "BASE64"):
        return base64.b64decode(text, validate=True)
    raise ValueError("unknown encoding")


# -- crypt(3) ---------------------------------------------------------------------------------------------
def _read_crypt(text: str) -> Check:
    for shape, handler in _CRYPTS:
        if shape.fullmatch(text):
            return _libpass(handler, text)
    raise ValueError("not a hash of crypt(3), or des_crypt")


def _read_md5_crypt(text: str) -> Check:
    if not text.startswith("$1$"):
        raise ValueError("not md5_crypt")
    return _read_crypt(text)


def _libpass(handler: Any, text: str) -> Check:
    is_bcrypt = handler is libpass.bcrypt
    if getattr(handler.from_string(text), "rounds", 1) > (BCRYPT_COST_AT_MOST if is_bcrypt else ROUNDS_AT_MOST):
        raise ValueError("costs too much")
    # crypt(3) heeds no more of it; the library refuses more.
    heeded = BCRYPT_OCTETS if is_bcrypt else None
    return lambda octets: bool(handler.verify(octets[:heeded], text))


# -- Argon2 -----------------------------------------------------------------------------------------------
def _read_argon2(text: str) -> Check:
    cost = _argon2_parameters(text)
    if cost.memory_cost > ARGON2_MEMORY_KIB_AT_MOST or cost.time_cost > ARGON2_TIME_AT_MOST:
        raise ValueError("costs too much")

    def check(octets: bytes) -> bool:
        try:
            return argon2.low_level.verify_secret(text.encode(), octets, cost.type)
        except argon2.exceptions.Argon2Error:
            return False

    return check


def _argon2_parameters(text: str) -> argon2.Parameters:
    if not _ARGON2.fullmatch(text):
        raise ValueError("not Argon2i or Argon2id of version 19")
    parameters = argon2.extract_parameters(text)
    if parameters.salt_len < 8 or parameters.hash_len < 16 or parameters.memory_cost < 8:
        raise ValueError("too short")
    return parameters


# -- Digests ----------------------------------------------------------------------------------------------
def _digest(name: str, *, salted: bool = False) -> Reader:
    """Base64 of the digest of password and salt, then the salt; hex digits will do if there is no salt."""
    size = hashlib.new(name, usedforsecurity=False).digest_size

    def read(text: str) -> Check:
        is_hex = not salted and len(text) == 2 * size
        octets = bytes.fromhex(text) if is_hex else base64.b64decode(text, validate=True)
        digest, salt = octets[:size], octets[size:]
        if len(digest) != size or bool(salt) != salted:
            raise ValueError("wrong length")
        return lambda octets: hmac.compare_digest(
            hashlib.new(name, octets + salt, usedforsecurity=False).digest(), digest
        )

    return read


def _read_md5(text: str) -> Check:
    """{MD5} is two things to Dovecot: md5_crypt, or hex digits."""
    if text.startswith("$1$"):
        return _read_md5_crypt(text)
    if not _HEX_MD5.fullmatch(text):
        raise ValueError("neither md5_crypt nor hex MD5")
    return SCHEMES["PLAIN-MD5"].read(text)


# -- Derived keys -----------------------------------------------------------------------------------------
def _read_pbkdf2(text: str) -> Check:
    """doveadm's own: $1$salt$rounds$hex, with HMAC-SHA1."""
    empty, version, salt, rounds, digest = text.split("$")
    key = bytes.fromhex(digest)
    if (empty, version) != ("", "1") or not salt or len(key) != 20:
        raise ValueError("malformed")
    times = _rounds(rounds)
    return lambda octets: hmac.compare_digest(hashlib.pbkdf2_hmac("sha1", octets, salt.encode(), times), key)


def _read_scram_sha256(text: str) -> Check:
    """rounds,salt,StoredKey,ServerKey (RFC 5802, section 3; RFC 7677)."""
    rounds, salt_text, stored_text, server_text = text.split(",")
    salt, stored_key, server_key = (
        base64.b64decode(part, validate=True) for part in (salt_text, stored_text, server_text)
    )
    if not salt or len(stored_key) != 32 or len(server_key) != 32:
        raise ValueError("malformed")
    times = _rounds(rounds)

    def check(octets: bytes) -> bool:
        salted = hashlib.pbkdf2_hmac("sha256", octets, salt, times)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        return hmac.compare_digest(hashlib.sha256(client_key).digest(), stored_key)

    return check


def _rounds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= ROUNDS_AT_MOST or len(text) > 9:
        raise ValueError("rounds out of range")
    return int(text)


# -- The tables -------------------------------------------------------------------------------------------
# As crypt(3) writes them: of what else looks like them the library warns, where it should refuse.
_CRYPTS: list[tuple[re.Pattern[str], Any]] = [
    (re.compile(r"\$1\$[./\w]{0,8}\$[./\w]{22}", re.ASCII), libpass.md5_crypt),
    (re.compile(r"\$5\$(rounds=[1-9]\d{3,8}\$)?[./\w]{0,16}\$[./\w]{43}", re.ASCII), libpass.sha256_crypt),
    (re.compile(r"\$6\$(rounds=[1-9]\d{3,8}\$)?[./\w]{0,16}\$[./\w]{86}", re.ASCII), libpass.sha512_crypt),
    (
        re.compile(r"\$2[aby]\$\d\d\$[./\w]{21}[.Oeu][./\w]{30}[.CGKOSWaeimquy26]", re.ASCII),
        libpass.bcrypt,
    ),
]
SCHEMES: dict[str, Scheme] = {
    "ARGON2I": Scheme(_read_argon2),
    "ARGON2ID": Scheme(_read_argon2),
    "BLF-CRYPT": Scheme(_read_crypt),
    "CRYPT": Scheme(_read_crypt),
    "LDAP-MD5": Scheme(_digest("md5"), "B64"),
    "MD5": Scheme(_read_md5),
    "MD5-CRYPT": Scheme(_read_md5_crypt),
    "PBKDF2": Scheme(_read_pbkdf2),
    "PLAIN-MD5": Scheme(_digest("md5"), "HEX"),
    "SCRAM-SHA-256": Scheme(_read_scram_sha256),
    "SHA": Scheme(_digest("sha1"), "B64"),
    "SHA1": Scheme(_digest("sha1"), "B64"),
    "SHA256": Scheme(_digest("sha256"), "B64"),
    "SHA256-CRYPT": Scheme(_read_crypt),
    "SHA512": Scheme(_digest("sha512"), "B64"),
    "SHA512-CRYPT": Scheme(_read_crypt),
    "SMD5": Scheme(_digest("md5", salted=True), "B64"),
    "SSHA": Scheme(_digest("sha1", salted=True), "B64"),
    "SSHA256": Scheme(_digest("sha256", salted=True), "B64"),
    "SSHA512": Scheme(_digest("sha512", salted=True), "B64"),
}


def _make_argon2id(octets: bytes) -> str:
    hasher = argon2.PasswordHasher(ARGON2_TIME, ARGON2_MEMORY_KIB, ARGON2_LANES, type=argon2.Type.ID)
    return hasher.hash(octets)


_MAKERS: dict[str, Callable[[bytes], str]] = {
    "ARGON2ID": _make_argon2id,
    "BLF-CRYPT": lambda octets: str(libpass.bcrypt.using(rounds=BCRYPT_COST, ident="2b").hash(octets)),
    "SHA512-CRYPT": lambda octets: str(libpass.sha512_crypt.using(rounds=CRYPT_ROUNDS).hash(octets)),
    "SHA256-CRYPT": lambda octets: str(libpass.sha256_crypt.using(rounds=CRYPT_ROUNDS).hash(octets)),
}


def _argon2id_costs_enough(text: str) -> bool:
    cost = _argon2_parameters(text)
    return (
        cost.type is argon2.Type.ID
        and cost.parallelism == ARGON2_LANES
        and cost.memory_cost * cost.time_cost >= ARGON2_MEMORY_KIB * ARGON2_TIME
    )


_COSTS: dict[str, Callable[[str], bool]] = {
    "ARGON2ID": _argon2id_costs_enough,
    "BLF-CRYPT": lambda text: text.startswith("$2") and libpass.bcrypt.from_string(text).rounds >= BCRYPT_COST,
    "SHA512-CRYPT": lambda text: libpass.sha512_crypt.from_string(text).rounds >= CRYPT_ROUNDS,
    "SHA256-CRYPT": lambda text: libpass.sha256_crypt.from_string(text).rounds >= CRYPT_ROUNDS,
}
