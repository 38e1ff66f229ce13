"""Reads from the database what the lookup tables are to hold: for some keys, or for all of them in a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from aliases.models import Alias
from domains.models import AliasDomain, Domain
from mailadmin.addresses import split_address
from mailadmin.mailhost.entries import (
    AddressState,
    DomainState,
    Entries,
    address_entries,
    domain_entries,
    expanded_entries,
)
from mailboxes.models import Mailbox

AT_ONCE = 10_000
KEYS_AT_ONCE = 1_000


def entries_of_domains(names: Iterable[str]) -> dict[str, Entries]:
    """For each name its entries now; empty where there are to be none."""
    names = list(names)
    states = _domain_states(names)
    return {name: domain_entries(states.get(name)) for name in names}


def entries_of_addresses(addresses: Iterable[str]) -> Iterator[tuple[str, Entries]]:
    """(address, its entries now), in a constant number of queries for each KEYS_AT_ONCE addresses."""
    for chunk in _chunks(addresses, KEYS_AT_ONCE):
        yield from _entries_of_chunk(chunk).items()


def addresses_of_domain(name: str) -> Iterator[str]:
    """Every address whose entries depend on this domain's row: its own, those of its alias domains, and if it is an
    alias domain itself, those that it has by its target."""
    mirrors = list(AliasDomain.objects.filter(target_id=name).values_list("pk", flat=True))
    target = AliasDomain.objects.filter(pk=name).values_list("target_id", flat=True).first()
    for address in _own_addresses(name):
        yield address
        local_part, _domain = split_address(address)
        yield from (f"{local_part}@{mirror}" for mirror in mirrors)
    for address in _own_addresses(target) if target else ():
        yield f"{split_address(address)[0]}@{name}"


def all_entries() -> Iterator[tuple[str, Entries]]:
    """(key, entries) of every domain and address that has any: the full build. Memory does not grow with the site."""
    domains = _domain_states(None)
    for name in sorted(domains):
        yield name, domain_entries(domains[name])
    mirrors = _active_mirrors(domains)
    own = _own_in(name for names in mirrors.values() for name in names)
    for state in _all_states():
        address = state.address
        domain_name = address.rpartition("@")[2]
        entries = address_entries(state, domains.get(domain_name))
        yield address, entries
        if domain_name not in mirrors:
            continue
        local_part = split_address(address)[0]
        for mirror in mirrors[domain_name]:
            if entries and (key := f"{local_part}@{mirror}") not in own:
                yield key, expanded_entries(mirror, address, entries)


def _entries_of_chunk(addresses: list[str]) -> dict[str, Entries]:
    alias_domains = dict(
        AliasDomain.objects.filter(
            pk__in={split_address(address)[1] for address in addresses}, active=True
        ).values_list("pk", "target_id")
    )
    twins = {
        address: f"{local_part}@{alias_domains[domain]}"
        for address, (local_part, domain) in ((each, split_address(each)) for each in addresses)
        if domain in alias_domains
    }
    states = _address_states({*addresses, *twins.values()})
    domains = _domain_states({split_address(address)[1] for address in states} | set(alias_domains))

    def entries(address: str) -> Entries:
        domain = domains.get(split_address(address)[1])
        if address in states:
            return address_entries(states[address], domain)
        twin = twins.get(address)
        if twin is None or twin not in states or domain is None or not domain.active:
            return {}
        target = address_entries(states[twin], domains.get(split_address(twin)[1]))
        return expanded_entries(domain.name, twin, target)

    return {address: entries(address) for address in addresses}


def _domain_states(names: Iterable[str] | None) -> dict[str, DomainState]:
    rows = Domain.objects.all() if names is None else Domain.objects.filter(pk__in=list(names))
    fields = rows.values_list("pk", "active", "backup_mx", "transport")
    return {row[0]: DomainState(*row) for row in fields}


def _address_states(addresses: set[str]) -> dict[str, AddressState]:
    aliases = {
        address: (goto, active)
        for address, goto, active in Alias.objects.filter(pk__in=addresses).values_list("pk", "goto", "active")
    }
    boxes = {
        address: (maildir, active)
        for address, maildir, active in Mailbox.objects.filter(pk__in=addresses).values_list("pk", "maildir", "active")
    }
    none: tuple[None, bool] = (None, False)
    return {
        address: AddressState(address, *aliases.get(address, none), *boxes.get(address, none))
        for address in aliases.keys() | boxes.keys()
    }


def _active_mirrors(domains: dict[str, DomainState]) -> dict[str, list[str]]:
    """target domain -> its active alias domains."""
    mirrors: dict[str, list[str]] = {}
    for name, target in AliasDomain.objects.filter(active=True).values_list("pk", "target_id"):
        if name in domains and domains[name].active:
            mirrors.setdefault(target, []).append(name)
    return mirrors


def _own_in(domains: Iterable[str]) -> set[str]:
    """Addresses of their own that alias domains have: other programs may have made some, and they win."""
    names = list(domains)
    own = set(Alias.objects.filter(domain_id__in=names).values_list("pk", flat=True))
    return own | set(Mailbox.objects.filter(domain_id__in=names).values_list("pk", flat=True))


def _all_states() -> Iterator[AddressState]:
    """Every address that has a row: the aliases in the order of their key, which the tables' builder likes best, then
    the mailboxes without an alias row, if other programs made any."""
    boxes = 0
    for row in _pages(_ALIASES_WITH_BOX):
        boxes += row[3] is not None
        yield AddressState._make(row)
    if boxes != Mailbox.objects.count():
        for address, maildir, active in _pages(_BOXES_WITHOUT_ALIAS):
            yield AddressState(address, None, False, maildir, active)


# Plain SQL for these two alone: the ORM took twice the time that the database needs, for two million rows.
_ALIASES_WITH_BOX = """
    SELECT a.address, a.goto, a.active, m.maildir, m.active
    FROM alias a LEFT JOIN mailbox m ON m.username = a.address
    WHERE a.address > %s ORDER BY a.address LIMIT %s
"""
_BOXES_WITHOUT_ALIAS = """
    SELECT m.username, m.maildir, m.active
    FROM mailbox m LEFT JOIN alias a ON a.address = m.username
    WHERE m.username > %s AND a.address IS NULL ORDER BY m.username LIMIT %s
"""


def _pages(query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of all pages. The next page is read, by a thread with its own connection, while this one is used."""
    if connection.in_atomic_block:  # what this transaction has written is seen by its own connection alone
        page = _page(query, "")
        while page:
            yield from page
            page = _page(query, page[-1][0])
        return
    with ThreadPoolExecutor(max_workers=1) as reader:
        try:
            page = _page(query, "")
            while page:
                following = reader.submit(_page, query, page[-1][0])
                yield from page
                page = following.result()
        finally:
            reader.submit(connection.close)


def _page(query: str, last: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [last, AT_ONCE])
        return list(cursor.fetchall())


def _own_addresses(domain_name: str) -> Iterator[str]:
    """The addresses of a domain, each once."""
    for row in _by_key(Alias.objects.filter(domain_id=domain_name)):
        yield row[0]
    with_alias = Alias.objects.filter(domain_id=domain_name).values("pk")
    for row in _by_key(Mailbox.objects.filter(domain_id=domain_name).exclude(pk__in=with_alias)):
        yield row[0]


def _by_key(rows: QuerySet[Any], *fields: str) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of their key, page after page: MariaDB's client would hold a whole result in memory."""
    last = ""
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", *fields)[:AT_ONCE]):
        yield from page
        last = page[-1][0]


def _chunks(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    for key in keys:
        chunk.append(key)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
