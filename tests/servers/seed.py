"""A site that was set up for Postfixadmin: the installation guide's own settings and queries, in which only the paths,
the ports, the names of the database users and the owner of the mail are this machine's."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .certificate import Certificate
from .mariadb import MariaDB

PASSWORD = "seed-password"
LOOKUPS = {
    "virtual_mailbox_domains": "SELECT domain FROM domain WHERE domain='%s' AND backupmx = '0' AND active = '1'",
    "virtual_mailbox_maps": "SELECT maildir FROM mailbox WHERE username='%s' AND active = '1'",
    "virtual_alias_maps": "SELECT goto FROM alias WHERE address='%s' AND active = '1'",
}
LOOKUP = """
user = postfix
password = {password}
hosts = unix:{site.mariadb.socket}
dbname = {site.database}
query = {query}
"""
MAIN = """
compatibility_level = 3.6
queue_directory = {site.directory}/queue
data_directory = {site.directory}/data
maillog_file = {site.directory}/postfix.log
maillog_file_prefixes = {site.directory}
myhostname = mail.example.net
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
mynetworks = 127.0.0.0/8
smtpd_tls_cert_file = {site.certificate.certificate}
smtpd_tls_key_file = {site.certificate.key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {site.auth_socket}
smtpd_sasl_local_domain = $myhostname
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_non_fqdn_sender
virtual_alias_maps = proxy:mysql:$config_directory/virtual_alias_maps.cf
virtual_mailbox_domains = proxy:mysql:$config_directory/virtual_mailbox_domains.cf
virtual_mailbox_maps = proxy:mysql:$config_directory/virtual_mailbox_maps.cf
virtual_transport = dovecot
dovecot_destination_recipient_limit = 1
"""
MASTER = """
{site.smtp_port} inet n - n - - smtpd
{site.submission_port} inet n - n - - smtpd
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
dovecot unix - n n - - pipe
  flags=DRhu user=mail:mail argv=/usr/lib/dovecot/deliver -c {site.directory}/dovecot.conf -d ${{recipient}}
"""
DOVECOT = """
base_dir = {site.directory}/run
state_dir = {site.directory}/state
log_path = {site.directory}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{site.certificate.certificate}
ssl_key = <{site.certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:~/Maildir
mail_uid = mail
mail_gid = mail
first_valid_uid = 8
first_valid_gid = 8
namespace inbox {{
  separator = .
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {site.imaps_port}
    ssl = yes
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
  log_path = {site.directory}/delivery.log
}}
passdb {{
  driver = sql
  args = {site.directory}/dovecot-sql.conf.ext
}}
userdb {{
  driver = sql
  args = {site.directory}/dovecot-sql.conf.ext
}}
"""
DOVECOT_SQL = r"""
driver = mysql
connect = host={site.mariadb.socket} dbname={site.database} user=dovecot password={password}
default_pass_scheme = MD5
password_query = SELECT username AS user, password \
                 FROM mailbox \
                 WHERE username = '%u' AND active = '1' ;
user_query = SELECT concat('{site.volume}/users/', maildir) AS home, \
                    concat('maildir:{site.volume}/users/', maildir) AS mail, \
                    8 AS uid, 8 AS gid \
             FROM mailbox \
             WHERE username = '%u' AND active = '1';
"""


@dataclass(frozen=True)
class SeedSite:
    directory: Path
    mariadb: MariaDB
    database: str
    volume: Path
    certificate: Certificate
    smtp_port: int
    submission_port: int
    imaps_port: int

    @property
    def auth_socket(self) -> Path:
        return self.directory / "run" / "auth-postfix"

    @property
    def postfix_config(self) -> Path:
        return self.directory / "postfix"

    @property
    def dovecot_config(self) -> Path:
        return self.directory / "dovecot.conf"


def write_configuration(site: SeedSite, *, postfix_settings: dict[str, str], dovecot_settings: dict[str, str]) -> None:
    for name in ("postfix", "queue", "data"):
        (site.directory / name).mkdir(parents=True)
    shutil.chown(site.directory / "data", "postfix")
    _write_postfix(site, postfix_settings)
    _write_dovecot(site, dovecot_settings)


def grant_rights(site: SeedSite) -> None:
    """As the guide does: each server may read what its queries need, and no more."""
    rights = {"postfix": ("domain", "mailbox", "alias"), "dovecot": ("mailbox",)}
    for user, tables in rights.items():
        site.mariadb.grant_select(user, PASSWORD, site.database, tables)


def _write_postfix(site: SeedSite, settings: dict[str, str]) -> None:
    config = site.postfix_config
    (config / "main.cf").write_text(MAIN.format(site=site) + _lines(settings))
    (config / "master.cf").write_text(MASTER.format(site=site))
    for name, query in LOOKUPS.items():
        (config / f"{name}.cf").write_text(LOOKUP.format(site=site, password=PASSWORD, query=query))
    # Which file holds the code of each table type is the machine's own.
    shutil.copy("/etc/postfix/dynamicmaps.cf", config)
    shutil.copytree("/etc/postfix/dynamicmaps.cf.d", config / "dynamicmaps.cf.d")


def _write_dovecot(site: SeedSite, settings: dict[str, str]) -> None:
    site.dovecot_config.write_text(_lines(settings) + DOVECOT.format(site=site))
    secrets = site.directory / "dovecot-sql.conf.ext"
    secrets.touch(mode=0o600)
    secrets.write_text(DOVECOT_SQL.format(site=site, password=PASSWORD))
    # The delivery agent runs as the mail's owner, and an unwritable log defers all mail.
    delivery_log = site.directory / "delivery.log"
    delivery_log.touch()
    delivery_log.chmod(0o666)


def _lines(settings: dict[str, str]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in settings.items())
