"""What a new password must be: long, and hard to guess. There are no composition rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from zxcvbn.matching import RANKED_DICTIONARIES, build_ranked_dict, omnimatch
from zxcvbn.scoring import most_guessable_match_sequence
from zxcvbn.time_estimates import guesses_to_score

from mailadmin.accounts.schemes import refuse_unstorable

# zxcvbn's time grows with the square of the length and worse: what 32 letters leave weak, no more of them are read.
LETTERS_JUDGED = 32
# A shorter name is part of too many other words to be taken out of a password.
KNOWN_WORD_LETTERS = 4
OWN_WORDS = "user_inputs"


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


class StrengthValidator:
    """The same for what is easy to guess."""

    def validate(self, password: str, user: object = None) -> None:
        refuse_guessable(password, about=[getattr(user, "address", ""), getattr(user, "name", "")])

    def get_help_text(self) -> str:
        return _("Three or four words that do not belong together are easy to keep and hard to guess.")


def advice() -> str:
    """For the field in which a new password is typed."""
    return f"{LengthValidator().get_help_text()} {StrengthValidator().get_help_text()}"


def validate_new_password(password: str, *, about: Iterable[str] = ()) -> None:
    """ValidationError if it is short, long, easy to guess, has control characters, or is known from `about`.

    `about`: addresses and names.
    """
    refuse_unstorable(password)
    # A mail program cannot send them: IMAP's LOGIN has no way to write a line feed.
    if any(unicodedata.category(character) == "Cc" for character in password):
        raise ValidationError(_("A password cannot have control characters."), code="password_control_character")
    LengthValidator().validate(password)
    refuse_guessable(password, about=about)


def refuse_guessable(password: str, *, about: Iterable[str] = ()) -> None:
    """Judged by zxcvbn. What an attacker tries first, the person's name and address and the site's own words, counts
    for nothing: without it the rest must be strong enough."""
    words = _known_words([*about, *settings.PASSWORD_WORDS, settings.MAIL_SERVER_NAME, "mailadmin"])
    score, matches, _rest = _judge(password, words)
    rest = _judge(_without(password, words), words)[2]
    if rest != password and _judge(rest, words)[0] < settings.PASSWORD_MIN_SCORE:
        raise ValidationError(
            _("It is made of a name, an address or a word of this server: that is guessed first. %(advice)s"),
            code="password_personal",
            params={"advice": ADVICE},
        )
    if score < settings.PASSWORD_MIN_SCORE:
        raise ValidationError(
            _("It is too easy to guess: %(reason)s %(advice)s"),
            code="password_weak",
            params={"reason": _reason(matches), "advice": ADVICE},
        )


ADVICE = gettext_lazy("Add a word or two that nobody would expect.")
# By the pattern that makes out most of the password, as zxcvbn calls it.
REASONS: dict[str, Promise] = {
    "passwords": gettext_lazy("it is like a password that many people use."),
    "names": gettext_lazy("names are tried early."),
    "dictionary": gettext_lazy("one common word does not make a password."),
    "spatial": gettext_lazy("it follows the keys of a keyboard."),
    "repeat": gettext_lazy("repeating something adds little."),
    "sequence": gettext_lazy("sequences such as abc or 6543 add little."),
    "date": gettext_lazy("dates and years are tried early."),
    "bruteforce": gettext_lazy("it is too short for what it is made of."),
}
NAMES = ("surnames", "male_names", "female_names")


def _judge(password: str, words: Iterable[str]) -> tuple[int, list[dict[str, Any]], str]:
    """zxcvbn's score from 0 to 4 (-1: there is nothing), what it took the password for, and what is left without the
    known words. (`zxcvbn.zxcvbn` itself keeps the words in a dictionary that all threads share.)"""
    judged = password[:LETTERS_JUDGED]
    if not judged:
        return -1, [], ""
    dictionaries = {**RANKED_DICTIONARIES, OWN_WORDS: build_ranked_dict(list(words))}
    matches = omnimatch(judged, dictionaries)
    known: set[int] = set()
    for match in matches:
        if match.get("dictionary_name") == OWN_WORDS:
            known.update(range(match["i"], match["j"] + 1))
    rest = "".join(letter for place, letter in enumerate(password) if place not in known)
    result = most_guessable_match_sequence(judged, matches)
    return guesses_to_score(result["guesses"]), result["sequence"], rest


def _without(password: str, words: Iterable[str]) -> str:
    """The known words as they are written, wherever they stand; the longest first, so that a name goes whole."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "", password, flags=re.IGNORECASE)


def _reason(matches: list[dict[str, Any]]) -> Promise:
    longest = max(matches, key=lambda match: len(match["token"]))
    pattern = longest["pattern"]
    if pattern == "dictionary":
        name = longest["dictionary_name"]
        return REASONS["names" if name in NAMES else "passwords" if name == "passwords" else "dictionary"]
    return REASONS["date" if pattern == "regex" else pattern]


def _known_words(texts: Iterable[str]) -> list[str]:
    """Each text whole, and its parts: of an address the local part, the labels of the domain, and their pieces. zxcvbn
    finds them in large letters, backwards, and with 4 for a as well."""
    words: dict[str, None] = {}
    for text in texts:
        whole = text.strip().casefold()
        pieces = re.split(r"[\W_]+", whole)
        words |= dict.fromkeys([whole, "".join(pieces), *whole.split(), *whole.split("@"), *pieces])
    return [word for word in words if len(word) >= KNOWN_WORD_LETTERS]
