"""Tells the running Postfix and Dovecot what they cannot notice by themselves.

Only where MAIL_CONFIG or DOVECOT_CONFIG name a configuration; elsewhere there is nobody to tell. A server that is not
running is told already: it reads everything at its start.

When Postfix must be told, as measured with Postfix 3.7.11, lmdb tables and smtpd processes with an open connection:

- An entry put into or taken out of a table in place (postmap -i, -d): known at once, on open connections too.
- A domain put in: at once, but for an open connection that had asked for that very address before and was refused.
- A domain taken out: an smtpd keeps its answer for addresses that it resolved before, for as long as it lives. That
  does no harm where the domain's addresses are taken out of their tables too: then it refuses them at once. With the
  domain alone gone, it went on accepting them until a reload.
- A table replaced by rename: with a second name left to the old file (a link NAME.previous) trivial-rewrite never
  noticed; without one it took up to 10 s. After a reload each new connection had the new table within 0.05 s.

So a delta needs no reload unless a domain went, and a full build always wants one.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

SECONDS_AT_MOST = 20
AT_ONCE = 500  # users in one command line
_NOT_RUNNING = re.compile(
    r"mail system is not running|Is the server running|Dovecot is not running"
    r"|(connect|net_connect_unix)\([^)]*\) failed: (No such file or directory|Connection refused)",
    re.IGNORECASE,
)
_NOBODY = 68  # EX_NOHOST: doveadm kick's answer when the user has no session
_UNUSABLE = re.compile(r"[\s\x00-\x1f\x7f*?]|^-|^$")


class ControlError(Exception):
    """The program refused. The text is its own, for an administrator."""


def reload_postfix() -> None:
    if not settings.MAIL_CONFIG:
        return
    try:
        _run(["postfix", "-c", settings.MAIL_CONFIG, "reload"])
    except ControlError:
        # Without a terminal `postfix` tells its log alone why it failed. postconf says what is wrong with the
        # configuration; if that is good and there is no master, there was nobody to tell.
        _run(["postconf", "-c", settings.MAIL_CONFIG, "-h", "queue_directory"])
        if _is_postfix_running():
            raise


def _is_postfix_running() -> bool:
    try:
        _run(["postfix", "-c", settings.MAIL_CONFIG, "status"])
    except ControlError:
        return False
    return True


def flush_auth_cache(users: Iterable[str]) -> None:
    """Dovecot forgets what it remembers of these users' rows, if auth_cache_size is set."""
    users = [user for user in users if not _UNUSABLE.search(user)]
    for start in range(0, len(users), AT_ONCE):
        _doveadm("auth", "cache", "flush", *users[start : start + AT_ONCE])


def flush_whole_auth_cache() -> None:
    """Dovecot forgets every row that it remembers."""
    _doveadm("auth", "cache", "flush")


def connected_users() -> set[str]:
    """Who has a session open (doveadm-who(1))."""
    lines = _doveadm("who", "-1").splitlines()[1:]
    return {line.split()[0] for line in lines if line.strip()}


def kick(user: str) -> None:
    """End the user's open sessions: they were let in by a password, or an address, that is no longer good."""
    # doveadm takes * and ? for wildcards; no address of ours has them.
    if not _UNUSABLE.search(user):
        _doveadm("kick", user)


def check_sieve(script: str) -> None:
    """ControlError, with what the compiler says, if Dovecot would not run this script."""
    if not settings.DOVECOT_CONFIG:
        return
    with tempfile.TemporaryDirectory(prefix="mailadmin-sieve-") as directory:
        path = Path(directory, "vacation.sieve")
        path.write_text(script, newline="")
        _run(["sievec", "-c", settings.DOVECOT_CONFIG, str(path), str(path.with_suffix(".svbin"))])


def _doveadm(*arguments: str) -> str:
    return _run(["doveadm", "-c", settings.DOVECOT_CONFIG, *arguments]) if settings.DOVECOT_CONFIG else ""


def _run(command: list[str]) -> str:
    """What it wrote to standard output; nothing if it is not running."""
    environment = {"PATH": os.environ.get("PATH") or os.defpath, "LC_ALL": "C"}
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=SECONDS_AT_MOST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ControlError(f"{command[0]}: no answer within {SECONDS_AT_MOST} s") from None
    except OSError as error:
        raise ControlError(f"{command[0]}: {error.strerror}") from error
    said = (run.stderr or run.stdout).strip()
    if run.returncode not in (0, _NOBODY) and not _NOT_RUNNING.search(said):
        raise ControlError(f"{command[0]}: {said[-1000:] or f'ended with {run.returncode}'}")
    return run.stdout if run.returncode == 0 else ""
