"""Where does mail for an address go, and why: the way that Postfix takes through the rows, step by step, and whether
this host's lookup tables say the same."""

from __future__ import annotations

from collections.abc import Iterable

from aliases.models import Alias
from domains.models import AliasDomain, Domain
from mailadmin.addresses import TARGETS_AT_MOST, split_address, split_targets
from mailadmin.mailhost.entries import Entries
from mailadmin.mailhost.source import entries_of_addresses, entries_of_domains
from mailadmin.mailhost.steps import Disagreement, Found, Step, Trace
from mailadmin.mailhost.tables import TableError, lookup
from mailboxes.models import Mailbox, MailboxUsage

MOST = TARGETS_AT_MOST  # virtual_alias_expansion_limit
DEEPEST = 1000  # virtual_alias_recursion_limit
AT_MOST = 10_000  # addresses looked at, whatever other programs have written
DOMAIN_TABLES = ("virtual_domains", "relay_domains", "transport")
ADDRESS_TABLES = ("virtual_mailboxes", "virtual_aliases")


def trace(address: str) -> Trace:
    """The address in its normal form, as mailadmin.addresses gives it."""
    result = Trace(address)
    keys = _follow(address, result)
    _compare(keys, result)
    return result


class _Rows:
    """The rows that one round of addresses may need, in a constant number of queries."""

    def __init__(self, addresses: Iterable[str]) -> None:
        addresses = set(addresses)
        names = {split_address(address)[1] for address in addresses}
        self.alias_domains = {row.pk: row for row in AliasDomain.objects.filter(pk__in=names)}
        names |= {row.target_id for row in self.alias_domains.values()}
        self.domains = {row.pk: row for row in Domain.objects.filter(pk__in=names)}
        keys = addresses | {twin for address in addresses if (twin := self.twin(address))}
        keys |= {f"@{split_address(key)[1]}" for key in keys}
        self.aliases = {row.pk: row for row in Alias.objects.filter(pk__in=keys)}
        self.mailboxes = {row.pk: row for row in Mailbox.objects.filter(pk__in=keys)}
        self.used = dict(MailboxUsage.objects.filter(pk__in=list(self.mailboxes)).values_list("pk", "bytes"))

    def twin(self, address: str) -> str:
        """The same local part in the target of an alias domain; '' elsewhere."""
        local_part, name = split_address(address)
        row = self.alias_domains.get(name)
        return f"{local_part}@{row.target_id}" if row else ""

    def receives(self, address: str) -> bool:
        """Whether the address has a row of its own that takes mail."""
        box, alias = self.mailboxes.get(address), self.aliases.get(address)
        domain = self.domains.get(split_address(address)[1])
        if domain is None or not domain.active:
            return False
        if box is not None and box.active:
            return True
        targets = set(alias.targets) if alias is not None and alias.active else set()
        return bool(targets - {address} if box is not None else targets)


def _follow(address: str, result: Trace) -> list[str]:
    """Round by round, each round the targets of the one before. Returns every address that was looked at."""
    # Who led to whom: only an address that leads back to itself is a loop, two ways to one mailbox are none.
    origins: dict[str, set[str]] = {address: set()}
    waiting, depth = [address], 0
    while waiting:
        ends = len(result.mailboxes) + len(result.outside) + len(waiting)
        if ends > MOST or depth > DEEPEST or len(origins) > AT_MOST:
            result.steps.append(Step(address, Found.TOO_MANY))
            break
        rows, following = _Rows(waiting), []
        for each in waiting:
            for target in dict.fromkeys(_step(each, rows, result)):
                if target not in origins:
                    following.append(target)
                elif _leads_to(target, each, origins):
                    result.steps.append(Step(target, Found.LOOP))
                origins.setdefault(target, set()).add(each)
        waiting, depth = following, depth + 1
    return list(origins)


def _leads_to(target: str, address: str, origins: dict[str, set[str]]) -> bool:
    """Whether `target` is among the addresses by which `address` was reached."""
    reached, waiting = set(), {address}
    while waiting:
        if target in waiting:
            return True
        reached |= waiting
        waiting = {origin for each in waiting for origin in origins.get(each, ())} - reached
    return False


def _step(address: str, rows: _Rows, result: Trace) -> list[str]:
    """Note what is found for one address, and return where it goes on."""
    domain = rows.domains.get(split_address(address)[1])
    if domain is None:
        _end(Step(address, Found.UNKNOWN_DOMAIN), result.outside, result)
        return []
    if not domain.active:
        result.steps.append(Step(address, Found.INACTIVE_DOMAIN))
        return []
    if address in rows.mailboxes:
        return _mailbox(rows.mailboxes[address], domain, rows, result)
    if address in rows.aliases:
        return _alias(rows.aliases[address], rows, result)
    return _no_row(address, domain, rows, result)


def _end(step: Step, ends: list[str], result: Trace) -> None:
    result.steps.append(step)
    ends.append(step.address)


def _mailbox(box: Mailbox, domain: Domain, rows: _Rows, result: Trace) -> list[str]:
    alias = rows.aliases.get(box.pk)
    targets = alias.targets if alias is not None and alias.active else [box.pk] if box.active else []
    others = [target for target in targets if target != box.pk]
    if others:
        result.steps.append(Step(box.pk, Found.FORWARDING, tuple(targets)))
    if not box.active:
        if not others:
            return _caught(Step(box.pk, Found.INACTIVE_MAILBOX), rows, result)
    elif box.pk in targets:
        _deliver(box, domain, rows, result)
    return others


def _deliver(box: Mailbox, domain: Domain, rows: _Rows, result: Trace) -> None:
    if domain.is_relayed:
        _end(Step(box.pk, Found.RELAYED, (domain.transport,)), result.outside, result)
        return
    _end(Step(box.pk, Found.MAILBOX), result.mailboxes, result)
    if 0 < box.quota_bytes <= rows.used.get(box.pk, 0):
        result.steps.append(Step(box.pk, Found.OVER_QUOTA))


def _alias(alias: Alias, rows: _Rows, result: Trace) -> list[str]:
    if not alias.active:
        return _caught(Step(alias.pk, Found.INACTIVE_ALIAS), rows, result)
    result.steps.append(Step(alias.pk, Found.ALIAS, tuple(alias.targets)))
    return alias.targets


def _no_row(address: str, domain: Domain, rows: _Rows, result: Trace) -> list[str]:
    twin = rows.twin(address)
    if twin and not rows.alias_domains[domain.pk].active:
        result.steps.append(Step(address, Found.INACTIVE_ALIAS_DOMAIN))
    elif twin and rows.receives(twin):
        result.steps.append(Step(address, Found.ALIAS_DOMAIN, (twin,)))
        return [twin]
    if domain.is_relayed:
        caught = _catch_all(address, rows, result)
        if not caught:
            _end(Step(address, Found.RELAYED, (domain.transport,)), result.outside, result)
        return caught
    return _caught(Step(address, Found.NOTHING), rows, result)


def _caught(step: Step, rows: _Rows, result: Trace) -> list[str]:
    """An address that has no entry of its own goes to the catch-all, if there is one. What is off has no entry."""
    if step.found is not Found.NOTHING:
        result.steps.append(step)
    targets = _catch_all(step.address, rows, result)
    if not targets and step.found is Found.NOTHING:
        result.steps.append(step)
    return targets


def _catch_all(address: str, rows: _Rows, result: Trace) -> list[str]:
    name = split_address(address)[1]
    own = rows.aliases.get(f"@{name}")
    keys = [f"@{name}"]
    alias_domain = rows.alias_domains.get(name)
    if own is None and alias_domain is not None and alias_domain.active:
        keys.append(f"@{alias_domain.target_id}")
    for key in keys:
        alias = rows.aliases.get(key)
        domain = rows.domains.get(key[1:])
        if alias is not None and alias.active and domain is not None and domain.active:
            result.steps.append(Step(address, Found.CATCH_ALL, tuple(alias.targets)))
            # "@other.org" as a target keeps the local part: virtual(5).
            local_part = split_address(address)[0]
            return [f"{local_part}{each}" if each.startswith("@") else each for each in alias.targets]
    return []


def _compare(addresses: list[str], result: Trace) -> None:
    names = list(dict.fromkeys(split_address(address)[1] for address in addresses))
    keys = [*addresses, *(f"@{name}" for name in names)]
    try:
        result.disagreements = [
            *_differences(DOMAIN_TABLES, entries_of_domains(names)),
            *_differences(ADDRESS_TABLES, dict(entries_of_addresses(keys))),
        ]
    except TableError as error:
        result.live_error = str(error)
        return
    result.live = not result.disagreements


def _differences(tables: tuple[str, ...], entries: dict[str, Entries]) -> list[Disagreement]:
    """Each key asked in each table. Targets are compared one by one: how they are separated says nothing."""
    found = {table: lookup(table, entries) for table in tables}
    pairs = [
        Disagreement(table, key, of_key.get(table), found[table].get(key))
        for key, of_key in entries.items()
        for table in tables
    ]
    return [pair for pair in pairs if split_targets(pair.expected or "") != split_targets(pair.found or "")]
