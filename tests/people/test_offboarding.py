"""Each step does its part and can be taken back, until the mail is gone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from aliases.models import Alias
from app_passwords.models import AppPassword
from app_passwords.secret import stored
from domains.models import Domain
from mailadmin.accounts.models import Account, Role, Session
from mailadmin.accounts.schemes import verify
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import Kind as WorkKind
from mailadmin.mailhost.models import MailHost, PendingWork
from mailadmin.pages.forms import codes
from mailboxes.models import ArchivedMailbox, Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox, restore_mailbox, set_forwarding, set_mailbox_password
from people.models import Kind, Offboarding, Person, ReservedAddress, State, Template
from people.services.offboarding import advance, start_offboarding, undo_offboarding
from people.services.persons import save_person
from people.services.tombstones import forget_reservations, release_address
from tests.factories import PASSWORD, actor_of, make_alias, make_alias_domain, make_mailbox, system
from vacations.models import Vacation
from vacations.services import set_vacation, vacation_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DAYS = {"forward_days": 30, "archive_days": 60, "purge_days": 10, "reserve_days": 100}
HOW = {**DAYS, "reply_subject": "{name} has left", "reply_body": "Ask {successor}."}


@pytest.fixture
def joe(example_org: Domain) -> Mailbox:
    """With all that an offboarding touches: a second alias, two groups, a forwarding, a reply, a session."""
    MailHost.objects.get_or_create(name="main")
    joe, ann = make_mailbox("joe@example.org", name="Joe Doe"), make_mailbox("ann@example.org")
    make_alias("j@example.org", "joe@example.org", description="Joe's own")
    make_alias("sales@example.org", "ann@example.org", "joe@example.org")
    make_alias("all@example.org", "sales@example.org", "joe@example.org", "x@elsewhere.test")
    set_forwarding(mailbox=joe, targets=["joe@elsewhere.test"], keep_copy=True, actor=system())
    set_forwarding(mailbox=ann, targets=["joe@example.org"], keep_copy=True, actor=system())
    set_vacation(mailbox=joe, active=True, subject="Away", body="Back on Monday.", interval_days=3, actor=system())
    account = Account.objects.create(
        mailbox=joe, role=Role.MAILBOX_USER, confirmed_recovery_address="joe@elsewhere.test"
    )
    Session.objects.create(session_key="s", session_data="", expire_date=timezone.now() + DAY, account=account)
    AppPassword(address=joe.pk, name="Phone", password=stored("phone"), for_imap=True).save(force_insert=True)
    save_person(mailbox=joe, fields={"external_id": "4711", "given_name": "Joe"}, actor=system())
    return joe


def _start(joe: Mailbox, **overrides: Any) -> Offboarding:
    wishes = {
        **HOW,
        "reply_subject": "{name} has left",
        "reply_body": "Ask {successor}.",
        **overrides.pop("wishes", {}),
    }
    return start_offboarding(
        **{"mailbox": joe, "successor": "ann@example.org", "wishes": wishes, "actor": system(), **overrides}
    )


def _later(days: float) -> int:
    return advance(now=timezone.now() + days * DAY, actor=system())


def _goto() -> dict[str, list[str]]:
    return {alias.pk: sorted(alias.targets) for alias in Alias.objects.all()}


def _done(offboarding: Offboarding) -> list[str]:
    return [step.kind for step in offboarding.steps.exclude(done_at=None)]


@pytest.fixture
def no_loop(joe: Mailbox) -> Mailbox:
    """Ann's mail goes to Joe no more, so that his can go to her."""
    ann = Mailbox.objects.get(pk="ann@example.org")
    set_forwarding(mailbox=ann, targets=[], keep_copy=True, actor=system())
    return joe


def test_at_once_nobody_signs_in_and_mail_goes_to_the_successor(no_loop: Mailbox) -> None:
    offboarding = _start(no_loop)

    joe = Mailbox.objects.get(pk=no_loop.pk)
    assert joe.active
    assert not verify(PASSWORD, joe.password)
    assert (Session.objects.count(), AppPassword.objects.count()) == (0, 0)
    assert Account.objects.get(mailbox=joe).recovery_to == ""
    assert PendingWork.objects.filter(kind=WorkKind.SIGN_IN, key=joe.pk).exists()
    assert _goto() == {
        "ann@example.org": ["ann@example.org"],
        "joe@example.org": ["ann@example.org", "joe@example.org"],
        "j@example.org": ["joe@example.org"],
        "sales@example.org": ["ann@example.org"],
        "all@example.org": ["sales@example.org", "x@elsewhere.test"],
    }
    reply = Vacation.objects.get(pk=joe.pk)
    assert (reply.active, reply.subject, reply.body) == (True, "Joe Doe has left", "Ask ann@example.org.")
    assert (offboarding.state, _done(offboarding)) == (State.RUNNING, ["sign_in", "forward", "reply", "groups"])


def test_the_later_steps_come_at_their_dates(no_loop: Mailbox) -> None:
    offboarding = _start(no_loop)

    assert _later(29) == 0
    assert _later(30) == 1
    assert Alias.objects.get(pk="joe@example.org").targets == ["joe@example.org"]
    assert _later(60) == 1
    assert not Mailbox.objects.filter(pk="joe@example.org").exists()
    assert not Alias.objects.filter(pk="j@example.org").exists()
    archived = ArchivedMailbox.objects.get()
    assert abs(archived.purge_after - (offboarding.at + 70 * DAY)) < timedelta(seconds=1)
    assert set(ReservedAddress.objects.values_list("pk", flat=True)) == {"joe@example.org", "j@example.org"}
    assert _later(70) == 1
    archived.refresh_from_db()
    assert archived.purged_at is not None
    offboarding.refresh_from_db()
    assert (offboarding.state, offboarding.password) == (State.FINISHED, "")
    assert _later(500) == 0


def test_at_a_date_ahead_nothing_happens_before(no_loop: Mailbox) -> None:
    offboarding = _start(no_loop, at=timezone.now() + 5 * DAY)

    assert (offboarding.state, _done(offboarding), _later(4.9)) == (State.PLANNED, [], 0)
    assert verify(PASSWORD, Mailbox.objects.get(pk=no_loop.pk).password)
    assert _later(5.1) == 4


@pytest.mark.parametrize("days", [0, 61])
def test_undone_everything_is_as_before(days: int, joe: Mailbox) -> None:
    before, stored_hash, vacation = _goto(), joe.password, vacation_of(joe)
    offboarding = _start(joe, successor="")
    if days:
        assert _later(days)

    undo_offboarding(offboarding=offboarding, actor=system())

    joe = Mailbox.objects.get(pk="joe@example.org")
    assert _goto() == before
    assert Alias.objects.get(pk="j@example.org").description == "Joe's own"
    assert joe.password == stored_hash
    assert joe.person.external_id == "4711"
    assert vacation_of(joe).revision_values() == vacation.revision_values()
    assert not ReservedAddress.objects.exists()
    assert not AppPassword.objects.exists()  # they stay revoked
    offboarding.refresh_from_db()
    assert (offboarding.state, offboarding.undone_by, offboarding.password) == (State.UNDONE, system().label, "")
    assert _later(500) == 0


def test_the_confirmed_recovery_address_is_back_with_the_account(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="")
    undo_offboarding(offboarding=offboarding, actor=system())
    assert Account.objects.get(mailbox=joe).confirmed_recovery_address == "joe@elsewhere.test"


def test_a_password_that_was_set_meanwhile_stays(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="")
    set_mailbox_password(mailbox=joe, password="another long enough one", actor=system())
    undo_offboarding(offboarding=offboarding, actor=system())
    assert verify("another long enough one", Mailbox.objects.get(pk=joe.pk).password)


def test_after_the_purge_nothing_can_be_undone(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="")
    _later(71)
    with pytest.raises(ValidationError) as refused:
        undo_offboarding(offboarding=offboarding, actor=system())
    assert list(codes(refused.value)) == ["offboarding_over"]


def test_groups_that_are_gone_or_changed_are_left_so(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="")
    Alias.objects.filter(pk="all@example.org").delete()
    Alias.objects.filter(pk="sales@example.org").update(goto="new@elsewhere.test")
    undo_offboarding(offboarding=offboarding, actor=system())
    assert sorted(Alias.objects.get(pk="sales@example.org").targets) == ["joe@example.org", "new@elsewhere.test"]
    assert not Alias.objects.filter(pk="all@example.org").exists()


def test_groups_of_another_domain_and_of_an_alias_domain_are_left_and_joined(
    joe: Mailbox, example_org: Domain, alice: Account
) -> None:
    make_alias_domain("old.org", example_org)
    make_mailbox("bob@example.com")
    make_alias("all@example.com", "joe@old.org", "bob@example.com")
    alices = actor_of(alice)

    offboarding = _start(joe, successor="", actor=alices)
    assert Alias.objects.get(pk="all@example.com").targets == ["bob@example.com"]
    undo_offboarding(offboarding=offboarding, actor=alices)
    assert sorted(Alias.objects.get(pk="all@example.com").targets) == ["bob@example.com", "joe@old.org"]


def test_a_step_that_fails_says_why_and_is_tried_again(joe: Mailbox) -> None:
    """Ann forwards to Joe, so that his mail cannot go to her."""
    at = timezone.now() + DAY
    offboarding = _start(joe, at=at)

    assert advance(now=at + DAY, actor=system()) == 3
    step = offboarding.steps.get(kind=Kind.FORWARD)
    assert (step.done_at, "loop" in step.error) == (None, True)
    # What is due later waits for it, or the mail would be gone before anybody has got it.
    assert advance(now=at + 61 * DAY, actor=system()) == 0
    ann = Mailbox.objects.get(pk="ann@example.org")
    set_forwarding(mailbox=ann, targets=[], keep_copy=True, actor=system())
    assert advance(now=at + DAY, actor=system()) == 1
    step.refresh_from_db()
    assert (step.error, step.done_at) == ("", at + DAY)


def test_what_fails_at_once_leaves_nothing(joe: Mailbox) -> None:
    entries = Entry.objects.count()
    with pytest.raises(ValidationError) as refused:
        _start(joe)
    assert list(codes(refused.value)) == ["alias_loop"]
    assert (Offboarding.objects.count(), Entry.objects.count()) == (0, entries)
    assert verify(PASSWORD, Mailbox.objects.get(pk=joe.pk).password)


def test_one_that_fails_keeps_nobody_else(joe: Mailbox) -> None:
    at = timezone.now() + DAY
    _start(joe, at=at)
    eve = start_offboarding(mailbox=make_mailbox("eve@example.org"), at=at, actor=system())
    advance(now=at, actor=system())
    assert _done(eve) == ["sign_in", "forward", "groups"]


def test_the_hash_is_masked_in_the_audit(no_loop: Mailbox) -> None:
    offboarding = _start(no_loop)
    offboarding.refresh_from_db()
    told = repr(list(Entry.objects.values_list("before", "after")))
    assert offboarding.password.startswith("{")
    assert offboarding.password not in told
    assert offboarding.locked_password not in told


def test_each_step_is_in_the_audit(no_loop: Mailbox) -> None:
    offboarding = _start(no_loop)
    _later(71)
    wanted = ["person.offboard", *(f"offboarding.{kind.value}" for kind in Kind)]
    found = Entry.objects.filter(action__in=wanted).order_by("id").values_list("action", "object_key")
    assert list(found) == [(action, offboarding.address) for action in wanted]


def test_it_follows_a_rename(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="")
    rename_mailbox(mailbox=joe, address="joseph@example.org", actor=system())
    offboarding.refresh_from_db()
    assert offboarding.address == "joseph@example.org"
    assert _later(60) == 1
    assert not Mailbox.objects.filter(pk="joseph@example.org").exists()


def test_the_next_of_the_same_name_is_left_alone(joe: Mailbox) -> None:
    """Who deletes the mailbox by hand and gives the address away has not offboarded the new person."""
    _start(joe, at=timezone.now() + DAY, successor="")
    delete_mailbox(mailbox=joe, actor=system())
    new = make_mailbox("joe@example.org")

    assert _later(61) > 0
    assert verify(PASSWORD, Mailbox.objects.get(pk=new.pk).password)
    assert not ReservedAddress.objects.exists()


def test_restored_by_hand_it_goes_on(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="")
    archived = delete_mailbox(mailbox=joe, actor=system())
    restore_mailbox(archived=archived, actor=system())
    assert _later(60) == 1
    assert offboarding.steps.get(kind=Kind.ARCHIVE).kept["gone"] == ["joe@example.org"]
    assert not Mailbox.objects.filter(pk="joe@example.org").exists()


def test_deleted_by_hand_it_comes_back_by_undo(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="")
    delete_mailbox(mailbox=joe, actor=system())
    undo_offboarding(offboarding=offboarding, actor=system())
    assert verify(PASSWORD, Mailbox.objects.get(pk="joe@example.org").password)
    assert Person.objects.get().external_id == "4711"


def test_twice_is_refused(joe: Mailbox) -> None:
    _start(joe, successor="")
    with pytest.raises(ValidationError) as refused:
        _start(joe, successor="")
    assert list(codes(refused.value)) == ["offboarding_exists"]


def test_undone_it_can_begin_again(joe: Mailbox) -> None:
    undo_offboarding(offboarding=_start(joe, successor=""), actor=system())
    assert _start(joe, successor="").state == State.RUNNING


def test_the_template_of_the_department_says_how(joe: Mailbox, sales: Template) -> None:
    save_person(mailbox=joe, fields={"department": "Sales"}, actor=system())
    offboarding = start_offboarding(mailbox=joe, actor=system())
    assert (offboarding.reply_subject, offboarding.reserve_days) == ("Joe Doe has left", 100)
    assert offboarding.steps.get(kind=Kind.ARCHIVE).due_at == offboarding.at + 60 * DAY


def test_without_a_successor_the_lines_that_name_one_are_left_out(joe: Mailbox) -> None:
    body = "{name} left on {date}.\nAsk {successor}.\nYours"
    offboarding = _start(joe, successor="", wishes={"reply_body": body})
    lines = Vacation.objects.get(pk=joe.pk).body.splitlines()
    assert (len(lines), lines[0][:16], lines[1]) == (2, "Joe Doe left on ", "Yours")
    undo_offboarding(offboarding=offboarding, actor=system())
    assert Kind.REPLY not in [step.kind for step in _start(joe, successor="").steps.all()]


def test_without_a_text_there_is_no_reply_and_without_a_successor_no_end(joe: Mailbox) -> None:
    offboarding = _start(joe, successor="", wishes={"reply_body": ""})
    kinds = [step.kind for step in offboarding.steps.all()]
    assert kinds == ["sign_in", "forward", "groups", "archive", "purge"]
    assert Vacation.objects.get(pk=joe.pk).body == "Back on Monday."


def test_only_who_administers_the_domain(joe: Mailbox, alice: Account, bob: Account) -> None:
    with pytest.raises(PermissionDenied):
        _start(joe, actor=actor_of(bob))
    offboarding = _start(joe, successor="", actor=actor_of(alice))
    with pytest.raises(PermissionDenied):
        undo_offboarding(offboarding=offboarding, actor=actor_of(bob))
    assert Offboarding.objects.visible_to(actor_of(bob)).count() == 0
    assert undo_offboarding(offboarding=offboarding, actor=actor_of(alice)).undone_by == "alice@example.net"


@pytest.mark.parametrize("make", [make_mailbox, lambda address: make_alias(address, "ann@example.org")])
def test_an_address_once_used_is_given_to_nobody(make: Callable[[str], object], joe: Mailbox) -> None:
    _start(joe, successor="", wishes={"archive_days": 0})
    for address in ("joe@example.org", "j@example.org"):
        with pytest.raises(ValidationError) as refused:
            make(address)
        assert list(codes(refused.value)) == ["address_reserved"]
    ReservedAddress.objects.update(until_at=timezone.now())
    assert make("joe@example.org")


def test_no_days_is_no_reservation_and_a_plain_deletion_makes_none(joe: Mailbox) -> None:
    _start(joe, successor="", wishes={"archive_days": 0, "reserve_days": 0})
    delete_mailbox(mailbox=make_mailbox("eve@example.org"), actor=system())
    assert not ReservedAddress.objects.exists()


def test_a_superadmin_gives_an_address_free(joe: Mailbox, alice: Account) -> None:
    _start(joe, successor="", wishes={"archive_days": 0})
    row = ReservedAddress.objects.get(pk="joe@example.org")
    with pytest.raises(PermissionDenied):
        release_address(reserved_address=row, actor=actor_of(alice))
    release_address(reserved_address=row, actor=system())
    assert make_mailbox("joe@example.org")
    entry = Entry.objects.get(action="address.release")
    assert (entry.object_key, entry.domain_name) == ("joe@example.org", "example.org")


def test_past_reservations_are_forgotten(joe: Mailbox) -> None:
    _start(joe, successor="", wishes={"archive_days": 0})
    assert forget_reservations(now=timezone.now() + 99 * DAY) == 0
    assert forget_reservations(now=timezone.now() + 101 * DAY) == 2


def test_the_person_is_moved_kept_and_brought_back_with_the_mailbox(joe: Mailbox) -> None:
    joe = rename_mailbox(mailbox=joe, address="joseph@example.org", actor=system())
    archived = delete_mailbox(mailbox=joe, actor=system())
    assert not Person.objects.exists()
    other = make_mailbox("other@example.org")
    save_person(mailbox=other, fields={"external_id": "4711"}, actor=system())
    restored = restore_mailbox(archived=archived, actor=system())
    assert (restored.person.given_name, restored.person.external_id) == ("Joe", None)


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_each_step_once(no_loop: Mailbox) -> None:
    at = timezone.now() + DAY
    offboarding = _start(no_loop, at=at)

    def work(_number: int) -> int:
        try:
            return advance(now=at, actor=system())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(work, range(3)))

    assert sum(done) == 4
    assert Entry.objects.filter(action="offboarding.sign_in").count() == 1
    assert _done(offboarding) == ["sign_in", "forward", "reply", "groups"]


@pytest.mark.django_db(transaction=True)
def test_two_offboardings_at_once_are_one(no_loop: Mailbox) -> None:
    def begin(_number: int) -> str:
        try:
            return _start(no_loop).state
        except ValidationError as error:
            return next(codes(error))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(begin, range(3))) == ["offboarding_exists", "offboarding_exists", "running"]
