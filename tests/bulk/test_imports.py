"""From a file to rows: what the preview says is what is done."""

from __future__ import annotations

from typing import Any

import pytest

from aliases.models import Alias
from bulk.models import Batch, Import, State
from bulk.services import cancel_import, sweep_imports, take_turn, turns
from domains.models import Domain, DomainUsage
from mailadmin.accounts.models import Account
from mailadmin.accounts.schemes import verify
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import MailHost, PendingWork
from mailboxes.models import Mailbox
from tests.bulk.files import applied, mailboxes, outcomes, previewed, start, told, worked_off
from tests.factories import PASSWORD, actor_of, make_alias, make_domain, make_mailbox, password_hash, system
from tests.refusals import nothing_written, refused

# What a worker tells while its transaction is open goes by a connection of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)
DENIED, CREATE, CHANGE, NOTHING, REFUSED = ["denied"], "create", "change", "nothing", "refused"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch, example_org: Domain) -> None:
    """So that a few lines are several transactions."""
    monkeypatch.setattr("bulk.services.imports.BATCH_LINES", 2)
    MailHost.objects.get_or_create(name="main")  # the tests before may have emptied its table


def test_mailboxes_come_in_with_all_that_a_single_one_brings() -> None:
    row = applied(previewed(mailboxes("ann", "joe", "sue")))

    assert (row.state, row.to_create, row.refused) == (State.DONE, 3, 0)
    assert list(Mailbox.objects.values_list("address", "name", "maildir", "password")) == [
        (f"{name}@example.org", name.title(), f"example.org/{name}/", password_hash()) for name in ("ann", "joe", "sue")
    ]
    assert list(Alias.objects.values_list("address", "goto", "self_only")) == [
        (f"{name}@example.org", f"{name}@example.org", True) for name in ("ann", "joe", "sue")
    ]
    assert DomainUsage.objects.get(pk="example.org").mailboxes == 3
    created = Entry.objects.filter(action="mailbox.create")
    assert sorted(created.values_list("object_key", flat=True)) == sorted(Mailbox.objects.values_list("pk", flat=True))
    work = PendingWork.objects.exclude(key="example.org")
    assert sorted(work.values_list("kind", "key")) == sorted(
        (kind, f"{name}@example.org") for name in ("ann", "joe", "sue") for kind in ("address", "maildir")
    )


def test_many_are_written_as_one_is() -> None:
    """The fast way and the usual one leave the same rows."""
    example_org = Domain.objects.get(pk="example.org")
    Domain.objects.filter(pk=example_org.pk).update(max_quota_mb=7, password_expiry_days=30)
    applied(previewed(mailboxes("quick")))
    make_mailbox("usual@example.org", name="Usual")

    def rows(name: str) -> list[Any]:
        address = f"{name}@example.org"
        models = (Mailbox.objects.filter(pk=address), Alias.objects.filter(pk=address))
        work = PendingWork.objects.filter(key=address)
        entry = Entry.objects.get(object_key=address)
        found = [*models[0].values(), *models[1].values(), *work.values("kind", "source", "target"), entry.after]
        times = ("created_at", "modified_at", "password_expires_at", "uid")
        return [
            str({key: value for key, value in each.items() if key not in times}).lower().replace(name, "NAME")
            for each in found
        ]

    assert rows("quick") == rows("usual")
    assert Mailbox.objects.get(pk="quick@example.org").password_expires_at.year > 2000


def test_the_preview_writes_nothing_but_itself() -> None:
    row = start(mailboxes("ann", "joe"))
    Import.objects.filter(pk=row.pk).update(state=State.CANCELLED)  # out of the way of the comparison
    before = {model: model.objects.count() for model in (Mailbox, Alias, Entry, PendingWork)}
    Import.objects.filter(pk=row.pk).update(state=State.CHECKING)
    assert told(worked_off(row)) == [(2, "ann@example.org", CREATE, []), (3, "joe@example.org", CREATE, [])]
    assert {model: model.objects.count() for model in before} == before


LINES = f"""address,name,active,quota_bytes,password,password_hash
new@example.org,New,,,,{{HASH}}
JOE@Example.ORG,Joe,no,,,{{HASH}}
new@example.org,Twice,,,,{{HASH}}
team@example.org,Team,,,,{{HASH}}
ann@elsewhere.test,Ann,,,,{{HASH}}
bad address,Bad,,,,{{HASH}}
clear@example.org,Clear,,,{PASSWORD},
both@example.org,Both,,,{PASSWORD},{{HASH}}
none@example.org,None,,,,
weak@example.org,Weak,,,12345,
hash@example.org,Hash,,,,{{NO}}hash
text@example.org,Text,perhaps,much,,{{HASH}}
,Nobody,,,,{{HASH}}
long@example.org,{"x" * 256},,,,{{HASH}}
minus@example.org,Minus,,-1,,{{HASH}}
"""
EXPECTED = [
    (2, "new@example.org", CREATE, []),
    (3, "joe@example.org", REFUSED, ["address_is_mailbox"]),
    (4, "new@example.org", REFUSED, ["line_twice"]),
    (5, "team@example.org", REFUSED, ["address_is_alias"]),
    (6, "ann@elsewhere.test", REFUSED, ["domain_unknown"]),
    (7, "bad address", REFUSED, ["address_no_at"]),
    (8, "clear@example.org", CREATE, []),
    (9, "both@example.org", REFUSED, ["password_twice"]),
    (10, "none@example.org", REFUSED, ["password_missing"]),
    (11, "weak@example.org", REFUSED, ["password_short"]),
    (12, "hash@example.org", REFUSED, ["hash_scheme_unknown"]),
    (13, "text@example.org", REFUSED, ["wrong_type"]),
    (14, "", REFUSED, ["required"]),
    (15, "long@example.org", REFUSED, ["max_length"]),
    (16, "minus@example.org", REFUSED, ["quota_invalid"]),
]


@pytest.fixture
def lines() -> str:
    make_mailbox("joe@example.org", name="Joseph")
    make_alias("team@example.org", "joe@example.org")
    return LINES.replace("{HASH}", f'"{password_hash()}"')


def test_each_line_says_what_it_will_do_and_why_not(lines: str) -> None:
    row = previewed(lines)
    assert told(row) == EXPECTED
    assert (row.state, row.to_create, row.refused, row.lines) == (State.READY, 2, 13, 15)


def test_the_good_lines_alone(lines: str) -> None:
    row = applied(previewed(lines), "good")
    assert (row.state, told(row), row.to_create, row.refused) == (State.DONE, EXPECTED, 2, 13)
    assert {"new@example.org", "clear@example.org"} < set(Mailbox.objects.values_list("pk", flat=True))
    assert verify(PASSWORD, Mailbox.objects.get(pk="clear@example.org").password)


def test_all_or_nothing_leaves_nothing_where_a_line_is_refused(lines: str) -> None:
    before = set(Mailbox.objects.values_list("pk", flat=True))
    row = applied(previewed(lines), "all")
    assert (row.state, row.to_create, row.to_leave, row.refused) == (State.REFUSED, 0, 2, 13)
    assert [each for each in told(row) if each[2] != REFUSED] == [
        (2, "new@example.org", NOTHING, []),
        (8, "clear@example.org", NOTHING, []),
    ]
    assert set(Mailbox.objects.values_list("pk", flat=True)) == before


@pytest.mark.parametrize(
    ("existing", "action", "name"), [("refuse", REFUSED, "Old"), ("update", CHANGE, "New"), ("leave", NOTHING, "Old")]
)
def test_what_is_there_already_is_done_with_as_chosen(existing: str, action: str, name: str) -> None:
    make_mailbox("joe@example.org", name="Old")
    row = applied(previewed("address;name\njoe@example.org;New\n", existing=existing), "good")
    assert [each[2] for each in told(row)] == [action]
    assert Mailbox.objects.get(pk="joe@example.org").name == name


def test_a_line_that_changes_nothing_leaves_no_trace() -> None:
    make_mailbox("joe@example.org", name="Joe")
    entries = Entry.objects.filter(object_key="joe@example.org").count()
    text = mailboxes("joe")
    row = applied(previewed(text, existing="update"))
    assert [each[2] for each in told(row)] == [NOTHING]
    assert Entry.objects.filter(object_key="joe@example.org").count() == entries


def test_a_password_and_a_name_are_changed_together() -> None:
    make_mailbox("joe@example.org", name="Joe")
    text = "address,name,password\njoe@example.org,Joseph,quite another battery\n"
    row = applied(previewed(text, existing="update"))
    joe = Mailbox.objects.get(pk="joe@example.org")
    assert (row.to_change, joe.name, verify("quite another battery", joe.password)) == (1, "Joseph", True)


def test_the_limits_of_a_domain_count_the_lines_before() -> None:
    make_domain("small.org", max_mailboxes=2, quota_mb=10)
    lines = [
        f'{name}@small.org,{quota},"{password_hash()}"' for name, quota in (("a", 1), ("b", 10**8), ("c", 5), ("d", 6))
    ]
    row = previewed("\n".join(["address,quota_bytes,password_hash", *lines]))
    assert [(each[2], each[3]) for each in told(row)] == [
        (CREATE, []),
        (REFUSED, ["quota_over_domain"]),
        (CREATE, []),
        (REFUSED, ["domain_full"]),
    ]


def test_aliases_see_the_lines_before_them() -> None:
    make_mailbox("joe@example.org")
    text = (
        "address,goto,description\n"
        'team@example.org,"joe@example.org, sue@elsewhere.test",Team\n'
        "all@example.org,team@example.org\tjoe@example.org,\n"
        "@example.org,joe@example.org,Rest\n"
        "one@example.org,two@example.org,\n"
        "two@example.org,one@example.org,\n"
        "joe@example.org,sue@elsewhere.test,\n"
        "none@example.org,,\n"
        "pipe@example.org,|/bin/sh,\n"
    )
    row = applied(previewed(text, "aliases"), "good")
    assert [(each[2], each[3]) for each in told(row)] == [
        *[(CREATE, [])] * 4,
        (REFUSED, ["alias_loop"]),
        (REFUSED, ["address_is_mailbox"]),
        (REFUSED, ["target_missing"]),
        (REFUSED, ["target_not_address"]),
    ]
    assert Alias.objects.get(pk="team@example.org").targets == ["joe@example.org", "sue@elsewhere.test"]


def test_domains_with_their_limits_in_bytes() -> None:
    text = "name\tmax_mailboxes\tquota_bytes\tbackup_mx\nnew.org\t5\t1024000000\tno\nexample.org\t7\t\t\n"
    row = applied(previewed(text, "domains", existing="update"))
    assert [(each[1], each[2]) for each in told(row)] == [("new.org", CREATE), ("example.org", CHANGE)]
    new = Domain.objects.get(pk="new.org")
    assert (new.max_mailboxes, new.quota_mb, new.backup_mx) == (5, 1000, False)
    assert Domain.objects.get(pk="example.org").max_mailboxes == 7


def test_what_is_not_there_and_what_is_not_ones_own_is_refused_alike(alice: Account) -> None:
    make_mailbox("joe@example.com", name="Theirs")
    actor = actor_of(alice)
    text = mailboxes("own") + mailboxes("joe", "new", domain="example.com").partition("\n")[2]
    text += mailboxes("new", domain="nowhere.test").partition("\n")[2]
    for existing in ("refuse", "update", "leave"):
        row = previewed(text, existing=existing, actor=actor)
        assert [(each[2], each[3]) for each in told(row)] == [(CREATE, []), *[(REFUSED, DENIED)] * 3]
    domains = previewed("name\nnew.org\n", "domains", actor=actor)
    assert [(each[2], each[3]) for each in told(domains)] == [(REFUSED, DENIED)]


def test_an_import_is_its_senders_alone(alice: Account, bob: Account, root: Account) -> None:
    row = previewed(mailboxes("ann"), actor=actor_of(alice))
    assert [row in Import.objects.visible_to(actor_of(account)) for account in (alice, root, bob)] == [
        True,
        True,
        False,
    ]
    with pytest.raises(Import.DoesNotExist):
        applied(row, actor=actor_of(bob))


def test_what_the_sender_may_is_asked_when_it_is_done(alice: Account) -> None:
    row = previewed(mailboxes("ann"), actor=actor_of(alice))
    Account.objects.filter(pk=alice.pk).update(is_active=False)
    assert applied(row).state == State.FAILED
    assert not Mailbox.objects.exists()


def test_cancelled_before_it_is_done() -> None:
    row = previewed(mailboxes("ann"))
    cancel_import(row=row, actor=system())
    row.refresh_from_db()
    assert (row.state, set(row.batches.values_list("sealed", flat=True))) == (State.CANCELLED, {""})
    with refused("import_not_ready", ""):
        applied(row)
    with refused("import_over", ""):
        cancel_import(row=row, actor=system())


@pytest.mark.parametrize(("mode", "left"), [("good", 2), ("all", 0)])
def test_cancelled_in_the_middle(monkeypatch: pytest.MonkeyPatch, mode: str, left: int) -> None:
    """Of the good lines those of the first batch are done, and told; of all none."""
    row = previewed(mailboxes("ann", "joe", "sue", "tom"))
    if mode == "good":
        monkeypatch.setattr("bulk.services.progress.EVERY_SECONDS", 0)
    write = turns.write_lines

    def cancelling(*args: Any) -> Any:
        written = write(*args)
        Import.objects.filter(pk=row.pk).update(cancel_asked=True)
        return written

    monkeypatch.setattr(turns, "write_lines", cancelling)
    applied(row, mode)
    assert (row.state, Mailbox.objects.count()) == (State.CANCELLED, left)
    assert [each[2] for each in told(row)].count(CREATE) == left


def test_a_killed_worker_is_followed_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its claim ends, the sweep asks again, and no line is done twice."""
    row = previewed(mailboxes("ann", "joe", "sue", "tom"))
    write, batches = turns.write_lines, []

    class Killed(BaseException):
        pass

    def dying(*args: Any) -> Any:
        if batches:
            raise Killed
        batches.append(1)
        return write(*args)

    with monkeypatch.context() as patch:
        patch.setattr(turns, "write_lines", dying)
        with pytest.raises(Killed):
            applied(row, "good")
    assert (Mailbox.objects.count(), Import.objects.get(pk=row.pk).to_create) == (2, 2)
    assert sweep_imports() == 1
    worked_off(row)
    assert (row.state, row.to_create, row.progress, Mailbox.objects.count()) == (State.DONE, 4, 4, 4)


def test_a_worker_killed_while_it_checks_is_followed_by_the_next(lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which finds some lines checked, and says the same of all."""
    row = start(lines)
    with monkeypatch.context() as patch:
        patch.setattr(turns, "_rehearse", lambda *args: None)
        take_turn(row.pk)
    assert told(worked_off(row)) == EXPECTED


def test_two_workers_do_not_both_have_it() -> None:
    row = start(mailboxes("ann"))
    assert turns._claim(row.pk) is not None
    assert take_turn(row.pk) is False
    assert Import.objects.get(pk=row.pk).state == State.CHECKING


def test_no_password_stands_in_the_database_or_the_audit() -> None:
    row = previewed(f"address,password\nann@example.org,{PASSWORD}\n")
    assert PASSWORD not in str(list(Batch.objects.values()))
    row = applied(row)
    assert row.state == State.DONE
    assert PASSWORD not in str([list(Batch.objects.values()), list(Entry.objects.values()), outcomes(row)])
    assert set(row.batches.values_list("sealed", flat=True)) == {""}
    assert verify(PASSWORD, Mailbox.objects.get().password)


def test_a_preview_alone_cannot_be_done() -> None:
    row = previewed(mailboxes("ann"), preview_only=True)
    with refused("import_not_ready", ""):
        applied(row)


def test_a_wrong_file_leaves_nothing() -> None:
    with nothing_written(), refused("column_unknown", "file"):
        start("address,colour\njoe@example.org,red\n")
