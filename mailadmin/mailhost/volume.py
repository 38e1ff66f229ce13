"""Directories of the mail volume, reached only through directory descriptors.

Whoever owns a Maildir can plant links in it, and the worker may be root. So no name is ever resolved over more than
one step, no step follows a link, and what is changed is changed through the descriptor that was looked at.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A planted FIFO must not hold the worker: hence O_NONBLOCK.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class UnsafePath(ValueError):
    """The path leads, or would lead, out of the volume."""


class Owner(NamedTuple):
    uid: int
    gid: int | None  # None: whichever it is
    given: bool  # by MAIL_OWNER; otherwise nothing is ever chowned


def split_path(path: str) -> tuple[str, ...]:
    """'users/example.org/alice/' -> ('users', 'example.org', 'alice'); anything that is not such a path is unsafe."""
    names = tuple(path.removesuffix("/").split("/"))
    if "\0" in path or not set(names).isdisjoint(("", ".", "..")):
        raise UnsafePath(f"{path!r} is not a path inside the mail volume")
    return names


def owner() -> Owner:
    """MAIL_OWNER, by names or numbers; without it, whoever runs this."""
    if not settings.MAIL_OWNER:
        return Owner(os.geteuid(), None, given=False)
    user, _colon, group = settings.MAIL_OWNER.partition(":")
    try:
        return Owner(_user_id(user), _group_id(group, user), given=True)
    except KeyError:
        raise ValueError(f"MAIL_OWNER={settings.MAIL_OWNER!r}: there is no such user or group") from None


def _user_id(user: str) -> int:
    return int(user) if user.isdigit() else pwd.getpwnam(user).pw_uid


def _group_id(group: str, user: str) -> int:
    if not group:
        return pwd.getpwuid(_user_id(user)).pw_gid
    return int(group) if group.isdigit() else grp.getgrnam(group).gr_gid


@contextlib.contextmanager
def opened_volume() -> Iterator[int]:
    """The volume itself is the one thing that is named by a path, and that may be a link: the site laid it out."""
    path = Path(settings.MAIL_VOLUME)
    if not path.exists():
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        with _closing(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as made:
            mend(made, DIRECTORY_MODE)
    with _closing(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as volume:
        yield volume


@contextlib.contextmanager
def opened(at: int, *names: str) -> Iterator[int]:
    """The directory, step by step. FileNotFoundError if it is not there, UnsafePath if a step is not a directory."""
    with contextlib.ExitStack() as stack:
        directory = at
        for name in names:
            directory = stack.enter_context(_closing(_open_directory(name, directory)))
        yield directory


@contextlib.contextmanager
def made(at: int, *names: str) -> Iterator[int]:
    """As `opened`, but missing directories are made, and those of another owner given to the right one."""
    with contextlib.ExitStack() as stack:
        directory = at
        for name in names:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, DIRECTORY_MODE, dir_fd=directory)
            directory = stack.enter_context(_closing(_open_directory(name, directory)))
            # A parent's mode may be wider than ours, for a backup's group, say: that is the site's choice.
            mend(directory, stat.S_IMODE(os.fstat(directory).st_mode) | DIRECTORY_MODE)
        yield directory


def is_there(at: int, *names: str) -> bool:
    try:
        with opened(at, *names):
            return True
    except FileNotFoundError:
        return False


def mend(descriptor: int, mode: int) -> None:
    found, right = os.fstat(descriptor), owner()
    if right.given and (found.st_uid, found.st_gid) != (right.uid, right.gid):
        os.fchown(descriptor, right.uid, -1 if right.gid is None else right.gid)
    if stat.S_IMODE(found.st_mode) != mode:
        os.fchmod(descriptor, mode)


def faults(descriptor: int, mode: int) -> list[str]:
    """'owner', 'mode', or both."""
    found, right = os.fstat(descriptor), owner()
    wrong_owner = found.st_uid != right.uid or right.gid not in (None, found.st_gid)
    return ["owner"] * wrong_owner + ["mode"] * (stat.S_IMODE(found.st_mode) != mode)


def mend_file(at: int, name: str) -> None:
    with _closing(os.open(name, _FILE, dir_fd=at)) as descriptor:
        found = os.fstat(descriptor)
        # A second name of the file may be anywhere: its owner is not ours to change.
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise UnsafePath(f"{name!r} is not a plain file with one name")
        mend(descriptor, FILE_MODE)


def write_once(at: int, name: str, content: bytes, *, scratch: str) -> None:
    """Write the file unless it is there. It appears whole: a full disk leaves only what the next try replaces."""
    with opened(at, scratch) as directory:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)
        with _closing(os.open(name, _NEW_FILE, FILE_MODE, dir_fd=directory)) as descriptor:
            mend(descriptor, FILE_MODE)
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(content)
        with contextlib.suppress(FileExistsError):
            os.link(name, name, src_dir_fd=directory, dst_dir_fd=at, follow_symlinks=False)
        os.unlink(name, dir_fd=directory)


def replace_file(at: int, name: str, content: bytes) -> None:
    """Put the file in place whole, on disk, and whatever was there is gone; a link of that name is not followed."""
    scratch = f".{name}.new"
    remove_file(at, scratch)
    with _closing(os.open(scratch, _NEW_FILE, FILE_MODE, dir_fd=at)) as descriptor:
        mend(descriptor, FILE_MODE)
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    os.rename(scratch, name, src_dir_fd=at, dst_dir_fd=at)
    os.fsync(at)


def read_file(at: int, name: str, *, at_most: int) -> bytes:
    """FileNotFoundError if it is not there, UnsafePath if it is no plain file."""
    try:
        opened_file = os.open(name, _FILE, dir_fd=at)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            raise UnsafePath(f"{name!r} is not a plain file") from None
        raise
    with _closing(opened_file) as descriptor:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnsafePath(f"{name!r} is not a plain file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(at_most)


def file_faults(at: int, name: str) -> list[str]:
    """'owner', 'mode', or both, of a plain file that is there."""
    with _closing(os.open(name, _FILE, dir_fd=at)) as descriptor:
        return faults(descriptor, FILE_MODE)


def remove_file(at: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=at)


def rename(source: tuple[str, ...], target: tuple[str, ...], volume: int) -> None:
    """Never replaces anything but an empty directory: rename(2)."""
    with made(volume, *target[:-1]) as new_parent, opened(volume, *source[:-1]) as old_parent:
        os.rename(source[-1], target[-1], src_dir_fd=old_parent, dst_dir_fd=new_parent)
        # On disk before the work counts as done.
        os.fsync(new_parent)
        os.fsync(old_parent)


def remove_tree(names: tuple[str, ...], volume: int) -> None:
    """The directory and all below it, if it is there. Links in it are removed, not followed."""
    try:
        with opened(volume, *names[:-1]) as parent:
            with opened(parent, names[-1]):
                pass  # a link in its place is UnsafePath
            shutil.rmtree(names[-1], dir_fd=parent)
            os.fsync(parent)
    except FileNotFoundError:
        return


def remove_if_empty(names: tuple[str, ...], volume: int) -> None:
    with contextlib.suppress(OSError), opened(volume, *names[:-1]) as parent:
        os.rmdir(names[-1], dir_fd=parent)


def _open_directory(name: str, at: int) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=at)
    except NotADirectoryError:  # also what a link gives, with O_DIRECTORY | O_NOFOLLOW
        raise UnsafePath(f"{name!r} is a link or a file where a directory is expected") from None


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
