"""Which address a person gets by a template's rules. Whoever calls holds the domain's lock, so that two at once get
different ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from django.utils.translation import gettext as _

from aliases.services import taken
from mailadmin.addresses import normalise_local_part, split_address
from mailadmin.errors import at_field, refuse
from people.names import numbered
from people.placeholders import fill

RULES = ("{first}.{last}",)
NUMBERS_AT_MOST = 999
AT_ONCE = 50


def free_address(
    domain_name: str, rules: Iterable[str], words: Mapping[str, str], *, on_collision: str, field: str
) -> str:
    """The first that nobody has of what the rules give, in their order; then, with `next`, of the last one with
    numbers: jdoe, john.doe, john.doe2. With `refuse` the first rule's or none."""
    made = [_local_part(rule, words, field) for rule in rules]
    wanted = made[:1] if on_collision == "refuse" else _all(made)
    address = _first_free(f"{local_part}@{domain_name}" for local_part in wanted)
    if address is None:
        refuse(field, _("%(address)s is taken."), "address_taken", address=f"{made[0]}@{domain_name}")
    return address


def free_alias(domain_name: str, rule: str, words: Mapping[str, str], *, on_collision: str) -> str:
    """The like of one rule, which may name another domain."""
    local_part, named = split_address(rule) if "@" in rule else (rule, "")
    return free_address(named or domain_name, [local_part], words, on_collision=on_collision, field="aliases")


def _local_part(rule: str, words: Mapping[str, str], field: str) -> str:
    """Names that are empty, or not to be written in ASCII, make no address: somebody has to think of one."""
    if any(f"{{{name}}}" in rule and not word for name, word in words.items()):
        refuse(field, _("From these names “%(rule)s” makes no address: give one."), "name_unwritable", rule=rule)
    return str(at_field(field, normalise_local_part, numbered(fill(rule, words), 1)))


def _all(made: list[str]) -> Iterator[str]:
    yield from dict.fromkeys(made)
    for number in range(2, NUMBERS_AT_MOST + 1):
        yield numbered(made[-1], number)


def _first_free(addresses: Iterable[str]) -> str | None:
    addresses = iter(addresses)
    while some := list(islice(addresses, AT_ONCE)):
        gone = taken(some)
        if free := next((each for each in some if each not in gone), None):
            return free
    return None
