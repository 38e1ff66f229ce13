from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from aliases.models import Alias
from domains.models import AliasDomain, Domain
from mailadmin.mailhost.source import all_entries
from mailadmin.mailhost.steps import Found, Trace
from mailadmin.mailhost.tables import tables_of_this_host
from mailadmin.mailhost.trace import trace
from mailboxes.models import Mailbox, MailboxUsage
from tests.factories import make_alias, make_alias_domain, make_domain, make_mailbox

pytestmark = pytest.mark.django_db
ALICE = "alice@example.org"


@pytest.fixture(autouse=True)
def _tables(tmp_path: Path, settings) -> None:
    settings.MAPS_DIR, settings.MAPS_TYPE = tmp_path / "maps", "texthash"


@pytest.fixture
def domain() -> Domain:
    return make_domain("example.org")


def way(found: Trace) -> list[tuple[str, str]]:
    return [(step.address, step.found.value) for step in found.steps]


def build_tables() -> None:
    tables_of_this_host().build(all_entries())


def write(address: str, goto: str, **fields: object) -> None:
    """As other programs write it, without our checks."""
    domain = address.rpartition("@")[2]
    Alias.objects.create(address=address, goto=goto, domain_id=domain, **fields)


def test_a_mailbox_keeps_its_mail(domain: Domain) -> None:
    make_mailbox(ALICE)
    found = trace(ALICE)

    assert way(found) == [(ALICE, "mailbox")]
    assert (found.mailboxes, found.outside, found.refused) == ([ALICE], [], False)


def test_an_unknown_domain_is_outside() -> None:
    found = trace("x@elsewhere.test")

    assert way(found) == [("x@elsewhere.test", "unknown_domain")]
    assert (found.mailboxes, found.outside, found.refused) == ([], ["x@elsewhere.test"], False)


def test_nothing_there_is_refused(domain: Domain) -> None:
    found = trace("nobody@example.org")

    assert way(found) == [("nobody@example.org", "nothing")]
    assert (found.refused, found.delivered) == (True, False)


def test_an_inactive_domain_refuses(domain: Domain) -> None:
    make_mailbox(ALICE)
    Domain.objects.update(active=False)
    found = trace(ALICE)

    assert way(found) == [(ALICE, "inactive_domain")]
    assert found.refused


def test_a_relayed_domain_hands_on() -> None:
    make_domain("backup.org", transport="smtp:[192.0.2.1]")
    found = trace("x@backup.org")

    assert way(found) == [("x@backup.org", "relayed")]
    assert (found.outside, found.refused) == (["x@backup.org"], False)


def test_forwarding_with_a_copy(domain: Domain) -> None:
    make_mailbox(ALICE)
    Alias.objects.filter(pk=ALICE).update(goto=f"{ALICE}, x@elsewhere.test")
    found = trace(ALICE)

    assert way(found) == [(ALICE, "forwarding"), (ALICE, "mailbox"), ("x@elsewhere.test", "unknown_domain")]
    assert (found.mailboxes, found.outside) == ([ALICE], ["x@elsewhere.test"])


def test_an_alias_of_an_alias_to_one_mailbox_is_no_loop(domain: Domain) -> None:
    make_mailbox(ALICE)
    make_alias("one@example.org", ALICE)
    make_alias("two@example.org", ALICE)
    make_alias("team@example.org", "one@example.org", "two@example.org")
    found = trace("team@example.org")

    assert way(found) == [
        ("team@example.org", "alias"),
        ("one@example.org", "alias"),
        ("two@example.org", "alias"),
        (ALICE, "mailbox"),
    ]
    assert found.mailboxes == [ALICE]


def test_an_inactive_alias_is_refused(domain: Domain) -> None:
    make_mailbox(ALICE)
    make_alias("team@example.org", ALICE, active=False)
    found = trace("team@example.org")

    assert way(found) == [("team@example.org", "inactive_alias")]
    assert found.refused


def test_an_inactive_mailbox_falls_to_the_catch_all(domain: Domain) -> None:
    make_mailbox(ALICE)
    make_mailbox("bob@example.org", active=False)
    assert trace("bob@example.org").refused

    make_alias("@example.org", ALICE)
    found = trace("bob@example.org")

    assert way(found) == [("bob@example.org", "inactive_mailbox"), ("bob@example.org", "catch_all"), (ALICE, "mailbox")]
    assert (found.refused, found.mailboxes) == (False, [ALICE])


def test_an_alias_domain_has_the_addresses_of_its_target(domain: Domain) -> None:
    make_mailbox(ALICE)
    make_alias_domain("old.org", domain)
    found = trace("alice@old.org")

    assert way(found) == [("alice@old.org", "alias_domain"), (ALICE, "mailbox")]
    assert trace("nobody@old.org").refused

    AliasDomain.objects.update(active=False)
    found = trace("alice@old.org")
    assert way(found) == [("alice@old.org", "inactive_alias_domain"), ("alice@old.org", "nothing")]
    assert found.refused


def test_an_alias_domain_has_the_catch_all_of_its_target(domain: Domain) -> None:
    make_mailbox(ALICE)
    make_alias("@example.org", ALICE)
    make_alias_domain("old.org", domain)

    assert way(trace("any@old.org")) == [("any@old.org", "catch_all"), (ALICE, "mailbox")]


@pytest.mark.parametrize("rows", [{"a": "b", "b": "a"}, {"a": "a"}, {"a": "b,c", "b": "d", "c": "d", "d": "c"}])
def test_a_loop_ends(domain: Domain, rows: dict[str, str]) -> None:
    for local_part, targets in rows.items():
        write(f"{local_part}@example.org", ",".join(f"{each}@example.org" for each in targets.split(",")))
    found = trace("a@example.org")

    assert [step.found for step in found.steps if step.found is Found.LOOP] == [Found.LOOP]
    assert (found.delivered, found.refused) == (False, False)


def test_a_thousand_targets_are_the_limit(domain: Domain) -> None:
    write("all@example.org", ",".join(f"x{number}@elsewhere.test" for number in range(1000)))
    write("more@example.org", ",".join(f"x{number}@elsewhere.test" for number in range(1001)))

    assert len(trace("all@example.org").outside) == 1000
    found = trace("more@example.org")
    assert way(found) == [("more@example.org", "alias"), ("more@example.org", "too_many")]
    assert found.refused


def test_a_full_mailbox_is_named(domain: Domain) -> None:
    make_mailbox(ALICE, quota_bytes=1000)
    MailboxUsage.objects.create(address=ALICE, bytes=1000)

    assert way(trace(ALICE)) == [(ALICE, "mailbox"), (ALICE, "over_quota")]


def test_queries_do_not_grow_with_the_targets(domain: Domain, django_assert_num_queries) -> None:
    for number in range(20):
        make_mailbox(f"m{number}@example.org")
    make_alias("three@example.org", *(f"m{number}@example.org" for number in range(3)))
    make_alias("twenty@example.org", *(f"m{number}@example.org" for number in range(20)))
    with django_assert_num_queries(14):
        assert len(trace("three@example.org").mailboxes) == 3
    with django_assert_num_queries(14):
        assert len(trace("twenty@example.org").mailboxes) == 20


def test_live_when_the_tables_say_the_same(domain: Domain) -> None:
    make_mailbox(ALICE)
    make_alias("team@example.org", ALICE, "x@elsewhere.test")
    make_alias("@example.org", ALICE)
    make_alias_domain("old.org", domain)
    build_tables()

    for address in ("team@example.org", "team@old.org", "any@old.org", "x@elsewhere.test"):
        assert (trace(address).live, trace(address).disagreements) == (True, [])


def test_a_difference_in_the_tables_is_named(domain: Domain) -> None:
    make_mailbox(ALICE)
    build_tables()
    Mailbox.objects.filter(pk=ALICE).update(maildir="example.org/moved/")

    found = trace(ALICE)

    assert found.live is False
    assert [vars(each) for each in found.disagreements] == [
        {
            "table": "virtual_mailboxes",
            "key": ALICE,
            "expected": "example.org/moved/",
            "found": "example.org/alice/",
        }
    ]


def test_tables_that_cannot_be_asked_leave_it_open(domain: Domain, settings) -> None:
    settings.MAPS_TYPE = "lmdb"
    found = trace("nobody@example.org")

    assert found.live is None
    assert "virtual_domains" in found.live_error


def test_the_command_tells_in_words(domain: Domain) -> None:
    make_mailbox(ALICE)
    make_alias("team@example.org", ALICE)
    build_tables()
    output = StringIO()
    call_command("trace", "Team@Example.org", stdout=output)

    assert output.getvalue().splitlines() == [
        "team@example.org: an alias for alice@example.org.",
        "alice@example.org: delivered to the mailbox.",
        "refused: no",
        "mailboxes: alice@example.org",
        "outside: -",
        "tables agree: yes",
    ]


def test_the_command_prints_json(domain: Domain) -> None:
    output = StringIO()
    call_command("trace", "nobody@example.org", "--json", stdout=output)
    told = json.loads(output.getvalue())

    assert (told["refused"], told["mailboxes"], told["live"]) == (True, [], False)
    assert told["steps"] == [
        {
            "address": "nobody@example.org",
            "found": "nothing",
            "targets": [],
            "text": "nobody@example.org: neither a mailbox nor an alias; refused.",
        }
    ]


def test_the_command_refuses_what_is_no_address() -> None:
    with pytest.raises(CommandError, match="has no @"):
        call_command("trace", "nonsense")
