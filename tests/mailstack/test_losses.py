"""Nothing is lost: not by a killed worker, nor without Redis, nor on a full volume. When it is back, `mailhost verify`
finds no difference between database, tables and disk."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mailstack.stack import Stack
from tests.servers.letters import ask
from tests.servers.process import run, wait_until

PASSWORD = "correct horse battery"
# The worker is killed so long after it has begun with its pending work: before, in and after each step of it.
MOMENTS = [0.0, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12]
MAILBOXES = 40


def test_worker_killed_at_many_moments(stack: Stack) -> None:
    stack.add_domain("killed.example")
    stack.wait_until_live()
    stack.worker.kill()
    left = []
    for number, moment in enumerate(MOMENTS):
        stack.add_mailboxes(*[f"{number}-{each}@killed.example" for each in range(MAILBOXES)])
        stack.project.manage("mailbox", "edit", f"{number}-0@killed.example", "--no-active")
        stack.project.manage("mailbox", "delete", f"{number}-1@killed.example")
        stack.worker.start_and_kill(b"mailhost.tasks.apply_pending", seconds=moment)
        left.append(len(stack.open_work()))
    stack.worker.start()

    stack.wait_until_live(seconds=60)

    assert any(left), "the worker was never killed before it had done everything"
    stack.verify()
    for number in range(len(MOMENTS)):
        assert ask(stack.mail.postfix.port, f"{number}-0@killed.example").code == 550
        assert ask(stack.mail.postfix.port, f"{number}-1@killed.example").code == 550
        assert ask(stack.mail.postfix.port, f"{number}-2@killed.example").code == 250


def test_redis_away(stack: Stack) -> None:
    stack.add_domain("redis.example")
    stack.wait_until_live()
    stack.redis.stop()

    # A save succeeds, and does not wait long for the broker that is not there.
    started = time.monotonic()
    stack.add_mailbox("anna@redis.example", PASSWORD)
    assert time.monotonic() - started < 5
    assert stack.open_work()

    stack.redis.start()
    stack.wait_until_live(seconds=60)
    stack.verify()
    assert ask(stack.mail.postfix.port, "anna@redis.example").code == 250


def test_volume_full(stack: Stack) -> None:
    stack.add_domain("full.example")
    stack.wait_until_live()
    users = stack.project.mail_volume / "users" / "full.example"
    users.mkdir()
    run(["chown", "mail:mail", users])
    with full_volume(users) as make_room:
        stack.add_mailboxes(*[f"{letter}@full.example" for letter in "abcdef"])
        wait_until(lambda: any(error for *_row, error in stack.open_work()), what="the full volume is noticed")
        assert "No space left" in str(stack.open_work())
        # Nobody loses a service that needs no space: the addresses are in the lookup tables.
        wait_until(lambda: ask(stack.mail.postfix.port, "f@full.example").code == 250, what="f is in the tables")

        make_room()
        stack.wait_until_live(seconds=60)
        stack.verify()


@contextmanager
def full_volume(directory: Path) -> Iterator[object]:
    """A file system of few inodes mounted there, until the yielded function is called. It takes root."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=30,mode=0700,uid=8,gid=8", "tmpfs", directory],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not mounted.returncode, f"This test mounts a small file system, which needs root: {mounted.stderr}"
    try:
        yield lambda: run(["mount", "-o", "remount,size=1m,nr_inodes=10000", directory])
    finally:
        run(["umount", "--lazy", directory])
