"""Maildirs on real directories. The tests run as root, as a worker on a mail host may, and give them to `mail`."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailadmin.mailhost import maildirs
from mailadmin.mailhost.maildirs import UnsafePath

ALICE = "users/example.org/alice/"
BOB = "users/example.org/bob/"
FOLDERS = (".Drafts", ".Sent", ".Trash", ".Junk")
MAIL = pwd.getpwnam("mail")


@pytest.fixture
def volume(tmp_path: Path, settings) -> Path:
    settings.MAIL_VOLUME = tmp_path / "vmail"
    settings.MAIL_OWNER = "mail:mail"
    return settings.MAIL_VOLUME


@pytest.fixture
def tiny_volume(volume: Path, settings) -> Iterator[Path]:
    """A file system with room for a few files only."""
    volume.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=14", "tmpfs", volume], check=True)
    yield volume
    subprocess.run(["umount", volume], check=True)


def contents(directory: Path) -> dict[str, str]:
    """Every file below, with what is in it."""
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def deliver(maildir: Path, name: str, text: str = "mail", part: str = "new") -> None:
    for each in ("cur", "new", "tmp"):
        (maildir / each).mkdir(parents=True, exist_ok=True)
    (maildir / part / name).write_text(text)


def test_ensure_makes_a_maildir_with_its_folders(volume: Path) -> None:
    maildirs.ensure(ALICE)

    maildir = volume / ALICE
    assert contents(maildir) == {
        "subscriptions": "Drafts\nSent\nTrash\nJunk\n",
        **{f"{folder}/maildirfolder": "" for folder in FOLDERS},
    }
    assert {str(path.relative_to(maildir)) for path in maildir.rglob("*") if path.is_dir()} == {
        *("cur", "new", "tmp"),
        *FOLDERS,
        *(f"{folder}/{part}" for folder in FOLDERS for part in ("cur", "new", "tmp")),
    }


def test_ensure_gives_all_to_the_owner_alone(volume: Path) -> None:
    maildirs.ensure(ALICE)

    found = [volume, *volume.rglob("*")]
    assert {(path.stat().st_uid, path.stat().st_gid) for path in found} == {(MAIL.pw_uid, MAIL.pw_gid)}
    assert {path.stat().st_mode & 0o7777 for path in found if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o7777 for path in found if path.is_file()} == {0o600}


def test_ensure_without_owner_changes_no_owner(volume: Path, settings) -> None:
    settings.MAIL_OWNER = ""
    maildirs.ensure(ALICE)
    os.chown(volume / ALICE, MAIL.pw_uid, MAIL.pw_gid)

    maildirs.ensure(ALICE)

    assert (volume / ALICE / "cur").stat().st_uid == os.geteuid()
    assert (volume / ALICE).stat().st_uid == MAIL.pw_uid
    assert maildirs.check(ALICE) == ["owner"]


def test_owner_may_be_numbers(volume: Path, settings) -> None:
    settings.MAIL_OWNER = "4242:4343"
    maildirs.ensure(ALICE)

    assert ((volume / ALICE).stat().st_uid, (volume / ALICE).stat().st_gid) == (4242, 4343)


def test_an_owner_that_does_not_exist_is_named(volume: Path, settings) -> None:
    settings.MAIL_OWNER = "nobody-of-that-name:mail"

    with pytest.raises(ValueError, match="no such user"):
        maildirs.ensure(ALICE)


def test_ensure_twice_keeps_what_is_there_and_mends_owner_and_mode(volume: Path) -> None:
    maildirs.ensure(ALICE)
    maildir = volume / ALICE
    deliver(maildir, "1.host", part="cur")
    (maildir / "subscriptions").write_text("Private\n")
    os.chown(maildir / "cur", 0, 0)
    (maildir / "subscriptions").chmod(0o644)
    maildir.chmod(0o777)
    (maildir / ".Sent" / "new").rmdir()
    assert maildirs.check(ALICE) == ["mode", "cur: owner"]

    maildirs.ensure(ALICE)

    assert maildirs.check(ALICE) == []
    assert contents(maildir)["subscriptions"] == "Private\n"
    assert contents(maildir)["cur/1.host"] == "mail"
    assert (maildir / "subscriptions").stat().st_mode & 0o7777 == 0o600
    assert (maildir / ".Sent" / "new").is_dir()


def test_a_parents_wider_mode_is_the_sites_choice(volume: Path) -> None:
    maildirs.ensure(ALICE)
    (volume / "users").chmod(0o750)

    maildirs.ensure(BOB)

    assert (volume / "users").stat().st_mode & 0o7777 == 0o750


@pytest.mark.parametrize(
    "path",
    [
        "users/../../etc/",
        "users/./alice/",
        "users//alice/",
        "/users/alice/",
        "users/a\0b/",
        "",
        "/",
        "users/",
        "home/alice/",
        "../users/alice/",
        "users/alice//",
    ],
)
def test_a_path_out_of_the_volume_is_unsafe(volume: Path, path: str) -> None:
    volume.mkdir()
    for act in (maildirs.ensure, maildirs.check, maildirs.remove):
        with pytest.raises(UnsafePath):
            act(path)
    with pytest.raises(UnsafePath):
        maildirs.place(path, ALICE)
    with pytest.raises(UnsafePath):
        maildirs.place(ALICE, path)
    assert list(volume.iterdir()) == []


@pytest.mark.parametrize("planted", ["users/example.org", "users/example.org/alice", "users/example.org/alice/.Sent"])
def test_a_planted_link_is_not_followed(volume: Path, tmp_path: Path, planted: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    (volume / planted).parent.mkdir(parents=True)
    (volume / planted).symlink_to(outside)

    with pytest.raises(UnsafePath):
        maildirs.ensure(ALICE)

    assert list(outside.iterdir()) == []
    assert (outside.stat().st_uid, outside.stat().st_mode & 0o7777) == (0, 0o755)


def test_a_planted_file_of_another_is_not_given_away(volume: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("root's")
    maildirs.ensure(ALICE)
    (volume / ALICE / "subscriptions").unlink()
    os.link(secret, volume / ALICE / "subscriptions")

    with pytest.raises(UnsafePath):
        maildirs.ensure(ALICE)

    assert secret.stat().st_uid == 0


def test_a_planted_link_for_a_file_is_not_followed(volume: Path, tmp_path: Path) -> None:
    maildirs.ensure(ALICE)
    (volume / ALICE / "subscriptions").unlink()
    (volume / ALICE / "subscriptions").symlink_to(tmp_path / "made-by-root")

    with pytest.raises(OSError, match="symbolic links"):
        maildirs.ensure(ALICE)

    assert not (tmp_path / "made-by-root").exists()


def test_place_renames_mail_and_home(volume: Path) -> None:
    maildirs.ensure(ALICE)
    deliver(volume / ALICE, "1.host")
    (volume / "home/example.org/alice").mkdir(parents=True)
    (volume / "home/example.org/alice/vacation.sieve").write_text("keep;")

    for _run in ("once", "again"):
        maildirs.place(ALICE, BOB)

        assert not (volume / ALICE).exists()
        assert contents(volume / BOB)["new/1.host"] == "mail"
        assert contents(volume / "home") == {"example.org/bob/vacation.sieve": "keep;"}


def test_place_to_another_domain_makes_its_directory(volume: Path) -> None:
    maildirs.ensure(ALICE)

    maildirs.place(ALICE, "users/example.net/alice/")

    assert maildirs.check("users/example.net/alice/") == []
    assert (volume / "users/example.net").stat().st_uid == MAIL.pw_uid


def test_place_makes_the_maildir_that_was_never_there(volume: Path) -> None:
    maildirs.place(ALICE, BOB)

    assert maildirs.check(BOB) == []


def test_archive_of_nothing_is_nothing(volume: Path) -> None:
    maildirs.place(ALICE, "archive/7/")

    assert list(volume.iterdir()) == []


def test_archive_and_restore_bring_all_back(volume: Path) -> None:
    maildirs.ensure(ALICE)
    deliver(volume / ALICE, "1.host")
    (volume / "home/example.org/alice").mkdir(parents=True)
    (volume / "home/example.org/alice/.dovecot.sieve").write_text("keep;")
    before = contents(volume)

    for _run in ("once", "again"):
        maildirs.place(ALICE, "archive/7/")
        assert contents(volume / "archive/7")["Maildir/new/1.host"] == "mail"
        assert contents(volume / "archive/7")["home/.dovecot.sieve"] == "keep;"
    for _run in ("once", "again"):
        maildirs.place("archive/7/", ALICE)
        assert contents(volume) == before
        assert list((volume / "archive").iterdir()) == []


def test_place_after_a_kill_between_mail_and_home_moves_the_home(volume: Path) -> None:
    maildirs.ensure(BOB)
    (volume / "home/example.org/alice").mkdir(parents=True)
    (volume / "home/example.org/alice/.dovecot.sieve").write_text("keep;")

    maildirs.place(ALICE, BOB)

    assert contents(volume / "home") == {"example.org/bob/.dovecot.sieve": "keep;"}


def test_both_there_the_messages_of_the_newcomer_join_and_its_rest_is_set_aside(volume: Path) -> None:
    maildirs.ensure(ALICE)
    deliver(volume / ALICE, "1.host", "old", part="cur")
    deliver(volume / BOB, "2.host", "new")
    deliver(volume / BOB, "1.host", "same name", part="cur")
    deliver(volume / BOB / ".Lists", "3.host", "in a folder", part="cur")
    (volume / BOB / "dovecot-uidlist").write_text("bob's")
    (volume / BOB / "new" / "evil").symlink_to("/etc/passwd")

    maildirs.place(ALICE, BOB)

    merged = contents(volume / BOB)
    assert {name: merged[name] for name in merged if name.endswith(".host")} == {
        "cur/1.host": "old",
        "new/2.host": "new",
        ".Lists/cur/3.host": "in a folder",
    }
    assert "dovecot-uidlist" not in merged
    assert not (volume / ALICE).exists()
    assert not (volume / BOB / "new" / "evil").is_symlink()
    (aside,) = (volume / "archive").iterdir()
    assert contents(aside / "Maildir")["cur/1.host"] == "same name"
    assert contents(aside / "Maildir")["dovecot-uidlist"] == "bob's"
    assert maildirs.check(BOB) == []


def test_archive_twice_with_a_delivery_between_keeps_both(volume: Path) -> None:
    deliver(volume / ALICE, "1.host", "first")
    maildirs.place(ALICE, "archive/7/")
    deliver(volume / ALICE, "2.host", "late")

    maildirs.place(ALICE, "archive/7/")

    assert not (volume / ALICE).exists()
    assert contents(volume / "archive/7/Maildir") == {"new/1.host": "first", "new/2.host": "late"}


def test_remove_takes_the_archive_and_follows_no_link(volume: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("stays")
    deliver(volume / ALICE, "1.host")
    (volume / ALICE / "out").symlink_to(outside)
    maildirs.ensure(BOB)
    maildirs.place(ALICE, "archive/7/")

    maildirs.remove("archive/7/")
    maildirs.remove("archive/7/")

    assert list((volume / "archive").iterdir()) == []
    assert contents(outside) == {"precious": "stays"}
    assert maildirs.check(BOB) == []


@pytest.mark.parametrize("path", ["archive/", "archive/7/Maildir/", ALICE])
def test_remove_takes_whole_archives_only(volume: Path, path: str) -> None:
    maildirs.ensure(ALICE)
    maildirs.place(BOB, "archive/7/")

    with pytest.raises(UnsafePath):
        maildirs.remove(path)

    assert maildirs.check(ALICE) == []


def test_remove_of_a_linked_archive_leaves_its_target(volume: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (volume / "archive").mkdir(parents=True)
    (volume / "archive/7").symlink_to(tmp_path / "outside")

    with pytest.raises(UnsafePath):
        maildirs.remove("archive/7/")

    assert (tmp_path / "outside").is_dir()


def test_scan_finds_maildirs_at_any_depth_and_follows_no_link(volume: Path, tmp_path: Path) -> None:
    assert list(maildirs.scan()) == []
    maildirs.ensure(ALICE)
    maildirs.ensure("users/flat/")
    (volume / "users/empty/deep").mkdir(parents=True)
    deliver(tmp_path / "outside" / "mallory", "1.host")
    (volume / "users/linked").symlink_to(tmp_path / "outside")

    assert sorted(maildirs.scan()) == [ALICE, "users/flat/"]


def test_check_names_what_is_missing_and_changes_nothing(volume: Path) -> None:
    assert maildirs.check(ALICE) == ["missing"]
    (volume / ALICE / "cur").mkdir(parents=True, mode=0o755)
    before = sorted(volume.rglob("*"))

    assert maildirs.check(ALICE) == ["owner", "mode", "cur: owner", "cur: mode", "new: missing", "tmp: missing"]
    assert sorted(volume.rglob("*")) == before


def test_a_full_disk_leaves_what_the_next_run_completes(tiny_volume: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        maildirs.ensure(ALICE)

    subprocess.run(["mount", "-o", "remount,size=1m,nr_inodes=100", tiny_volume], check=True)
    maildirs.ensure(ALICE)

    assert maildirs.check(ALICE) == []
    assert contents(tiny_volume / ALICE)["subscriptions"] == "Drafts\nSent\nTrash\nJunk\n"


def test_a_move_on_a_full_disk_loses_nothing(tiny_volume: Path) -> None:
    deliver(tiny_volume / ALICE, "1.host", "mail")
    for number in range(20):
        try:
            (tiny_volume / f"filler{number}").touch()
        except OSError:
            break

    with pytest.raises(OSError, match="No space left"):
        maildirs.place(ALICE, "users/example.net/alice/")
    assert contents(tiny_volume / ALICE) == {"new/1.host": "mail"}

    subprocess.run(["mount", "-o", "remount,size=1m,nr_inodes=100", tiny_volume], check=True)
    maildirs.place(ALICE, "users/example.net/alice/")
    assert contents(tiny_volume / "users/example.net/alice")["new/1.host"] == "mail"
