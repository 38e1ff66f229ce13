"""Where aliases lead: which point at an address, and whether one leads back to itself."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from aliases.models import Alias
from domains.models import AliasDomain, Domain
from mailadmin.addresses import show_address, split_address
from mailboxes.models import Mailbox

HOPS_AT_MOST = 50
CHUNK = 200


def references_to(addresses: Iterable[str]) -> list[Alias]:
    """The aliases and forwardings that have one of the addresses as a target, under any of its domain's names, other
    than an address's own."""
    wanted = set(with_alias_domains(addresses))
    ordered = sorted(wanted)
    found: dict[str, Alias] = {}
    for start in range(0, len(ordered), CHUNK):
        some = Q()
        for address in ordered[start : start + CHUNK]:
            some |= Q(goto__contains=address)
        for alias in Alias.objects.filter(some, self_only=False).order_by("address"):
            if alias.address not in wanted and wanted.intersection(alias.targets):
                found[alias.address] = alias
    return list(found.values())


def references_to_domain(domain_name: str) -> list[Alias]:
    """The aliases of other domains that have a target in this one."""
    candidates = Alias.objects.filter(self_only=False, goto__contains=f"@{domain_name}").exclude(domain_id=domain_name)
    return [alias for alias in candidates if any(split_address(t)[1] == domain_name for t in alias.targets)]


def refuse_loop(address: str, targets: list[str]) -> None:
    """Raise ValidationError (code `alias_loop`) if mail for `address`, once it goes to `targets`, would go in circles.

    A mailbox's own address among its targets is the copy that it keeps, and no loop.
    """
    graph: dict[str, list[str]] = {}
    level = [address]
    for _hop in range(HOPS_AT_MOST):
        graph.update(next_hops(level, planned={address: targets}))
        level = [target for origin in level for target in graph.get(origin, ()) if target not in graph]
        if not level:
            break
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(show_address(each) for each in reversed(error.args[1]))
        raise ValidationError(_("This is a loop: %(circle)s"), "alias_loop", {"circle": circle}) from None


def next_hops(addresses: Iterable[str], planned: dict[str, list[str]] | None = None) -> dict[str, list[str]]:
    """For each address where its mail goes on to: its own alias row, else its alias domain, else the catch-all.

    `planned` stands in for rows that are not written yet. The copy that a mailbox keeps is left out.
    """
    addresses = sorted(set(addresses))
    domains = {split_address(address)[1] for address in addresses}
    rows = Alias.objects.filter(pk__in=[*addresses, *(f"@{name}" for name in domains)])
    aliases = {alias.address: alias.targets for alias in rows} | (planned or {})
    alias_domains = dict(AliasDomain.objects.filter(pk__in=domains).values_list("pk", "target_id"))
    boxes = set(Mailbox.objects.filter(pk__in=addresses).values_list("pk", flat=True))

    def hop(address: str) -> list[str]:
        local_part, domain = split_address(address)
        if address in aliases:
            return aliases[address]
        if domain in alias_domains:
            return [f"{local_part}@{alias_domains[domain]}"]
        return [] if address in boxes else aliases.get(f"@{domain}", [])

    return {
        address: [target for target in hop(address) if target != address or address not in boxes]
        for address in addresses
    }


def unknown_here(addresses: Iterable[str]) -> list[str]:
    """Those of these addresses that nobody has, in domains whose mail stays here: mail to them is refused."""
    addresses = list(addresses)
    domains = {split_address(address)[1] for address in addresses}
    keeping = {domain.pk for domain in Domain.objects.filter(pk__in=domains) if not domain.is_relayed}
    targets = dict(AliasDomain.objects.filter(pk__in=keeping).values_list("pk", "target_id"))

    def own(address: str) -> str:
        local_part, domain = split_address(address)
        return f"{local_part}@{targets.get(domain, domain)}"

    here = [address for address in addresses if split_address(address)[1] in keeping]
    candidates = {*here, *map(own, here)}
    hops = next_hops(candidates)
    boxes = set(Mailbox.objects.filter(pk__in=candidates).values_list("pk", flat=True))

    def is_known(address: str) -> bool:
        return address in boxes or bool(set(hops[address]) - {own(address)})

    return [address for address in here if not is_known(address) and not is_known(own(address))]


def with_alias_domains(addresses: Iterable[str]) -> list[str]:
    """These addresses, and what alias domains make of them at this moment."""
    addresses = list(addresses)
    domains = {split_address(address)[1] for address in addresses}
    names: dict[str, list[str]] = {}
    for name, target in AliasDomain.objects.filter(target_id__in=domains).values_list("pk", "target_id"):
        names.setdefault(target, []).append(name)
    expanded = [
        f"{local_part}@{name}" for local_part, domain in map(split_address, addresses) for name in names.get(domain, ())
    ]
    return addresses + expanded
