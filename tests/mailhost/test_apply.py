"""Pending work, with real tables and a real volume."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from domains.models import Domain
from domains.services import delete_domain, set_domain_active
from mailadmin.mailhost import hosts
from mailadmin.mailhost.apply import apply_pending
from mailadmin.mailhost.locks import host_lock
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailadmin.mailhost.queue import queue_maildir, waiting
from mailadmin.mailhost.tables import tables_of_this_host
from mailadmin.mailhost.tasks import prune
from mailadmin.mailhost.verification import repair, verify
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox, restore_mailbox, set_mailbox_active
from tests.factories import make_alias, make_alias_domain, make_domain, make_mailbox, system

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["lmdb", "texthash"])
def host(request, settings, db):
    settings.MAPS_TYPE = request.param
    return hosts.register()


@pytest.fixture
def users(settings):
    return settings.MAIL_VOLUME / "users"


def table(name):
    return dict(tables_of_this_host().dump(name))


def test_everything_becomes_live(host, users):
    make_mailbox("joe@example.org")
    make_alias("team@example.org", "joe@example.org")
    assert waiting(["joe@example.org", "team@example.org"]) == {"joe@example.org", "team@example.org"}
    report = apply_pending(host)
    assert report.failed == []
    assert waiting(["joe@example.org", "team@example.org", "example.org"]) == set()
    assert table("virtual_domains") == {"example.org": "example.org"}
    assert table("virtual_mailboxes") == {"joe@example.org": "example.org/joe/"}
    assert (users / "example.org/joe/cur").is_dir()
    assert verify(host).count == 0


def test_nothing_due_does_nothing(host):
    apply_pending(host)
    assert apply_pending(host).done == []


def test_life_of_a_mailbox(host, users, settings):
    mailbox = make_mailbox("joe@example.org")
    alias_domain = make_alias_domain("old.org", mailbox.domain)
    apply_pending(host)
    (users / "example.org/joe/new/1.letter").write_text("hello")
    assert table("virtual_aliases")["joe@old.org"] == "joe@example.org"

    set_mailbox_active(mailbox=mailbox, active=False, actor=system())
    apply_pending(host)
    assert table("virtual_mailboxes") == table("virtual_aliases") == {}

    set_mailbox_active(mailbox=mailbox, active=True, actor=system())
    mailbox = rename_mailbox(mailbox=mailbox, address="joseph@example.org", actor=system())
    apply_pending(host)
    assert set(table("virtual_aliases")) == {"joseph@example.org", "joseph@old.org"}
    assert (users / "example.org/joseph/new/1.letter").read_text() == "hello"
    assert not (users / "example.org/joe").exists()

    archived = delete_mailbox(mailbox=mailbox, actor=system())
    apply_pending(host)
    assert table("virtual_aliases") == {}
    assert (settings.MAIL_VOLUME / archived.archive_path / "Maildir/new/1.letter").read_text() == "hello"

    restore_mailbox(archived=archived, actor=system())
    apply_pending(host)
    assert (users / "example.org/joseph/new/1.letter").read_text() == "hello"
    assert table("virtual_aliases")["joseph@old.org"] == "joseph@example.org"
    assert verify(host).count == 0
    assert alias_domain.pk == "old.org"


def test_deleted_and_made_again_before_the_worker_came(host, users, settings):
    mailbox = make_mailbox("joe@example.org")
    apply_pending(host)
    (users / "example.org/joe/new/1.old").write_text("old")
    archived = delete_mailbox(mailbox=mailbox, actor=system())
    make_mailbox("joe@example.org")
    apply_pending(host)
    assert list((users / "example.org/joe/new").iterdir()) == []
    assert (settings.MAIL_VOLUME / archived.archive_path / "Maildir/new/1.old").exists()
    assert verify(host).count == 0


def test_domain_off_and_on(host):
    domain = make_mailbox("joe@example.org").domain
    make_alias_domain("old.org", domain)
    make_alias("@example.org", "joe@example.org")
    apply_pending(host)
    before = {name: table(name) for name in ("virtual_domains", "virtual_mailboxes", "virtual_aliases", "sender_login")}
    domain = set_domain_active(domain=domain, active=False, actor=system())
    apply_pending(host)
    assert table("virtual_domains") == {"old.org": "old.org"}
    assert table("virtual_mailboxes") == table("virtual_aliases") == table("sender_login") == {}
    set_domain_active(domain=domain, active=True, actor=system())
    apply_pending(host)
    assert {name: table(name) for name in before} == before


@pytest.mark.parametrize(("most", "previous"), [(3, set()), (2, {"virtual_mailboxes.previous.lmdb"})])
def test_many_keys_of_a_domain_build_the_tables_anew(db, settings, monkeypatch, most, previous):
    """A build keeps the table that was there before; a delta changes it in place."""
    settings.MAPS_TYPE = "lmdb"
    host = hosts.register()
    apply_pending(host)
    for name in ("joe", "ann", "eve"):
        make_mailbox(f"{name}@example.org")
    apply_pending(host)
    for path in settings.MAPS_DIR.glob("*.previous.lmdb"):
        path.unlink()
    monkeypatch.setattr("mailadmin.mailhost.apply.DELTA_AT_MOST", most)

    set_domain_active(domain=Domain.objects.get(), active=False, actor=system())
    apply_pending(host)

    assert table("virtual_mailboxes") == {}
    assert {path.name for path in settings.MAPS_DIR.glob("virtual_mailboxes.previous*")} == previous


def test_domain_deleted(host):
    domain = make_mailbox("joe@example.org").domain
    make_alias("team@example.org", "joe@example.org")
    apply_pending(host)
    delete_domain(domain=domain, actor=system())
    apply_pending(host)
    assert table("virtual_domains") == table("virtual_mailboxes") == table("virtual_aliases") == {}
    assert verify(host).count == 0


def test_failure_is_kept_told_and_tried_again_later(host, users, settings):
    make_mailbox("joe@example.org")
    settings.MAIL_VOLUME.mkdir(exist_ok=True)
    users.write_text("a file where a directory should be")
    (failed,) = apply_pending(host).failed
    row = PendingWork.objects.get(pk=failed.pk)
    assert (row.kind, row.key, row.attempts, row.done_at) == (Kind.MAILDIR, "joe@example.org", 1, None)
    assert row.error != ""
    assert row.due_at > timezone.now()
    assert waiting(["joe@example.org"]) == {"joe@example.org"}
    assert table("virtual_mailboxes") == {"joe@example.org": "example.org/joe/"}
    assert apply_pending(host).done == []
    users.unlink()
    PendingWork.objects.open().update(due_at=timezone.now())
    assert [done.pk for done in apply_pending(host).done] == [row.pk]
    assert verify(host).count == 0


def test_later_move_waits_for_the_failed_one_of_the_same_path(host, users, settings):
    mailbox = make_mailbox("joe@example.org")
    apply_pending(host)
    (users / "example.org/joe/new/1.letter").write_text("hello")
    rename_mailbox(mailbox=mailbox, address="b@example.org", actor=system())
    first = PendingWork.objects.open().get(kind=Kind.MAILDIR)
    PendingWork.objects.filter(pk=first.pk).update(error="disk full", due_at=timezone.now() + timedelta(hours=1))
    rename_mailbox(mailbox=Mailbox.objects.get(), address="c@example.org", actor=system())
    apply_pending(host)
    assert PendingWork.objects.open().filter(kind=Kind.MAILDIR).count() == 2
    assert (users / "example.org/joe").exists()
    PendingWork.objects.open().update(due_at=timezone.now())
    apply_pending(host)
    assert (users / "example.org/c/new/1.letter").read_text() == "hello"
    assert verify(host).count == 0


def test_another_process_at_work_is_not_disturbed(host):
    make_mailbox("joe@example.org")
    with host_lock(wait=False) as taken:
        assert taken
        assert apply_pending(host).done == []
    assert len(apply_pending(host).done) == 3


def test_new_host_builds_everything(host, settings, tmp_path):
    make_mailbox("joe@example.org")
    apply_pending(host)
    settings.MAIL_HOST, settings.MAPS_DIR = "second", tmp_path / "second"
    second = hosts.register()
    assert MailHost.objects.count() == 2
    apply_pending(second)
    assert table("virtual_mailboxes") == {"joe@example.org": "example.org/joe/"}
    make_mailbox("ann@example.org")
    apply_pending(second)
    assert waiting(["ann@example.org"]) == {"ann@example.org"}, "the first host has not done it yet"


def test_done_work_is_forgotten_after_a_week(host):
    make_domain()
    apply_pending(host)
    assert prune() == 0
    PendingWork.objects.update(done_at=timezone.now() - timedelta(days=8))
    make_domain("open.org")
    assert prune() == 1
    assert list(PendingWork.objects.values_list("key", flat=True)) == ["open.org"]


def test_verify_names_each_difference_and_repair_cures_it(host, users, settings):
    for local_part in ("missing", "mode", "part", "fine"):
        make_mailbox(f"{local_part}@example.org")
    apply_pending(host)
    shutil.rmtree(users / "example.org/missing")
    (users / "example.org/mode").chmod(0o755)
    (users / "example.org/part/tmp").rmdir()
    (users / "example.org/stray/cur").mkdir(parents=True)
    (users / "example.org/stray/cur/1.letter").write_text("kept")
    tables = tables_of_this_host()
    entries = [("example.org", {"virtual_domains": "example.org", "transport": "smtp:x"})]
    entries += [("fine@example.org", {"virtual_mailboxes": "elsewhere/"}), ("gone@example.org", {"sender_login": "x"})]
    tables.build(entries)

    found = {(each.where, each.key, each.what) for each in verify(host).first}
    assert {
        ("maildir", "example.org/missing/", "missing"),
        ("maildir", "example.org/mode/", "mode"),
        ("maildir", "example.org/part/", "tmp: missing"),
        ("maildir", "example.org/stray/", "extra"),
        ("transport", "example.org", "extra"),
        ("sender_login", "gone@example.org", "extra"),
        ("virtual_mailboxes", "fine@example.org", "different"),
        ("virtual_aliases", "fine@example.org", "missing"),
    } <= found
    host.refresh_from_db()
    assert host.differences == len(host.report) == len(found)
    assert repair(host).count == 0
    (letter,) = (settings.MAIL_VOLUME / "archive").rglob("1.letter")
    assert letter.read_text() == "kept"


def test_row_of_another_program_that_no_table_holds_is_named(host):
    domain = make_domain()
    domain.aliases.create(address="Te am@example.org", goto="x@elsewhere.test")
    apply_pending(host)
    assert [each.where for each in verify(host).first] == ["row"]


def test_unsafe_maildir_of_another_program_stays_inside(host, tmp_path):
    make_domain()
    (tmp_path / "outside").mkdir()
    queue_maildir("x@example.org", source="users/../../outside/", target="archive/9/")
    (failed,) = apply_pending(host).failed
    assert "users/../../outside/" in failed.error
    assert (tmp_path / "outside").is_dir()


def test_lock_dies_with_its_process(settings):
    settings.MAPS_DIR.mkdir(parents=True)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, os, sys, time\n"
            "descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
            "fcntl.flock(descriptor, fcntl.LOCK_EX)\n"
            "print('held', flush=True)\n"
            "time.sleep(60)",
            str(settings.MAPS_DIR / ".lock"),
        ],
        stdout=subprocess.PIPE,
    )
    assert holder.stdout.readline() == b"held\n"
    with host_lock(wait=False) as taken:
        assert not taken
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with host_lock(wait=False) as taken:
        assert taken


def test_repair_leaves_a_maildir_that_a_rename_has_still_to_move(host, users):
    mailbox = make_mailbox("joe@example.org")
    apply_pending(host)
    (users / "example.org/joe/new/1.letter").write_text("hello")
    rename_mailbox(mailbox=mailbox, address="joseph@example.org", actor=system())
    (users / "example.org/joseph").write_text("in the way")
    repair(host)
    assert (users / "example.org/joe/new/1.letter").read_text() == "hello"
    (users / "example.org/joseph").unlink()
    assert repair(host).count == 0
    assert (users / "example.org/joseph/new/1.letter").read_text() == "hello"


def test_repair_goes_on_past_what_it_cannot_mend(host, users):
    make_mailbox("a@example.org")
    make_mailbox("b@example.org")
    apply_pending(host)
    for local_part in "ab":
        shutil.rmtree(users / f"example.org/{local_part}")
    (users / "example.org/a").write_text("a planted file")
    tables_of_this_host().path("sender_login").write_bytes(b"\xff\x00 not a table")
    left = repair(host)
    assert {(each.where, each.key) for each in left.first} == {("maildir", "example.org/a/")}
    assert (users / "example.org/b/cur").is_dir()
    assert set(table("sender_login")) == {"a@example.org", "b@example.org"}


def test_odd_rows_of_other_programs_do_not_stop_the_others(host):
    domain = make_domain()
    for address, maildir in (("straße@example.org", "x/"), ("strasse@example.org", "y/"), ("blank@example.org", "")):
        Mailbox.objects.create(address=address, maildir=maildir, domain=domain, local_part="", password="")
    PendingWork.objects.create(host=host, kind=Kind.REBUILD)
    assert apply_pending(host).failed == []
    assert table("virtual_mailboxes") == {"strasse@example.org": "y/"}
    rows = {each.key for each in verify(host).first if each.where == "row"}
    assert rows == {"mailbox 'straße@example.org'", "mailbox blank@example.org"}


def test_work_done_but_not_noted_leaves_the_newcomer_alone(host, users, settings):
    mailbox = make_mailbox("joe@example.org")
    apply_pending(host)
    (users / "example.org/joe/new/1.old").write_text("old")
    renamed = rename_mailbox(mailbox=mailbox, address="joseph@example.org", actor=system())
    newcomer = make_mailbox("joe@example.org")
    begun = list(PendingWork.objects.open().values_list("pk", flat=True))
    apply_pending(host)
    (users / "example.org/joe/new/2.new").write_text("new")
    PendingWork.objects.filter(pk__in=begun).update(done_at=None)  # as if killed before they were marked
    apply_pending(host)
    assert [path.name for path in (users / "example.org/joe/new").iterdir()] == ["2.new"]
    assert [path.name for path in (users / "example.org/joseph/new").iterdir()] == ["1.old"]

    archived = delete_mailbox(mailbox=newcomer, actor=system())
    make_mailbox("joe@example.org")
    begun = list(PendingWork.objects.open().values_list("pk", flat=True))
    apply_pending(host)
    (users / "example.org/joe/new/3.newer").write_text("newer")
    PendingWork.objects.filter(pk__in=begun).update(done_at=None)
    apply_pending(host)
    assert [path.name for path in (users / "example.org/joe/new").iterdir()] == ["3.newer"]
    archive = settings.MAIL_VOLUME / archived.archive_path / "Maildir/new"
    assert [path.name for path in archive.iterdir()] == ["2.new"]
    assert verify(host).count == 0
    assert renamed.pk == "joseph@example.org"


def test_what_was_set_aside_is_removed_after_the_archive_time(host, settings):
    archive = settings.MAIL_VOLUME / "archive"
    yesterday, long_ago = timezone.now() - timedelta(days=1), timezone.now() - timedelta(days=settings.ARCHIVE_DAYS + 2)
    kept = [archive / "7", archive / f"extra-{yesterday:%Y%m%dT%H%M%S}-x", archive / "extra"]
    gone = [archive / f"extra-{long_ago:%Y%m%dT%H%M%S}-x", archive / f"aside-{long_ago:%Y%m%d-%H%M%S}-ab12"]
    for directory in (*kept, *gone):
        (directory / "Maildir/cur").mkdir(parents=True)
    prune()
    assert set(archive.iterdir()) == set(kept)
