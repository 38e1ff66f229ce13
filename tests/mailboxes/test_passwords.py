"""How a password is put in place: its expiry, the obligation to change it, and what ends with it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.utils import timezone

from domains.models import Domain
from domains.services import edit_domain
from mailadmin.accounts.models import Account, Session
from mailadmin.accounts.services import change_own_password
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import PendingWork
from mailboxes.models import NEVER, Mailbox
from mailboxes.services import (
    create_mailbox,
    delete_mailbox,
    rename_mailbox,
    restore_mailbox,
    set_mailbox_password,
    set_must_change,
)
from tests.factories import PASSWORD, actor_of, make_domain, make_mailbox, password_hash, system
from tests.refusals import nothing_written, refused

pytestmark = pytest.mark.django_db

NEW = "blue lamp under seven trees"


def days_left(address):
    ends_at = Mailbox.objects.get(pk=address).password_expires_at
    return "never" if ends_at == NEVER else round((ends_at - timezone.now()) / timedelta(days=1))


def set_days(days):
    return edit_domain(
        domain=Domain.objects.get(pk="example.org"), changes={"password_expiry_days": days}, actor=system()
    )


def expire(address):
    Mailbox.objects.filter(pk=address).update(password_expires_at=timezone.now() - timedelta(days=1))


# -- Expiry ---------------------------------------------------------------------------------------------------
def test_without_expiry_a_password_lives_for_ever():
    mailbox = make_mailbox("joe@example.org")
    set_mailbox_password(mailbox=mailbox, password=NEW, actor=system())

    assert days_left("joe@example.org") == "never"
    assert not Mailbox.objects.get().password_has_expired


def test_each_new_password_lives_for_the_days_of_its_domain():
    make_domain("example.org", password_expiry_days=90)
    mailbox = make_mailbox("joe@example.org")
    assert days_left("joe@example.org") == 90

    expire("joe@example.org")
    assert Mailbox.objects.get().password_has_expired
    set_mailbox_password(mailbox=mailbox, password=NEW, actor=system())

    assert days_left("joe@example.org") == 90
    assert not Mailbox.objects.get().password_has_expired


def test_postfixadmins_null_is_no_expiry():
    make_domain("example.org", password_expiry_days=None)
    make_mailbox("joe@example.org")

    assert days_left("joe@example.org") == "never"


def test_switching_expiry_on_locks_nobody_out():
    for number in range(3):
        make_mailbox(f"user{number}@example.org")
    make_mailbox("other@example.com")
    # As Postfixadmin left it, in a domain where it did not count.
    Mailbox.objects.filter(pk="user1@example.org").update(password_expires_at=datetime(2011, 1, 1, tzinfo=UTC))

    set_days(30)

    assert {days_left(f"user{number}@example.org") for number in range(3)} == {30}
    assert days_left("other@example.com") == "never"


def test_switching_it_on_takes_one_statement_however_many_mailboxes(django_assert_num_queries):
    make_mailbox("first@example.org")
    with django_assert_num_queries(7) as queries:  # lock, row before, row, audit, and the savepoint's two
        set_days(30)
    assert sum("UPDATE `mailbox`" in q["sql"] or 'UPDATE "mailbox"' in q["sql"] for q in queries) == 1
    for number in range(3):
        make_mailbox(f"user{number}@example.org")
    with django_assert_num_queries(7):
        set_days(60)


def test_another_number_of_days_counts_from_now_and_frees_nobody():
    make_domain("example.org", password_expiry_days=365)
    make_mailbox("late@example.org")
    make_mailbox("joe@example.org")
    expire("late@example.org")

    set_days(30)

    assert days_left("joe@example.org") == 30
    assert Mailbox.objects.get(pk="late@example.org").password_has_expired


def test_switched_off_again_the_old_dates_do_not_count():
    make_domain("example.org", password_expiry_days=30)
    make_mailbox("joe@example.org")
    expire("joe@example.org")

    set_days(0)

    assert not Mailbox.objects.get().password_has_expired
    assert Mailbox.objects.get().password_ends_at is None


def test_other_changes_of_a_domain_leave_the_dates_alone():
    domain = make_domain("example.org", password_expiry_days=30)
    make_mailbox("joe@example.org")
    before = Mailbox.objects.get().password_expires_at

    edit_domain(domain=domain, changes={"description": "x", "password_expiry_days": 30}, actor=system())

    assert Mailbox.objects.get().password_expires_at == before


@pytest.mark.parametrize("days", [-1, 36_501, 2**31])
def test_days_that_cannot_be_are_refused(days):
    make_domain("example.org")
    with nothing_written(), refused("days_invalid", "password_expiry_days"):
        set_days(days)


def test_a_mailbox_that_moves_into_a_domain_with_expiry_has_a_date():
    make_domain("strict.example", password_expiry_days=30)
    rename_mailbox(mailbox=make_mailbox("joe@example.org"), address="joe@strict.example", actor=system())

    assert days_left("joe@strict.example") == 30


def test_a_restored_mailbox_goes_on_with_its_date():
    make_domain("example.org", password_expiry_days=30)
    mailbox = make_mailbox("joe@example.org")
    expire("joe@example.org")
    mailbox.refresh_from_db()
    restore_mailbox(archived=delete_mailbox(mailbox=mailbox, actor=system()), actor=system())

    assert Mailbox.objects.get().password_has_expired


def test_a_mailbox_restored_after_expiry_was_switched_on_has_a_date():
    archived = delete_mailbox(mailbox=make_mailbox("joe@example.org"), actor=system())
    set_days(30)
    restore_mailbox(archived=archived, actor=system())

    assert days_left("joe@example.org") == 30


# -- Must change ----------------------------------------------------------------------------------------------
def must_change(address="joe@example.org"):
    account = Account.objects.filter(mailbox_id=address).first()
    return account is not None and account.password_change_required


def test_an_administrators_password_may_have_to_be_changed():
    mailbox = make_mailbox("joe@example.org")
    set_mailbox_password(mailbox=mailbox, password=NEW, must_change=True, actor=system())
    assert must_change()

    set_mailbox_password(mailbox=mailbox, password=f"{NEW}!", actor=system())
    assert not must_change()


def test_a_new_mailbox_may_begin_with_it():
    domain = make_domain("example.org")
    create_mailbox(domain=domain, local_part="joe", password_hash=password_hash(), must_change=True, actor=system())
    make_mailbox("ann@example.org")

    assert must_change()
    assert not Account.objects.filter(mailbox_id="ann@example.org").exists()


def test_the_own_new_password_ends_it(charlie):
    set_must_change(mailbox=charlie.mailbox, must_change=True, actor=system())
    assert must_change(charlie.address)

    change_own_password(account=charlie, current=PASSWORD, new=NEW, actor=actor_of(charlie))

    assert not must_change(charlie.address)


def test_it_is_in_the_audit_beside_the_password(charlie):
    set_mailbox_password(mailbox=charlie.mailbox, password=NEW, must_change=True, actor=system())

    entry = Entry.objects.get(action="mailbox.password")
    assert (entry.before["password_change_required"], entry.after["password_change_required"]) == (False, True)
    assert set(entry.after) == {"password", "password_change_required"}


def test_the_obligation_alone_leaves_the_password(charlie):
    stored = charlie.mailbox.password
    set_must_change(mailbox=charlie.mailbox, must_change=True, actor=system())
    set_must_change(mailbox=charlie.mailbox, must_change=True, actor=system())

    assert Mailbox.objects.get().password == stored
    (entry,) = Entry.objects.filter(action="mailbox.must_change")
    assert entry.after == {"password_change_required": True}


def test_a_stranger_obliges_nobody(charlie, bob):
    with nothing_written(), pytest.raises(PermissionDenied):
        set_must_change(mailbox=charlie.mailbox, must_change=True, actor=actor_of(bob))


def test_a_set_password_ends_the_sessions_and_tells_the_mail_host(charlie, alice, signed_in):
    signed_in(charlie)
    alices = signed_in(alice)
    PendingWork.objects.all().delete()

    set_mailbox_password(mailbox=charlie.mailbox, password=NEW, actor=actor_of(alice))

    assert [session.account for session in Session.objects.all()] == [alice]
    assert alices.get("/account/").status_code == 200
    assert [work.key for work in PendingWork.objects.filter(kind="sign_in")] == [charlie.address]


def test_by_command(charlie, capsys):
    call_command("mailbox", "edit", charlie.address, "--must-change")
    assert must_change(charlie.address)
    call_command("mailbox", "edit", charlie.address, "--no-must-change")
    assert not must_change(charlie.address)
    call_command("mailbox", "edit", charlie.address, "--password-hash", password_hash(), "--must-change")
    assert must_change(charlie.address)
    call_command("mailbox", "add", "new@example.org", "--password-hash", password_hash(), "--must-change")
    assert must_change("new@example.org")


# -- The page of a mailbox ------------------------------------------------------------------------------------
def password_fact(client, address):
    text = client.get(f"/mailboxes/{address}/").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", text.split("<dt>Password</dt>")[1].split("</dd>")[0]).split())


def test_the_page_of_a_mailbox_says_how_its_password_is(charlie, alice, signed_in):
    client = signed_in(alice)
    make_mailbox("new@example.org")
    assert password_fact(client, "new@example.org") == "does not expire"

    set_days(30)
    assert password_fact(client, charlie.address).startswith("expires on ")
    set_must_change(mailbox=charlie.mailbox, must_change=True, actor=system())
    assert password_fact(client, charlie.address).endswith(" · to be changed at the next sign-in")
    expire(charlie.address)
    assert password_fact(client, charlie.address).startswith("Expired on ")
