"""Whom a mailbox belongs to, and how that follows the mailbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from domains.rules import require
from mailadmin.audit import services as audit
from mailadmin.errors import refuse
from mailadmin.transactions import atomic
from mailboxes.models import ArchivedMailbox, Mailbox
from mailboxes.rules import can_change_mailbox
from people.models import ArchivedPerson, Offboarding, Person, ReservedAddress

if TYPE_CHECKING:
    from mailadmin.accounts.actors import Actor

FIELDS = (
    "external_id",
    "given_name",
    "family_name",
    "employee_number",
    "department",
    "cost_center",
    "organization",
    "division",
    "manager",
    "title",
    "language",
    "user_name",
    "emails",
)


@atomic
def save_person(*, mailbox: Mailbox, fields: dict[str, Any], actor: Actor) -> Person:
    """Write these fields of the mailbox's person, whose row is made if there is none; the others stay."""
    require(can_change_mailbox(actor, mailbox))
    mailbox = Mailbox.objects.select_for_update().get(pk=mailbox.pk)
    for name in fields.keys() - set(FIELDS):
        refuse(name, _("“%(name)s” cannot be changed."), "field_unknown", name=name)
    person = Person.objects.filter(mailbox=mailbox).first()
    before = audit.snapshot(person) if person else {}
    person = person or Person(mailbox=mailbox)
    for name, value in fields.items():
        setattr(person, name, value)
    person.external_id = person.external_id or None
    if before and before == audit.snapshot(person):
        return person
    _refuse_known(person)
    person.clean_fields(exclude={"mailbox"})
    person.save()
    after = audit.snapshot(person)
    audit.record("person.save", actor=actor, target=mailbox, before=before, after=after, domain_name=mailbox.domain_id)
    return person


def _refuse_known(person: Person) -> None:
    if person.external_id and Person.objects.filter(external_id=person.external_id).exclude(pk=person.pk).exists():
        refuse("external_id", _("There is a person of this external id already."), "person_exists")


# -- With a mailbox's own life; whoever calls has locked it and asked whether the actor may
def move_person(old: str, mailbox: Mailbox) -> None:
    """The mailbox has another address; who is leaving goes on to leave."""
    Person.objects.filter(mailbox_id=old).update(mailbox_id=mailbox.pk)
    leaving = Offboarding.objects.open().filter(address=old, archived=None)
    leaving.update(address=mailbox.pk, domain_name=mailbox.domain_id)


def archive_people(archived: Iterable[ArchivedMailbox]) -> None:
    """Their mailboxes are deleted. What is still to be done to one that leaves is not done to the next of its name."""
    entries = {entry.address: entry for entry in archived}
    people = list(Person.objects.filter(mailbox_id__in=entries))
    ArchivedPerson.objects.bulk_create(
        ArchivedPerson(archived=entries[person.mailbox_id], row={name: getattr(person, name) for name in FIELDS})
        for person in people
    )
    Person.objects.filter(pk__in=[person.pk for person in people]).delete()
    leaving = Offboarding.objects.open().filter(address__in=entries, archived=None)
    for offboarding in leaving:
        offboarding.archived = entries[offboarding.address]
    Offboarding.objects.bulk_update(leaving, ["archived"])


def make_way_for(archived: ArchivedMailbox) -> None:
    """It is to be restored: its addresses were kept for nobody else."""
    ReservedAddress.objects.filter(offboarding__archived=archived).delete()


def restore_person(archived: ArchivedMailbox, mailbox: Mailbox) -> None:
    """The mailbox is back, and so is whose it was; an external id that somebody else got meanwhile is not."""
    Offboarding.objects.filter(archived=archived).update(archived=None)
    kept = ArchivedPerson.objects.filter(pk=archived.pk).first()
    if kept is None:
        return
    person = Person(mailbox=mailbox, **kept.row)
    if person.external_id and Person.objects.filter(external_id=person.external_id).exists():
        person.external_id = None
    person.save(force_insert=True)
    kept.delete()


def forget_person(archived: ArchivedMailbox) -> None:
    ArchivedPerson.objects.filter(pk=archived.pk).delete()
    Offboarding.objects.filter(archived=archived).update(password="", locked_password="")
