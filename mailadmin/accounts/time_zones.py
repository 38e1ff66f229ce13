"""The time zones that a person may choose, and which one is theirs. Names are those of the IANA database."""

from __future__ import annotations

from datetime import tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global
from babel.dates import get_timezone_location
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from mailadmin.accounts.models import Account

# Other names ("US/Pacific", "EST5EDT") are old ones, each for a zone that is here as well.
AREAS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"
)  # fmt: skip
UTC = "UTC"
# What the choice consists of: an area, and the zones of it, each with its name.
Choices = list[tuple[str, list[tuple[str, str]]]]


def is_time_zone(name: str) -> bool:
    return name in available_timezones()


def time_zone_of(account: Account) -> tzinfo:
    """The site's (TIME_ZONE) if none was chosen, or if this machine does not know it any more."""
    return ZoneInfo(account.time_zone) if is_time_zone(account.time_zone) else timezone.get_default_timezone()


def choices() -> Choices:
    """By area and place, in the present language."""
    return _choices(get_language())


@cache
def other_names() -> dict[str, str]:
    """Names that some browsers still call a zone by: {"Asia/Calcutta": "Asia/Kolkata"}."""
    known = available_timezones()
    return {other: name for other, name in get_global("zone_aliases").items() if "/" in other and name in known}


@cache
def _choices(language: str) -> Choices:
    places: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for name in available_timezones() - other_names().keys():
        area, _slash, place = name.partition("/")
        if place and area in places:
            places[area].append((name, get_timezone_location(name, locale=to_locale(language), return_city=True)))
    by_area = [(_area_name(area), _sorted(zones)) for area, zones in places.items() if zones]
    return [*_sorted(by_area, by=0), (UTC, [(UTC, UTC)])]


def _sorted(pairs: list[Any], by: int = 1) -> list[Any]:
    return sorted(pairs, key=lambda pair: slugify(pair[by]))  # "Île" stands at I


def _area_name(area: str) -> str:
    return {
        "Africa": _("Africa"),
        "America": _("America"),
        "Antarctica": _("Antarctica"),
        "Arctic": _("Arctic"),
        "Asia": _("Asia"),
        "Atlantic": _("Atlantic"),
        "Australia": _("Australia"),
        "Europe": _("Europe"),
        "Indian": _("Indian Ocean"),
        "Pacific": _("Pacific"),
    }[area]
