"""Maildirs on the mail volume: made, moved, archived, brought back, removed. All of it may run twice.

Paths are those of PendingWork: relative to the volume, with a trailing slash. A mailbox has its mail at users/PATH/,
and may have a home at home/PATH/, where Dovecot keeps Sieve scripts and state; the home goes where the mail goes. An
archive holds both: archive/ID/Maildir/ and archive/ID/home/.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from django.utils import timezone

from mailadmin.mailhost import volume as vol
from mailadmin.mailhost.volume import UnsafePath

__all__ = ["UnsafePath", "check", "ensure", "inode", "place", "remove", "scan", "set_aside_before"]

FOLDERS = ("Drafts", "Sent", "Trash", "Junk")
PARTS = ("cur", "new", "tmp")
SUBSCRIPTIONS = "".join(f"{folder}\n" for folder in FOLDERS).encode()
_ASIDE = re.compile(r"(?:aside|extra)-(\d{8})")
DEEPEST = 12  # directories between users/ and a Maildir


class Places(NamedTuple):
    """Where the mail and the home of one mailbox lie."""

    mail: tuple[str, ...]
    home: tuple[str, ...]


def ensure(target: str) -> None:
    """The Maildir with its folders (Maildir++), of the right owner and mode. Nothing in it is ever replaced."""
    with vol.opened_volume() as volume:
        _ensure(_user_path(target), volume)


def place(source: str, target: str) -> None:
    """Move a mailbox's directories from `source` to `target`; done already is well done."""
    old, new = _places(source), _places(target)
    with vol.opened_volume() as volume:
        _move("Maildir", old.mail, new.mail, volume)
        _move("home", old.home, new.home, volume)
        if old.mail[0] == "archive":
            vol.remove_if_empty(old.mail[:-1], volume)
        if new.mail[0] == "users":
            _ensure(new.mail, volume)


def inode(source: str) -> int:
    """The inode of the directory that has the mail; 0 if there is none."""
    try:
        with vol.opened_volume() as volume, vol.opened(volume, *_places(source).mail) as directory:
            return os.fstat(directory).st_ino
    except FileNotFoundError:
        return 0


def remove(source: str) -> None:
    """The end of an archive. Only archives are ever removed."""
    names = _archive_path(source)
    with vol.opened_volume() as volume:
        vol.remove_tree(names, volume)


def set_aside_before(day: date) -> list[str]:
    """What was put aside in the archive before that day: by a move that met another directory, or by a repair. It is
    no mailbox's, so no ArchivedMailbox ends its time."""
    with vol.opened_volume() as volume:
        try:
            with vol.opened(volume, "archive") as archive:
                names = os.listdir(archive)  # noqa: PTH208 a descriptor, not a path
        except FileNotFoundError:
            return []
    found = [(name, _ASIDE.match(name)) for name in names]
    return [f"archive/{name}/" for name, match in found if match and match[1] < f"{day:%Y%m%d}"]


def scan() -> Iterator[str]:
    """The Maildirs below users/, as paths relative to the volume."""
    with vol.opened_volume() as volume:
        try:
            with vol.opened(volume, "users") as users:
                yield from _scan("users/", users, DEEPEST)
        except FileNotFoundError:
            return


def check(target: str) -> list[str]:
    """What is wrong: 'missing', 'unsafe', 'owner', 'mode', for a part of it with its name ('cur: missing')."""
    names = _user_path(target)
    try:
        with vol.opened_volume() as volume, vol.opened(volume, *names) as maildir:
            return vol.faults(maildir, vol.DIRECTORY_MODE) + [
                f"{part}: {fault}" for part in PARTS for fault in _faults_of_part(maildir, part)
            ]
    except FileNotFoundError:
        return ["missing"]
    except UnsafePath:
        return ["unsafe"]


def _faults_of_part(maildir: int, part: str) -> list[str]:
    # Only cur, new and tmp: the folders are the user's, who may rename or delete them.
    try:
        with vol.opened(maildir, part) as directory:
            return vol.faults(directory, vol.DIRECTORY_MODE)
    except FileNotFoundError:
        return ["missing"]
    except UnsafePath:
        return ["unsafe"]


def _user_path(path: str) -> tuple[str, ...]:
    names = vol.split_path(path)
    if names[0] != "users" or len(names) < 2:
        raise UnsafePath(f"{path!r} is not a path below users/")
    return names


def _archive_path(path: str) -> tuple[str, ...]:
    names = vol.split_path(path)
    if names[0] != "archive" or len(names) != 2:
        raise UnsafePath(f"{path!r} is not an archive")
    return names


def _places(path: str) -> Places:
    if path.startswith("archive/"):
        names = _archive_path(path)
        return Places((*names, "Maildir"), (*names, "home"))
    names = _user_path(path)
    return Places(names, ("home", *names[1:]))


def _ensure(names: tuple[str, ...], volume: int) -> None:
    with vol.made(volume, *names) as maildir:
        _ensure_parts(maildir)
        for folder in FOLDERS:
            _ensure_folder(maildir, f".{folder}")
        vol.write_once(maildir, "subscriptions", SUBSCRIPTIONS, scratch="tmp")
        vol.mend_file(maildir, "subscriptions")


def _ensure_folder(maildir: int, name: str) -> None:
    with vol.made(maildir, name) as folder:
        _ensure_parts(folder)
        vol.write_once(folder, "maildirfolder", b"", scratch="tmp")
        vol.mend_file(folder, "maildirfolder")


def _ensure_parts(directory: int) -> None:
    vol.mend(directory, vol.DIRECTORY_MODE)
    for part in PARTS:
        with vol.made(directory, part) as made:
            vol.mend(made, vol.DIRECTORY_MODE)


def _move(what: str, source: tuple[str, ...], target: tuple[str, ...], volume: int) -> None:
    if source == target or not vol.is_there(volume, *source):
        return
    if vol.is_there(volume, *target):
        # A delivery made one of them anew, before the lookup tables followed. An archive is kept as it is, since it
        # was moved here before; elsewhere the source is the mailbox, and the target the newcomer.
        kept, newcomer = (target, source) if target[0] == "archive" else (source, target)
        _merge(what, newcomer, kept, volume)
    if vol.is_there(volume, *source):
        vol.rename(source, target, volume)


def _merge(what: str, newcomer: tuple[str, ...], kept: tuple[str, ...], volume: int) -> None:
    """Move the newcomer's messages into the kept directory, and what else it has aside, where nothing is lost."""
    with vol.opened(volume, *newcomer) as old, vol.opened(volume, *kept) as new:
        if vol.is_there(old, "cur") and vol.is_there(new, "cur"):
            for folder in ("", *_folders(old)):
                _move_messages(old, new, folder)
    aside = f"aside-{timezone.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    vol.rename(newcomer, ("archive", aside, what), volume)


def _folders(maildir: int) -> list[str]:
    with os.scandir(maildir) as entries:
        return [entry.name for entry in entries if entry.name[0] == "." and entry.is_dir(follow_symlinks=False)]


def _move_messages(old: int, new: int, folder: str) -> None:
    if folder:
        _ensure_folder(new, folder)
    steps = (folder,) if folder else ()
    for part in ("cur", "new"):
        if vol.is_there(old, *steps, part):
            with vol.opened(old, *steps, part) as source, vol.opened(new, *steps, part) as target:
                _move_files(source, target)


def _move_files(source: int, target: int) -> None:
    for name in os.listdir(source):
        if not stat.S_ISREG(os.stat(name, dir_fd=source, follow_symlinks=False).st_mode):
            continue
        # link and unlink, not rename: a message of the same name is not replaced, but set aside with the rest.
        with contextlib.suppress(FileExistsError):
            os.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
            os.unlink(name, dir_fd=source)


def _scan(path: str, directory: int, levels: int) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                continue
            with contextlib.suppress(FileNotFoundError, UnsafePath), vol.opened(directory, entry.name) as inner:
                if _is_maildir(inner):
                    yield f"{path}{entry.name}/"
                elif levels:
                    yield from _scan(f"{path}{entry.name}/", inner, levels - 1)


def _is_maildir(directory: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat("cur", dir_fd=directory, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False
