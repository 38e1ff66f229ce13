"""A private Dovecot: IMAPS for readers, LMTP and the delivery agent for Postfix, and a socket to check passwords."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .certificate import Certificate
from .process import LOOPBACK, Process, ServerFailed, answers, free_port, run

SETTINGS = """
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate.certificate}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:~/Maildir
mail_uid = mail
mail_gid = mail
first_valid_uid = 8
first_valid_gid = 8
# Shared by many short tests: a wrong password must not slow down the next.
auth_failure_delay = 0
namespace inbox {{
  separator = .
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0666
  }}
  unix_listener auth-userdb {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
protocol lda {{
  log_path = {directory}/delivery.log
}}
passdb {{
  driver = sql
  args = {directory}/dovecot-sql.conf.ext
}}
userdb {{
  driver = sql
  args = {directory}/dovecot-sql.conf.ext
}}
"""


class Dovecot:
    """`sql` is the text of dovecot-sql.conf.ext: where the database is, and what is asked of it."""

    def __init__(self, directory: Path, *, sql: str, certificate: Certificate) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.config = directory / "dovecot.conf"
        self.log = directory / "dovecot.log"
        self.auth_socket = directory / "run" / "auth-postfix"
        self.port = free_port()
        self.lmtp_port = free_port()
        self._process: Process | None = None
        self.config.write_text(
            SETTINGS.format(directory=directory, certificate=certificate, port=self.port, lmtp_port=self.lmtp_port)
        )
        secrets = directory / "dovecot-sql.conf.ext"
        secrets.touch(mode=0o600)
        secrets.write_text(sql)
        # The delivery agent runs as the mail's owner, and an unwritable log defers all mail.
        delivery_log = directory / "delivery.log"
        delivery_log.touch()
        delivery_log.chmod(0o666)

    @property
    def lmtp(self) -> str:
        return f"lmtp:inet:{LOOPBACK}:{self.lmtp_port}"

    def start(self) -> None:
        self._process = Process(["dovecot", "-F", "-c", self.config], log=self.log)
        self._process.wait_until(
            lambda: answers(self.port) and answers(self.lmtp_port) and self.auth_socket.exists(),
            what="Dovecot answers",
        )

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def accepts(self, address: str, password: str) -> bool:
        """Whether the password opens the mailbox, as Dovecot's own passdb sees it."""
        with contextlib.suppress(ServerFailed):
            run(["doveadm", "-c", self.config, "auth", "test", address, password])
            return True
        return False
