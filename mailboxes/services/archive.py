"""Deletion keeps everything for a while: the rows as they were, and the Maildir on the same volume."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import serializers
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from aliases.models import Alias
from aliases.services import references_to, refuse_taken, retarget, without
from aliases.targets import refuse_loop
from app_passwords.services import forget_app_passwords
from domains import usage
from domains.locks import lock_domain
from domains.models import Domain
from domains.rules import can_change_addresses, require
from mailadmin.accounts.models import Account
from mailadmin.audit import services as audit
from mailadmin.errors import at_field, refuse
from mailadmin.mailhost.queue import queue_address, queue_maildir
from mailadmin.transactions import atomic
from mailboxes.models import ArchivedMailbox, Mailbox, MailboxUsage
from mailboxes.quotas import refuse_quota
from mailboxes.rules import can_change_mailbox
from mailboxes.services.create import expiry_in, free_maildir, insert_rows, refuse_full
from people.services.persons import archive_people, forget_person, make_way_for, restore_person
from vacations.models import Vacation
from vacations.queue import queue_replies_behind
from vacations.services import forget_vacations, restore_vacation

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor


@atomic
def delete_mailbox(*, mailbox: Mailbox, actor: Actor) -> ArchivedMailbox:
    """Delete it, take it out of what points at it, and keep its rows and Maildir in the archive."""
    require(can_change_mailbox(actor, mailbox))
    Domain.objects.select_for_update().get(pk=mailbox.domain_id)
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    retarget(references_to([mailbox.pk]), without([mailbox.pk]), actor=actor)
    return delete_mailboxes(mailboxes=[mailbox], actor=actor)[0]


def delete_mailboxes(*, mailboxes: Sequence[Mailbox], actor: Actor) -> list[ArchivedMailbox]:
    """Archive the rows of mailboxes of one domain, locked and allowed by the caller, and nothing around them."""
    addresses, domain_name = [mailbox.pk for mailbox in mailboxes], mailboxes[0].domain_id
    forwardings, vacations = Alias.objects.in_bulk(addresses), Vacation.objects.in_bulk(addresses)
    archived = ArchivedMailbox.objects.bulk_create(
        [_archive_entry(mailbox, forwardings.get(mailbox.pk), vacations.get(mailbox.pk)) for mailbox in mailboxes]
    )
    audit.record_deletions("mailbox.delete", mailboxes, actor=actor, domain_name=domain_name)
    usage.adjust(
        domain_name,
        mailboxes=-len(mailboxes),
        quota_bytes=-sum(max(mailbox.quota_bytes, 0) for mailbox in mailboxes),
    )
    places = [(entry.address, f"users/{entry.maildir}", entry.archive_path) for entry in archived]
    queue_address(*addresses, maildirs=places)
    Alias.objects.filter(pk__in=addresses).delete()
    MailboxUsage.objects.filter(pk__in=addresses).delete()
    forget_vacations(vacations)
    forget_app_passwords(addresses)
    archive_people(archived)
    Account.objects.filter(mailbox_id__in=addresses).delete()
    Mailbox.objects.filter(pk__in=addresses).delete()
    forwarded_to = {target for forwarding in forwardings.values() for target in forwarding.targets}
    queue_replies_behind(*(forwarded_to - set(addresses)))
    return archived


def _archive_entry(mailbox: Mailbox, forwarding: Alias | None, vacation: Vacation | None) -> ArchivedMailbox:
    return ArchivedMailbox(
        address=mailbox.pk,
        domain_name=mailbox.domain_id,
        maildir=mailbox.maildir,
        mailbox_row=_row(mailbox),
        alias_row=_row(forwarding) if forwarding else None,
        vacation_row=_row(vacation) if vacation else None,
        purge_after=timezone.now() + timedelta(days=settings.ARCHIVE_DAYS),
    )


def _row(instance: models.Model) -> dict[str, Any]:
    """All stored fields, as Django's serialiser writes them."""
    (data,) = serializers.serialize("python", [instance])
    fields = {name: value for name, value in data["fields"].items() if not _generated(instance, name)}
    return {name: value if _plain(value) else value.isoformat() for name, value in fields.items()}


def _generated(instance: models.Model, name: str) -> bool:
    return bool(getattr(instance._meta.get_field(name), "generated", False))


def _plain(value: object) -> bool:
    return isinstance(value, str | int | bool | None)


@atomic
def restore_mailbox(*, archived: ArchivedMailbox, actor: Actor) -> Mailbox:
    """Bring a deleted mailbox back as it was, with its mail, if its address is still free and the domain has room."""
    require(can_change_addresses(actor, archived.domain_name))
    domain = lock_domain(archived.domain_name, field="address")
    make_way_for(archived)
    refuse_taken(archived.address, field="address")
    at_field("address", refuse_full, domain)
    now = timezone.now()
    if not ArchivedMailbox.objects.restorable().filter(pk=archived.pk).update(restored_at=now):
        refuse("address", _("This mailbox was restored or purged meanwhile."), "archive_gone")
    mailbox = Mailbox(address=archived.address, **_fields(Mailbox, archived.mailbox_row))
    at_field("address", refuse_quota, domain, max(mailbox.quota_bytes, 0))
    mailbox.maildir, mailbox.modified_at = free_maildir(mailbox.address), now
    mailbox.password_expires_at = expiry_in(domain, mailbox.password_expires_at)
    row = Alias(**_fields(Alias, archived.alias_row or {}))
    insert_rows([mailbox], targets=row.targets, source=archived.archive_path)
    at_field("address", refuse_loop, mailbox.address, row.targets)
    restore_person(archived, mailbox)
    audit.record("mailbox.restore", actor=actor, target=mailbox, domain_name=domain.pk)
    if archived.vacation_row:
        restore_vacation(Vacation(address=mailbox.address, **_fields(Vacation, archived.vacation_row)))
    queue_replies_behind(*(target for target in row.targets if target != mailbox.address))
    return mailbox


def _fields(model: type[models.Model], row: dict[str, Any]) -> dict[str, Any]:
    fields = {}
    for name, value in row.items():
        field = model._meta.get_field(name)
        fields[field.attname] = field.to_python(value)  # type: ignore[union-attr]  # stored fields only
    return fields


@atomic
def purge(*, archived: Iterable[ArchivedMailbox], actor: Actor) -> int:
    """End the archive's time: the Maildirs are removed, and the hashes forgotten. Returns how many."""
    count = 0
    for entry in archived:
        emptied = ArchivedMailbox.objects.restorable().filter(pk=entry.pk)
        if not emptied.update(purged_at=timezone.now(), mailbox_row={}, alias_row=None, vacation_row=None):
            continue
        count += 1
        forget_person(entry)
        audit.record("mailbox.purge", actor=actor, target=entry, before={}, after={}, domain_name=entry.domain_name)
        queue_maildir(entry.address, source=entry.archive_path)
    return count
