"""Queues the vacation replies that a change elsewhere concerns: those of the mailboxes whose addresses it adds or takes
away. Where no reply is on, it costs one look at an index."""

from __future__ import annotations

from collections.abc import Iterable

from aliases.models import Alias
from mailadmin.mailhost.queue import queue_sieve
from vacations.addresses import mailboxes_behind
from vacations.models import Vacation

AT_ONCE = 500


def queue_replies_behind(*targets: str) -> None:
    """An address that leads to these began to do so, or ceased to."""
    if targets and Vacation.objects.active().exists():
        _queue(mailboxes_behind(targets))


def queue_replies_of_domain(name: str) -> None:
    """All addresses of the domain get, or lose, another name."""
    if not Vacation.objects.active().exists():
        return
    queue_sieve(*Vacation.objects.active().filter(domain_id=name).values_list("pk", flat=True))
    real = Alias.objects.filter(domain_id=name, self_only=False, active=True)
    others: set[str] = set()
    for alias in real.iterator(AT_ONCE):
        others.update(alias.targets)
    _queue(address for address in mailboxes_behind(others) if address.rpartition("@")[2] != name)


def queue_replies_to_known_domains() -> None:
    """A domain came or went."""
    queue_sieve(*Vacation.objects.active().filter(known_domains_only=True).values_list("pk", flat=True))


def _queue(addresses: Iterable[str]) -> None:
    ordered = sorted(addresses)
    for start in range(0, len(ordered), AT_ONCE):
        queue_sieve(
            *Vacation.objects.active().filter(pk__in=ordered[start : start + AT_ONCE]).values_list("pk", flat=True)
        )
