"""What a new password must be: long, and not known. There are no composition rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailadmin.accounts.schemes import refuse_unstorable


class LengthValidator:
    """Named in AUTH_PASSWORD_VALIDATORS, so that Django's own commands keep to it as well."""

    def validate(self, password: str, user: object = None) -> None:
        if len(password) < settings.PASSWORD_MIN_LENGTH:
            raise ValidationError(self.get_help_text(), code="password_short")

    def get_help_text(self) -> str:
        least = settings.PASSWORD_MIN_LENGTH
        return ngettext(
            "A password needs at least %(least)d character.",
            "A password needs at least %(least)d characters.",
            least,
        ) % {"least": least}


def validate_new_password(password: str, *, about: Iterable[str] = ()) -> None:
    """ValidationError if it is short, long, common, has control characters, or is known from `about`.

    `about`: addresses and names; the local part of an address counts as well.
    """
    refuse_unstorable(password)
    # A mail program cannot send them: IMAP's LOGIN has no way to write a line feed.
    if any(unicodedata.category(character) == "Cc" for character in password):
        raise ValidationError(_("A password cannot have control characters."), code="password_control_character")
    validate_password(password)
    if password.casefold() in _known_words(about):
        raise ValidationError(_("A password cannot be the address or the name."), code="password_personal")


def _known_words(about: Iterable[str]) -> set[str]:
    words = set()
    for text in about:
        whole = text.strip().casefold()
        words |= {whole, whole.replace(" ", ""), *whole.split(), *whole.split("@")}
    return words - {""}
