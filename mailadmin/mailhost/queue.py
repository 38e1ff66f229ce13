"""Queues work for the mail hosts, in the transaction of the change that makes it necessary.

The rows are what counts; the message sent on commit only makes it quick. An address is queued with the addresses that
alias domains give it at this moment: once the row of an alias domain is gone, nothing else knows them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from django.db import transaction

from aliases.targets import with_alias_domains
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailadmin.mailhost.tasks import send_apply_pending

log = logging.getLogger(__name__)
AT_ONCE = 1000


def queue_domain(name: str) -> None:
    """A domain or alias domain changed: its row in the lookup tables, and every address that depends on it."""
    _queue([(Kind.DOMAIN, name, "", "")])


def queue_address(*addresses: str, maildirs: Iterable[tuple[str, str, str]] = ()) -> None:
    """These addresses changed, whatever they are now; and with them these directories, as in `queue_maildirs`."""
    changed = [(Kind.ADDRESS, address, "", "") for address in with_alias_domains(addresses)]
    _queue(changed + [(Kind.MAILDIR, *place) for place in maildirs])


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
    for host in hosts:
        _announce(host)


def _announce(host: str) -> None:
    """Send `apply_pending` on commit, once for each host and transaction."""
    connection = transaction.get_connection()
    if any(getattr(hook[1], "mail_host", None) == host for hook in connection.run_on_commit):
        return

    def send() -> None:
        send_apply_pending(host)

    send.mail_host = host  # type: ignore[attr-defined]
    transaction.on_commit(send)
