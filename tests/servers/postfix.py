"""A private Postfix: its own configuration, queue, data and log directories, and ports above 1024. It lets the tests
pose as a client from outside (XCLIENT), and hands all mail for other sites to one port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
from collections.abc import Mapping
from pathlib import Path

from .certificate import Certificate
from .process import Process, ServerFailed, answers, free_port, last_lines, run, wait_until

DAEMONS = Path("/usr/lib/postfix/sbin")
SETTINGS = """
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {directory}/postfix.log
maillog_file_prefixes = {directory}
myhostname = mail.example.net
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{outside_port}
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 2s
smtpd_tls_cert_file = {certificate.certificate}
smtpd_tls_key_file = {certificate.key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
smtpd_sasl_local_domain = $myhostname
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_non_fqdn_sender
"""

SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{submission_port} inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """`settings` are added to main.cf and `services` to master.cf: the lookups and the way to the mailboxes."""

    def __init__(
        self,
        directory: Path,
        *,
        settings: Mapping[str, str],
        auth_socket: Path,
        certificate: Certificate,
        outside_port: int,
        services: str = "",
    ) -> None:
        self.directory = directory
        self.config = directory / "config"
        self.log = directory / "postfix.log"
        self.port = free_port()
        self.submission_port = free_port()
        self._process: Process | None = None
        for name in ("config", "queue", "data"):
            (directory / name).mkdir(parents=True)
        os.chown(directory / "data", pwd.getpwnam("postfix").pw_uid, -1)
        main = SETTINGS.format(
            daemons=DAEMONS,
            directory=directory,
            outside_port=outside_port,
            certificate=certificate,
            auth_socket=auth_socket,
        )
        (self.config / "main.cf").write_text(main + "".join(f"{key} = {settings[key]}\n" for key in settings))
        master = SERVICES.format(port=self.port, submission_port=self.submission_port)
        (self.config / "master.cf").write_text(master + services)
        # Which file holds the code of each table type is the machine's own.
        shutil.copy("/etc/postfix/dynamicmaps.cf", self.config)
        shutil.copytree("/etc/postfix/dynamicmaps.cf.d", self.config / "dynamicmaps.cf.d")

    def start(self) -> None:
        # What `postfix start` does: its check makes the queue's directories, and then master is started. It is
        # started from here, so that it ends with the tests.
        run(["postfix", "-c", self.config, "check"])
        self._process = Process([DAEMONS / "master", "-c", self.config, "-s"], log=self.log)
        self._process.wait_until(lambda: answers(self.port) and answers(self.submission_port), what="Postfix answers")

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def reload(self) -> None:
        run(["postfix", "-c", self.config, "reload"])

    def lookup(self, table: str, key: str) -> str | None:
        """What Postfix itself finds in a table such as `lmdb:/path/virtual_aliases`."""
        with contextlib.suppress(ServerFailed):
            return run(["postmap", "-c", self.config, "-q", key, table]).rstrip("\n")
        return None

    def queue(self) -> list[dict[str, object]]:
        """The mail that is still on its way."""
        return [json.loads(line) for line in run(["postqueue", "-c", self.config, "-j"]).splitlines()]

    def wait_until_delivered(self) -> None:
        try:
            wait_until(lambda: not self.queue(), what="Postfix's queue is empty")
        except ServerFailed as failure:
            raise ServerFailed(f"{failure}\n{last_lines(self.log)}") from None
