"""Finding rows by the beginning of an address, a name or a surname.

By index only, each in its own query with a LIMIT: so it costs the same with a million rows. One query with OR over
three indexes would read the whole table when little matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from aliases.models import Alias
from domains.models import Domain
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_domain
from mailboxes.models import Mailbox

from .keyset import starts_with

MATCHES_AT_MOST = 500
FOUND_AT_MOST = 10


def typed_domain(text: str) -> str:
    """The beginning of a domain as it would be stored; a domain with accents only when it is whole."""
    text = text.strip().lower()
    if text.isascii():
        return text
    try:
        return normalise_domain(text)
    except ValidationError:
        return text


def typed_address(text: str) -> str:
    """The beginning of an address as it would be stored."""
    local_part, at, domain = text.strip().lower().rpartition("@")
    return f"{local_part}@{typed_domain(domain)}" if at else text.strip().lower()


def matching_mailboxes(rows: QuerySet[Mailbox], text: str, *, at_most: int | None = MATCHES_AT_MOST) -> list[str]:
    """The addresses of the first mailboxes whose address, name or surname begins with the text."""
    found: set[str] = set()
    for field, prefix in (
        ("address", typed_address(text)),
        ("name_key", text.lower()),
        ("surname_key", text.lower()),
    ):
        matches = rows.filter(starts_with(field, prefix)).order_by(field)
        found.update(matches.values_list("address", flat=True)[:at_most])
    return sorted(found)[:at_most]


def matching_aliases(rows: QuerySet[Alias], text: str) -> QuerySet[Alias]:
    return rows.filter(starts_with("address", typed_address(text)))


def matching_domains(rows: QuerySet[Domain], text: str) -> QuerySet[Domain]:
    return rows.filter(starts_with("name", typed_domain(text.rpartition("@")[2])))


@dataclass(frozen=True)
class Section:
    label: Any
    icon: str
    rows: list[Any]
    more_url: str  # the list with the same search, where there is more; else empty


def search(actor: Actor, text: str) -> list[Section]:
    """Domains, mailboxes and aliases that begin with the text, the first of each."""
    return [
        section for section in (_domains(actor, text), _mailboxes(actor, text), _aliases(actor, text)) if section.rows
    ]


def _domains(actor: Actor, text: str) -> Section:
    found = matching_domains(Domain.objects.visible_to(actor), text).order_by("name")
    return _section(_("Domains"), "domain", list(found[: FOUND_AT_MOST + 1]), reverse("domains:list"), text)


def _mailboxes(actor: Actor, text: str) -> Section:
    visible = Mailbox.objects.visible_to(actor)
    keys = matching_mailboxes(visible, text, at_most=FOUND_AT_MOST + 1)
    found = Mailbox.objects.filter(pk__in=keys).only("address", "name", "active").order_by("address")
    return _section(_("Mailboxes"), "mailbox", list(found), reverse("mailboxes:list"), text)


def _aliases(actor: Actor, text: str) -> Section:
    found = matching_aliases(Alias.objects.visible_to(actor).listed(), text).order_by("address")
    return _section(_("Aliases"), "alias", list(found[: FOUND_AT_MOST + 1]), reverse("aliases:list"), text)


def _section(label: str, icon: str, rows: list[Any], url: str, text: str) -> Section:
    more = f"{url}?{urlencode({'q': text})}" if len(rows) > FOUND_AT_MOST else ""
    return Section(label, icon, rows[:FOUND_AT_MOST], more)
