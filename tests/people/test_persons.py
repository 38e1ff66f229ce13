"""Whom a mailbox belongs to. How that follows the mailbox is in test_offboarding.py."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.pages.forms import codes
from people.models import Person
from people.services.persons import save_person
from tests.factories import actor_of, make_mailbox, system

pytestmark = pytest.mark.django_db
FIELDS = {"external_id": "4711", "given_name": "Joe", "department": "Sales"}


def test_made_changed_and_left_alone() -> None:
    joe = make_mailbox("joe@example.org")
    for fields in (FIELDS, FIELDS, {"department": "IT"}):
        save_person(mailbox=joe, fields=fields, actor=system())

    person = Person.objects.get()
    assert (person.mailbox_id, person.given_name, person.department) == ("joe@example.org", "Joe", "IT")
    entries = Entry.objects.filter(action="person.save", object_key="joe@example.org").order_by("id")
    assert [entry.after.get("department") for entry in entries] == ["Sales", "IT"]
    assert (entries[1].before, entries[1].after) == ({"department": "Sales"}, {"department": "IT"})


def test_an_external_id_is_one_persons() -> None:
    save_person(mailbox=make_mailbox("joe@example.org"), fields=FIELDS, actor=system())
    jane = make_mailbox("jane@example.org")
    with pytest.raises(ValidationError) as refused:
        save_person(mailbox=jane, fields=FIELDS, actor=system())
    assert list(codes(refused.value)) == ["person_exists"]
    assert save_person(mailbox=jane, fields={"external_id": ""}, actor=system()).external_id is None


@pytest.mark.parametrize(
    ("fields", "field"), [({"mailbox": "x@example.org"}, "mailbox"), ({"title": "x" * 121}, "title")]
)
def test_what_is_wrong_is_refused_by_name(fields: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        save_person(mailbox=make_mailbox("joe@example.org"), fields=fields, actor=system())
    assert list(refused.value.message_dict) == [field]
    assert not Person.objects.exists()


def test_only_who_administers_the_domain(bob: Account) -> None:
    with pytest.raises(PermissionDenied):
        save_person(mailbox=make_mailbox("joe@example.org"), fields=FIELDS, actor=actor_of(bob))
