"""The addresses for which a mailbox answers, and the mailboxes that answer for an address."""

from __future__ import annotations

from collections.abc import Iterable

from aliases.models import Alias
from aliases.targets import CHUNK, HOPS_AT_MOST, next_hops, references_to
from domains.models import AliasDomain
from mailadmin.addresses import split_address
from mailboxes.models import Mailbox


def addresses_of(mailbox_address: str) -> list[str]:
    """Every address whose mail ends in the mailbox: its own, and those of the aliases that lead to it over any number
    of others, each under all names of its domain.

    A catch-all has no address to name. Nor does a mailbox count that only sends a copy here: its mail was meant for
    somebody else, who has it.
    """
    found = dict.fromkeys(_under_all_names([mailbox_address]))
    level = [mailbox_address]
    for _hop in range(HOPS_AT_MOST):
        level = [address for address in _leading_to(level) if address not in found]
        if not level:
            break
        found |= dict.fromkeys(_under_all_names(level))
    return sorted(address for address in found if not address.startswith("@"))


def mailboxes_behind(addresses: Iterable[str]) -> set[str]:
    """The mailboxes that mail to these addresses may reach."""
    seen = set(addresses)
    level = sorted(seen)
    reached: set[str] = set()
    for _hop in range(HOPS_AT_MOST):
        if not level:
            break
        reached |= _mailboxes_among(level)
        following = {target for some in _in_chunks(level) for targets in next_hops(some).values() for target in targets}
        level = sorted(following - seen)
        seen |= following
    return reached


def _leading_to(addresses: list[str]) -> list[str]:
    """The addresses of the aliases whose mail goes to one of these next."""
    names = set(_under_all_names(addresses))
    candidates = {
        alias.address: alias for alias in references_to(addresses) if names.intersection(alias.targets)
    } | _through_catch_alls(addresses)
    active = [alias for alias in candidates.values() if alias.active]
    boxes = _mailboxes_among([alias.address for alias in active])
    return [alias.address for alias in active if alias.address not in boxes or alias.address not in alias.targets]


def _through_catch_alls(addresses: list[str]) -> dict[str, Alias]:
    """The aliases with a target that nobody has, so that one of these catch-alls takes its mail."""
    found = {}
    for catch_all in [address for address in addresses if address.startswith("@")]:
        for alias in Alias.objects.filter(self_only=False, active=True, goto__contains=catch_all):
            targets = [target for target in alias.targets if target.endswith(catch_all)]
            if _are_caught(targets, catch_all):
                found[alias.address] = alias
    return found


def _are_caught(targets: list[str], catch_all: str) -> bool:
    own = set(Alias.objects.filter(pk__in=targets).values_list("pk", flat=True)) | _mailboxes_among(targets)
    return any(target not in own for target in targets if target != catch_all)


def _under_all_names(addresses: Iterable[str]) -> list[str]:
    """These addresses, and what the alias domains that are on make of them."""
    addresses = list(addresses)
    domains = {split_address(address)[1] for address in addresses}
    rows = AliasDomain.objects.filter(target_id__in=domains, active=True).values_list("target_id", "pk")
    others: dict[str, list[str]] = {}
    for target, name in rows:
        others.setdefault(target, []).append(name)
    return addresses + [
        f"{local_part}@{name}"
        for local_part, domain in map(split_address, addresses)
        for name in others.get(domain, ())
    ]


def _mailboxes_among(addresses: list[str]) -> set[str]:
    return {
        pk for some in _in_chunks(addresses) for pk in Mailbox.objects.filter(pk__in=some).values_list("pk", flat=True)
    }


def _in_chunks(addresses: list[str]) -> list[list[str]]:
    return [addresses[start : start + CHUNK] for start in range(0, len(addresses), CHUNK)]
