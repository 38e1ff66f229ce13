"""Ids that the database makes for rows of other programs, and that a migration gives to those that were there."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection

from aliases.models import Alias
from domains.models import Domain
from mailboxes.models import Mailbox
from tests.factories import make_mailbox

pytestmark = pytest.mark.django_db
MAILBOX = (
    "INSERT INTO mailbox (username, password, name, maildir, quota, local_part, domain, created, modified, active)"
    " VALUES (%s, 'x', '', %s, 0, 'x', 'example.org', '2026-01-01', '2026-01-01', 1)"
)
ALIAS = (
    "INSERT INTO alias (address, goto, domain, created, modified, active)"
    " VALUES (%s, %s, 'example.org', '2026-01-01', '2026-01-01', 1)"
)


def test_rows_of_postfixadmin_have_ids_of_their_own(example_org: Domain) -> None:
    with connection.cursor() as cursor:
        for name in ("a", "b"):
            cursor.execute(MAILBOX, [f"{name}@example.org", f"example.org/{name}/"])
            cursor.execute(ALIAS, [f"{name}.x@example.org", f"{name}@example.org"])

    uids = [*Mailbox.objects.values_list("uid", flat=True), *Alias.objects.values_list("uid", flat=True)]
    assert len({uuid.UUID(uid) for uid in uids}) == len(uids) == 4
    assert {str(uuid.UUID(uid)) for uid in uids} == set(uids)


def test_a_new_row_knows_its_id() -> None:
    mailbox = make_mailbox("joe@example.org")

    assert Mailbox.objects.get().uid == mailbox.uid


@pytest.mark.parametrize(
    ("goto", "only"),
    [
        ("a@example.org", "a@example.org"),
        ("a@example.org,b@example.org", None),
        ("a@example.org\nb@example.org", None),
        ("self@example.org", None),
        ("x" * 300, None),
    ],
)
def test_the_only_target_of_an_alias(example_org: Domain, goto: str, only: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ALIAS, ["self@example.org", goto])

    assert Alias.objects.get().only_target == only
