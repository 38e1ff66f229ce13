"""Codes of an authenticator app (RFC 6238): six digits, a new one every 30 seconds, HMAC-SHA-1.

What Postfixadmin's people have in their apps already, and all that every app can do.
"""

from __future__ import annotations

import time
import unicodedata

import pyotp
import segno

# How far the clock of a phone may be off, in steps to either side.
DRIFT_STEPS = 1
DIGITS = 6


def new_secret() -> str:
    """160 bits, as base32 (RFC 4226, section 4)."""
    return pyotp.random_base32()


def normalise_code(text: str) -> str:
    """As apps show it, in two halves, or with the digits of another keyboard."""
    letters = "".join(unicodedata.normalize("NFKC", text).split())
    return "".join(str(unicodedata.decimal(letter, letter)) for letter in letters)


def is_code(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def matching_steps(secret: str, code: str) -> list[int]:
    """The time steps around now whose code this is. Mostly one or none; a secret that is no base32 has none."""
    if not is_code(code):
        return []
    try:
        totp = pyotp.TOTP(secret)
        now = totp.timecode(time.time())
        steps = range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
        return [step for step in steps if pyotp.utils.strings_equal(code, totp.generate_otp(step))]
    except ValueError:  # a row written by another program
        return []


def uri(secret: str, *, address: str, site: str) -> str:
    """What the QR code says: otpauth://totp/..."""
    return pyotp.TOTP(secret).provisioning_uri(name=address, issuer_name=site)


def qr_code(text: str) -> str:
    """As a data: URI of an SVG image. Dark on light in both themes: many cameras read it in no other way."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_data_uri(scale=4, border=3, dark="#000", light="#fff"))


def in_groups(secret: str) -> str:
    """Four and four, for who types it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
