"""For which addresses a mailbox answers, and which replies a change concerns."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from aliases.models import Alias
from aliases.services import create_alias, delete_alias, edit_alias, set_alias_active
from domains.models import AliasDomain, Domain
from domains.services import (
    create_alias_domain,
    create_domain,
    delete_alias_domain,
    delete_domain,
    edit_alias_domain,
    set_alias_domain_active,
)
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailboxes.models import Mailbox
from mailboxes.services import (
    create_mailbox,
    delete_mailbox,
    edit_mailbox,
    rename_mailbox,
    restore_mailbox,
    set_forwarding,
    set_mailbox_active,
)
from tests.factories import make_alias, make_alias_domain, make_domain, make_mailbox, password_hash, system
from vacations.addresses import addresses_of, mailboxes_behind
from vacations.models import Vacation
from vacations.services import end_vacation, set_vacation

pytestmark = pytest.mark.django_db

JOE = "joe@example.org"


@pytest.fixture
def joe(example_org: Domain) -> Mailbox:
    return make_mailbox(JOE)


@pytest.fixture
def away(joe: Mailbox) -> Mailbox:
    """Joe, whose reply is on, on a site with one mail host that has nothing to do."""
    MailHost.objects.get_or_create(name="main")
    set_vacation(mailbox=joe, active=True, subject="", body="Away.", actor=system())
    PendingWork.objects.all().delete()
    return joe


# -- For which addresses
def test_a_mailbox_answers_for_all_that_leads_to_it(joe: Mailbox) -> None:
    make_alias("team@example.org", JOE, "x@elsewhere.test")
    make_domain("example.com")
    make_alias("all@example.com", "team@example.org")
    make_alias("others@example.org", "x@elsewhere.test")
    make_alias("off@example.org", JOE, active=False)
    make_alias_domain("old.org", joe.domain)
    make_alias_domain("closed.org", joe.domain, active=False)
    make_alias("by.other.name@example.com", "joe@old.org")
    make_alias("by.closed.name@example.com", "joe@closed.org")

    assert addresses_of(JOE) == [
        "all@example.com", "by.other.name@example.com", JOE, "joe@old.org", "team@example.org", "team@old.org",
    ]  # fmt: skip


def test_a_mailbox_that_forwards_counts_unless_it_keeps_its_mail(joe: Mailbox) -> None:
    for address, keep_copy in (("gone@example.org", False), ("boss@example.org", True)):
        set_forwarding(mailbox=make_mailbox(address), targets=[JOE], keep_copy=keep_copy, actor=system())
    make_alias("old.name@example.org", "gone@example.org")

    assert addresses_of(JOE) == ["gone@example.org", JOE, "old.name@example.org"]


def test_a_catch_all_has_no_address_but_what_goes_through_it_has(joe: Mailbox) -> None:
    make_domain("example.com")
    make_alias("@example.com", JOE)
    make_alias("real@example.com", "x@elsewhere.test")
    make_alias("sales@example.org", "nobody@example.com")
    make_alias("others@example.org", "real@example.com")

    assert addresses_of(JOE) == [JOE, "sales@example.org"]


NAMES = [f"{name}@{domain}" for name in "abcde" for domain in ("example.org", "example.com")]
BOXES = ["joe@example.org", "ann@example.org", "ben@example.com"]
MIRRORED = [f"{name}@{domain}" for name in [*"abcde", "joe", "ann"] for domain in ("old.org", "off.org")]


def arrives(address: str, box: str, seen: frozenset[str] = frozenset()) -> bool:
    """By following the mail, as Postfix does. A mailbox that keeps a copy of what it sends on is the end of it."""
    row = Alias.objects.filter(pk=address).first()
    if address in seen or (row is not None and not row.active):
        return False
    if row is not None and address in BOXES and address in row.targets:
        return address == box
    targets = row.targets if row else hops(address)
    return any(arrives(target, box, seen | {address}) for target in targets)


def hops(address: str) -> list[str]:
    """Of an address without a row: what its alias domain makes of it, or where the catch-all sends it."""
    local_part, _at, domain = address.partition("@")
    mirror = AliasDomain.objects.filter(pk=domain, active=True).first()
    if mirror is not None:
        return [f"{local_part}@{mirror.target_id}"]
    catch_all = Alias.objects.filter(pk=f"@{domain}", active=True).first()
    return catch_all.targets if catch_all else []


def is_real(address: str) -> bool:
    """Not one that a catch-all alone takes: there are as many of these as words."""
    local_part, _at, domain = address.partition("@")
    mirror = AliasDomain.objects.filter(pk=domain).first()
    return Alias.objects.filter(pk=f"{local_part}@{mirror.target_id if mirror else domain}").exists()


@pytest.fixture
def ground(db: None) -> None:
    for name in ("example.org", "example.com"):
        make_domain(name)
    make_alias_domain("old.org", Domain.objects.get(pk="example.org"))
    make_alias_domain("off.org", Domain.objects.get(pk="example.org"), active=False)
    for address in BOXES:
        make_mailbox(address)


def scatter_aliases(chance: random.Random) -> None:
    """Loops, missing targets and rows of other programs among them."""
    possible = [*NAMES, *BOXES, "a@old.org", "joe@old.org", "joe@off.org", "nobody@example.com"]
    for address in chance.sample(NAMES, 7):
        goto = ",".join(chance.sample(possible, chance.randint(1, 2)))
        domain_name = address.partition("@")[2]
        Alias.objects.create(address=address, goto=goto, domain_id=domain_name, active=chance.random() > 0.15)
    if chance.random() > 0.5:
        Alias.objects.create(address="@example.com", goto=chance.choice(possible), domain_id="example.com")
    forwarding = chance.choice(BOXES[1:])
    goto = chance.choice([JOE, f"{forwarding},{JOE}"])
    Alias.objects.filter(pk=forwarding).update(goto=goto)


def test_the_addresses_are_those_whose_mail_arrives(ground: None) -> None:
    leading = 0
    for seed in range(60):
        with transaction.atomic():
            scatter_aliases(random.Random(seed))
            # One that sends all its mail on gets none, and answers none.
            for box in [each for each in BOXES if arrives(each, each)]:
                wanted = {each for each in [*NAMES, *BOXES, *MIRRORED] if is_real(each) and arrives(each, box)}
                assert set(addresses_of(box)) == wanted, seed
                assert all(box in mailboxes_behind([address]) for address in wanted), seed
                leading += len(wanted)
            transaction.set_rollback(True)
    assert leading > 300  # it was no test of nothing


# -- Which replies a change concerns
@contextmanager
def concerns(*addresses: str) -> Iterator[None]:
    """The act queues the scripts of these mailboxes, and of no other."""
    PendingWork.objects.all().delete()
    yield
    found = set(PendingWork.objects.filter(kind=Kind.SIEVE).values_list("key", flat=True))
    assert found == set(addresses)


def test_aliases_that_lead_there_or_did_so(away: Mailbox) -> None:
    with concerns(JOE):
        team = create_alias(address="team@example.org", targets=[JOE], actor=system())
    with concerns(JOE):
        everybody = create_alias(address="all@example.org", targets=["team@example.org"], actor=system())
    with concerns():
        create_alias(address="other@example.org", targets=["x@elsewhere.test"], actor=system())
    with concerns():
        edit_alias(alias=team, changes={"description": "The team"}, actor=system())
    with concerns():
        edit_alias(alias=team, changes={"targets": [JOE, "x@elsewhere.test"]}, actor=system())
    with concerns(JOE):
        set_alias_active(alias=team, active=False, actor=system())
    with concerns():
        edit_alias(alias=team, changes={"targets": ["y@elsewhere.test"]}, actor=system())
    with concerns(JOE):
        edit_alias(alias=team, changes={"targets": [JOE], "active": True}, actor=system())
    with concerns(JOE):
        edit_alias(alias=everybody, changes={"targets": ["x@elsewhere.test"]}, actor=system())
    with concerns(JOE):
        delete_alias(alias=team, actor=system())


def test_forwardings_that_lead_there_or_did_so(away: Mailbox) -> None:
    with concerns():
        ann = make_mailbox("ann@example.org")
    with concerns(JOE):
        set_forwarding(mailbox=ann, targets=[JOE], keep_copy=False, actor=system())
    with concerns():
        set_forwarding(mailbox=ann, targets=[JOE], keep_copy=False, actor=system())
    with concerns(JOE):
        set_forwarding(mailbox=ann, targets=[JOE], keep_copy=True, actor=system())
    set_forwarding(mailbox=ann, targets=[JOE], keep_copy=False, actor=system())
    with concerns():
        edit_mailbox(mailbox=ann, changes={"name": "Ann"}, actor=system())
    with concerns(JOE):
        set_mailbox_active(mailbox=ann, active=False, actor=system())
    with concerns(JOE):
        set_mailbox_active(mailbox=ann, active=True, actor=system())
    with concerns(JOE):
        ann = rename_mailbox(mailbox=ann, address="anne@example.org", actor=system())
    with concerns(JOE):
        archived = delete_mailbox(mailbox=ann, actor=system())
    with concerns(JOE):
        restore_mailbox(archived=archived, actor=system())


def test_alias_domains_give_and_take_names(away: Mailbox, example_com: Domain) -> None:
    create_alias(address="joe@example.com", targets=[JOE], actor=system())
    with concerns(JOE):
        old = create_alias_domain(name="old.org", target=away.domain, actor=system())
    with concerns(JOE):
        other = create_alias_domain(name="other.org", target=example_com, actor=system())
    with concerns(JOE):
        set_alias_domain_active(alias_domain=old, active=False, actor=system())
    with concerns(JOE):
        edit_alias_domain(alias_domain=old, changes={"target": example_com, "active": True}, actor=system())
    with concerns(JOE):
        delete_alias_domain(alias_domain=other, actor=system())
    with concerns():
        create_alias_domain(name="third.org", target=make_domain("lonely.org"), actor=system())


def test_a_deleted_domain_takes_its_aliases_along(away: Mailbox, example_com: Domain) -> None:
    create_alias(address="joe@example.com", targets=[JOE], actor=system())
    with concerns(JOE):
        delete_domain(domain=example_com, actor=system())


def test_known_domains_come_and_go(away: Mailbox) -> None:
    with concerns():
        create_domain(name="new.org", actor=system())
    set_vacation(mailbox=away, active=True, subject="", body="Away.", known_domains_only=True, actor=system())
    with concerns(JOE):
        domain = create_domain(name="newer.org", actor=system())
    with concerns(JOE):
        delete_domain(domain=domain, actor=system())
    with concerns(JOE):
        alias_domain = create_alias_domain(name="newest.org", target=away.domain, actor=system())
    with concerns(JOE):
        delete_alias_domain(alias_domain=alias_domain, actor=system())


def test_a_reply_that_is_off_is_concerned_by_nothing(away: Mailbox) -> None:
    end_vacation(mailbox=away, actor=system())
    with concerns():
        create_alias(address="team@example.org", targets=[JOE], actor=system())
        create_alias_domain(name="old.org", target=away.domain, actor=system())


# -- What it costs
def test_where_no_reply_is_on_a_change_costs_one_look(joe: Mailbox) -> None:
    with CaptureQueriesContext(connection) as queries:
        create_alias(address="team@example.org", targets=[JOE], actor=system())
    asked = [query["sql"] for query in queries if "vacation" in query["sql"]]
    assert len(asked) == 1
    assert Vacation.objects.count() == 0

    hashed = password_hash()
    with CaptureQueriesContext(connection) as queries:
        create_mailbox(domain=joe.domain, local_part="new", password_hash=hashed, actor=system())
    assert [query["sql"] for query in queries if "vacation" in query["sql"]] == []
