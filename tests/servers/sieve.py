"""Dovecot's own Sieve engine, run on one script and one letter, without a server."""

from __future__ import annotations

import email
import email.policy
import os
import pwd
from email.message import EmailMessage
from pathlib import Path

from .process import run

OWNER = pwd.getpwnam("mail")  # the engine refuses to be root
CONFIG = """
mail_home = {directory}/home
mail_location = maildir:{directory}/home/Maildir
mail_uid = {owner.pw_uid}
mail_gid = {owner.pw_gid}
first_valid_uid = {owner.pw_uid}
log_path = /dev/stderr
protocols =
ssl = no
"""


class SieveEngine:
    """Each run has no memory of whom an earlier one answered."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config = directory / "dovecot.conf"
        for path in (directory, directory / "home"):
            path.mkdir(parents=True)
            os.chown(path, OWNER.pw_uid, OWNER.pw_gid)
        self.config.write_text(CONFIG.format(directory=directory, owner=OWNER))

    def compile(self, script: str) -> None:
        """ServerFailed, with what the compiler says, if it does not take it."""
        run(["sievec", "-c", self.config, self._written(script), self.directory / "script.svbin"])

    def replies(self, script: str, letter: str, *, sender: str, recipient: str) -> list[EmailMessage]:
        """The letters that go out when this one comes in."""
        path = self.directory / "letter.eml"
        path.write_bytes(letter.replace("\n", "\r\n").encode())
        sent = run(
            ["sieve-test", "-e", "-c", self.config, "-f", sender, "-r", recipient, "-a", recipient,
             self._written(script), path]
        )  # fmt: skip
        # Each letter is printed, and then for whom it was.
        parts = f"END MESSAGE\n{sent}".split("\nRECIPIENT: ")
        letters = [part.partition("END MESSAGE\n")[2].removeprefix("\n") for part in parts]
        return [_parsed(text) for text in letters if text.strip()]

    def _written(self, script: str) -> Path:
        path = self.directory / "script.sieve"
        path.write_bytes(script.encode())
        (self.directory / "script.svbin").unlink(missing_ok=True)
        return path


def _parsed(text: str) -> EmailMessage:
    message = email.message_from_bytes(text.encode(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message
