"""The vacation replies' scripts on the mail volume: put there, checked, followed through a mailbox's life, mended."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from aliases.models import Alias
from aliases.services import create_alias
from mailadmin.mailhost import hosts, sieve
from mailadmin.mailhost.apply import apply_pending
from mailadmin.mailhost.control import ControlError, check_sieve
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailadmin.mailhost.verification import repair, verify
from mailadmin.mailhost.volume import UnsafePath
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox, restore_mailbox
from tests.factories import make_mailbox, system
from vacations.models import Vacation
from vacations.scripts import wanted_script
from vacations.services import end_vacation, set_vacation

pytestmark = pytest.mark.django_db

JOE = "joe@example.org"


@pytest.fixture
def host(settings: Any, db: None) -> MailHost:
    settings.MAPS_TYPE = "texthash"
    return hosts.register()


@pytest.fixture
def joe(host: MailHost) -> Mailbox:
    joe = make_mailbox(JOE)
    apply_pending(host)
    return joe


@pytest.fixture
def homes(host_directories: Path) -> Path:
    return host_directories / "vmail" / "home"


@pytest.fixture
def dovecot(host_directories: Path, settings: Any) -> None:
    """A configuration, so that there is somebody to compile for; nobody runs it."""
    config = host_directories / "dovecot.conf"
    config.write_text("protocols =\nssl = no\nlog_path = /dev/stderr\n")
    settings.DOVECOT_CONFIG = str(config)


def away(mailbox: Mailbox, **changes: Any) -> Vacation:
    return set_vacation(
        mailbox=mailbox, **{"active": True, "subject": "Away", "body": "Back soon.", **changes}, actor=system()
    )


def tree(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir())


# -- Placed
def test_a_script_comes_and_goes_with_the_reply(host: MailHost, joe: Mailbox, homes: Path, dovecot: None) -> None:
    away(joe)
    assert apply_pending(host).failed == []
    script = homes / "example.org/joe/vacation.sieve"
    assert script.read_text() == wanted_script(JOE) != ""
    assert [script.stat().st_mode & 0o777, script.parent.stat().st_mode & 0o777] == [0o600, 0o700]
    assert verify(host).count == 0

    (script.parent / "vacation.svbin").write_bytes(b"as Dovecot leaves it")
    (script.parent / ".dovecot.sieve").write_text("keep;")
    end_vacation(mailbox=joe, actor=system())
    assert apply_pending(host).failed == []
    assert tree(homes) == ["example.org/joe/.dovecot.sieve"]
    assert verify(host).count == 0


def test_what_is_right_already_is_not_written_again(host: MailHost, joe: Mailbox, homes: Path) -> None:
    away(joe)
    apply_pending(host)
    before = (homes / "example.org/joe/vacation.sieve").stat()

    sieve.bring(JOE)

    assert (homes / "example.org/joe/vacation.sieve").stat() == before


def test_another_alias_changes_the_script(host: MailHost, joe: Mailbox, homes: Path, dovecot: None) -> None:
    away(joe)
    create_alias(address="team@example.org", targets=[JOE], actor=system())
    apply_pending(host)

    assert '["joe@example.org", "team@example.org"]' in (homes / "example.org/joe/vacation.sieve").read_text()


def test_a_script_that_does_not_compile_replaces_none(host: MailHost, joe: Mailbox, homes: Path, dovecot: None) -> None:
    away(joe)
    apply_pending(host)
    before = (homes / "example.org/joe/vacation.sieve").read_bytes()

    with pytest.raises(ControlError, match=r"sievec: .*unknown command"):
        sieve.put(joe.maildir, "nonsense;")
    with pytest.raises(ControlError):
        check_sieve('require ["vacation"]; vacation "no end')

    assert (homes / "example.org/joe/vacation.sieve").read_bytes() == before
    assert tree(homes) == ["example.org/joe/vacation.sieve"]


def test_a_compiler_that_is_away_is_an_error_that_is_tried_again(
    host: MailHost, joe: Mailbox, homes: Path, dovecot: None, settings: Any
) -> None:
    right, settings.DOVECOT_CONFIG = settings.DOVECOT_CONFIG, "/nowhere/dovecot.conf"
    away(joe)
    [failed] = apply_pending(host).failed
    assert (failed.kind, failed.key, failed.error.startswith("sievec: ")) == ("sieve", JOE, True)
    assert not homes.exists() or tree(homes) == []

    settings.DOVECOT_CONFIG = right
    PendingWork.objects.update(due_at=timezone.now())
    assert apply_pending(host).failed == []
    assert tree(homes) == ["example.org/joe/vacation.sieve"]


# -- Through a mailbox's life
def test_the_script_moves_with_its_mailbox(host: MailHost, joe: Mailbox, homes: Path) -> None:
    away(joe)
    apply_pending(host)
    (homes / "example.org/joe/sieve").mkdir()
    (homes / "example.org/joe/sieve/own.sieve").write_text("keep;")

    rename_mailbox(mailbox=joe, address="joseph@example.org", actor=system())
    assert apply_pending(host).failed == []

    assert tree(homes) == ["example.org/joseph/sieve/own.sieve", "example.org/joseph/vacation.sieve"]
    assert '["joseph@example.org"]' in (homes / "example.org/joseph/vacation.sieve").read_text()
    assert verify(host).count == 0


def test_the_script_waits_for_a_home_that_is_still_to_be_moved(host: MailHost, joe: Mailbox, homes: Path) -> None:
    away(joe)
    apply_pending(host)
    (homes / "example.org/joe/.dovecot.sieve").write_text("keep;")
    rename_mailbox(mailbox=joe, address="joseph@example.org", actor=system())
    move = PendingWork.objects.open().get(kind=Kind.MAILDIR)
    # As after a failure: the move is tried again later.
    PendingWork.objects.filter(pk=move.pk).update(due_at=timezone.now() + timedelta(minutes=5), error="busy")

    apply_pending(host)
    assert tree(homes) == ["example.org/joe/.dovecot.sieve", "example.org/joe/vacation.sieve"]
    assert PendingWork.objects.open().filter(kind=Kind.SIEVE, key="joseph@example.org").count() == 1

    PendingWork.objects.open().update(due_at=timezone.now())
    assert apply_pending(host).failed == []
    assert tree(homes) == ["example.org/joseph/.dovecot.sieve", "example.org/joseph/vacation.sieve"]
    assert not (homes.parent / "archive").exists()
    assert verify(host).count == 0


def test_deleted_and_restored(host: MailHost, joe: Mailbox, homes: Path) -> None:
    away(joe)
    apply_pending(host)
    archived = delete_mailbox(mailbox=joe, actor=system())
    apply_pending(host)
    assert tree(homes) == []
    assert verify(host).count == 0

    restore_mailbox(archived=archived, actor=system())
    apply_pending(host)
    assert tree(homes) == ["example.org/joe/vacation.sieve"]
    assert verify(host).count == 0


def test_a_script_that_was_to_go_when_its_mailbox_went_does_not_come_back(
    host: MailHost, joe: Mailbox, homes: Path
) -> None:
    away(joe)
    apply_pending(host)
    end_vacation(mailbox=joe, actor=system())
    archived = delete_mailbox(mailbox=joe, actor=system())
    apply_pending(host)
    restore_mailbox(archived=archived, actor=system())
    apply_pending(host)

    assert tree(homes) == []
    assert verify(host).count == 0


def test_what_two_changes_at_once_did_not_see_of_each_other_is_seen_by_the_later_one(
    host: MailHost, joe: Mailbox, homes: Path
) -> None:
    """An alias whose transaction saw no reply, because the other one was not committed: it queued its address alone."""
    away(joe)
    apply_pending(host)
    Alias.objects.create(address="team@example.org", goto=JOE, domain_id="example.org")
    PendingWork.objects.create(host=host, kind=Kind.ADDRESS, key="team@example.org")

    report = apply_pending(host)

    assert [(row.kind, row.key) for row in report.done] == [("address", "team@example.org"), ("sieve", JOE)]
    assert '"team@example.org"' in (homes / "example.org/joe/vacation.sieve").read_text()
    PendingWork.objects.create(host=host, kind=Kind.ADDRESS, key="team@example.org")
    assert [row.kind for row in apply_pending(host).done] == ["address"]
    assert verify(host).count == 0


# -- Out of the volume leads no way
def test_a_planted_link_is_replaced_and_not_followed(
    host: MailHost, joe: Mailbox, homes: Path, host_directories: Path
) -> None:
    victim = host_directories / "precious"
    victim.write_text("as it was")
    home = homes / "example.org/joe"
    home.mkdir(parents=True)
    for name in ("vacation.sieve", ".vacation.sieve.new", "vacation.svbin"):
        (home / name).symlink_to(victim)

    away(joe)
    assert apply_pending(host).failed == []
    assert (home / "vacation.sieve").read_text() == wanted_script(JOE)
    assert not (home / "vacation.sieve").is_symlink()
    end_vacation(mailbox=joe, actor=system())
    apply_pending(host)

    assert (tree(homes), victim.read_text()) == ([], "as it was")


def test_a_home_that_leads_elsewhere_is_refused(
    host: MailHost, joe: Mailbox, homes: Path, host_directories: Path
) -> None:
    elsewhere = host_directories / "elsewhere"
    elsewhere.mkdir()
    (homes / "example.org").mkdir(parents=True)
    (homes / "example.org/joe").symlink_to(elsewhere)

    away(joe)
    [failed] = apply_pending(host).failed
    assert "is a link or a file where a directory is expected" in failed.error
    assert list(elsewhere.iterdir()) == []
    for maildir in ("../joe/", "/etc/", "example.org//joe/", "./x/"):
        with pytest.raises(UnsafePath):
            sieve.put(maildir, "keep;")


def test_something_else_of_that_name_is_told(host: MailHost, joe: Mailbox, homes: Path) -> None:
    home = homes / "example.org/joe"
    (home / "vacation.sieve").mkdir(parents=True)
    away(joe)
    [failed] = apply_pending(host).failed
    assert failed.error
    assert "sieve: example.org/joe/: unsafe" in [str(each) for each in verify(host).first]

    (home / "vacation.sieve").rmdir()
    os.mkfifo(home / "vacation.sieve")  # must hold nobody
    assert sieve.check("example.org/joe/", "keep;") == ["unsafe"]
    assert repair(host).count == 0


# -- Compared and mended
def test_verify_finds_and_repair_mends(host: MailHost, joe: Mailbox, homes: Path) -> None:
    ann, ben = make_mailbox("ann@example.org"), make_mailbox("ben@example.org")
    for mailbox in (joe, ann, ben):
        away(mailbox)
    apply_pending(host)
    right = {name: (homes / name).read_bytes() for name in tree(homes)}
    assert len(right) == 3

    (homes / "example.org/joe/vacation.sieve").write_text("discard;")
    (homes / "example.org/ann/vacation.sieve").unlink()
    (homes / "example.org/ben/vacation.sieve").chmod(0o644)
    for stray in ("example.org/nobody", "gone.org/deep/er"):
        (homes / stray).mkdir(parents=True)
        (homes / stray / "vacation.sieve").write_text("discard;")
    found = {str(each) for each in verify(host).first}
    assert found == {
        "sieve: example.org/joe/: different",
        "sieve: example.org/ann/: missing",
        "sieve: example.org/ben/: mode",
        "sieve: example.org/nobody/: extra",
        "sieve: gone.org/deep/er/: extra",
    }

    assert repair(host).count == 0
    assert {name: (homes / name).read_bytes() for name in tree(homes)} == right


def test_a_whole_lost_volume_is_mended(host: MailHost, joe: Mailbox, homes: Path) -> None:
    away(joe)
    apply_pending(host)
    shutil.rmtree(homes)

    assert repair(host).count == 0
    assert tree(homes) == ["example.org/joe/vacation.sieve"]
