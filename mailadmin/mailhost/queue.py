"""Queues work for the mail hosts, in the transaction of the change that makes it necessary.

The rows are what counts; the message sent on commit only makes it quick. An address is queued with the addresses that
alias domains give it at this moment: once the row of an alias domain is gone, nothing else knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aliases.targets import with_alias_domains
from mailadmin.effects import listener
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailadmin.mailhost.tasks import announce_work

AT_ONCE = 1000


def queue_domain(name: str) -> None:
    """A domain or alias domain changed: its row in the lookup tables, and every address that depends on it."""
    _queue([(Kind.DOMAIN, name, "", "")])


def queue_address(*addresses: str, maildirs: Iterable[tuple[str, str, str]] = ()) -> None:
    """These addresses changed, whatever they are now; and with them these directories, as in `queue_maildirs`."""
    changed = [(Kind.ADDRESS, address, "", "") for address in with_alias_domains(addresses)]
    _queue(changed + [(Kind.MAILDIR, *place) for place in maildirs])


def queue_sign_in(address: str) -> None:
    """How this mailbox signs in changed: what Dovecot remembers of it is forgotten, and open sessions end."""
    _queue([(Kind.SIGN_IN, address, "", "")])


def queue_sieve(*addresses: str) -> None:
    """The vacation replies of these mailboxes changed, or the addresses for which they answer."""
    if addresses:
        _queue([(Kind.SIEVE, address, "", "") for address in addresses])


def queue_maildir(address: str, source: str = "", target: str = "") -> None:
    """A directory of the volume is to be made, moved or removed (see PendingWork)."""
    queue_maildirs([(address, source, target)])


def queue_maildirs(places: Iterable[tuple[str, str, str]]) -> None:
    """Many of them: (address, source, target)."""
    _queue([(Kind.MAILDIR, address, source, target) for address, source, target in places])


def waiting(keys: Iterable[str]) -> set[str]:
    """Those of the addresses and domains that some mail host has still work for: they are not live yet."""
    return set(PendingWork.objects.open().filter(key__in=list(keys)).values_list("key", flat=True))


def _queue(subjects: Sequence[tuple[str, str, str, str]]) -> None:
    hosts = list(MailHost.objects.values_list("name", flat=True))
    rows = [
        PendingWork(host_id=host, kind=kind, key=key, source=source, target=target)
        for host in hosts
        for kind, key, source, target in subjects
    ]
    PendingWork.objects.bulk_create(rows, batch_size=AT_ONCE)
    if (effects := listener()) is not None:
        effects.work += rows
    for host in hosts:
        announce_work(host)
