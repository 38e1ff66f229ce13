"""What an address can be made of, from a person's names: ASCII letters, digits and hyphens."""

from __future__ import annotations

import re
import unicodedata

from mailadmin.addresses import LOCAL_PART_OCTETS

WORDS = ("first", "last", "first_initial", "last_initial", "employee_number")
# Letters that Unicode does not take apart into a plain one and its marks.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "ng"}
)
_OTHERS = re.compile(r"[^a-z0-9-]+")


def in_ascii(name: str) -> str:
    """'Jean-Rémi Groß' -> 'jean-remigross'; empty for a name in another script."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LETTERS))
    return _OTHERS.sub("", plain).strip("-")


def words_of(given_name: str, family_name: str, employee_number: str = "") -> dict[str, str]:
    first, last = in_ascii(given_name), in_ascii(family_name)
    return {
        "first": first,
        "last": last,
        "first_initial": first[:1],
        "last_initial": last[:1],
        "employee_number": in_ascii(employee_number),
    }


def numbered(local_part: str, number: int) -> str:
    """'john.doe2', cut where it would be too long for an address."""
    suffix = "" if number < 2 else str(number)
    return local_part[: LOCAL_PART_OCTETS - len(suffix)].rstrip(".-") + suffix
