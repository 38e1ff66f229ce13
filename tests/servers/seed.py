"""How a site that was set up for Postfixadmin asks the database: the installation guide's own queries, in which only
the paths, the names of the database users and the owner of the mail are this machine's."""

from __future__ import annotations

from pathlib import Path

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
hosts = unix:{mariadb.socket}
dbname = {database}
query = {query}
"""
DOVECOT = r"""
driver = mysql
connect = host={mariadb.socket} dbname={database} user=dovecot password={password}
default_pass_scheme = MD5
password_query = SELECT username AS user, password \
                 FROM mailbox \
                 WHERE username = '%u' AND active = '1' ;
user_query = SELECT concat('{volume}/users/', maildir) AS home, \
                    concat('maildir:{volume}/users/', maildir) AS mail, \
                    8 AS uid, 8 AS gid \
             FROM mailbox \
             WHERE username = '%u' AND active = '1';
"""
DELIVERY = """
dovecot unix - n n - - pipe
  flags=DRhu user=mail:mail argv=/usr/lib/dovecot/deliver -c {dovecot_config} -d ${{recipient}}
"""


def grant_rights(mariadb: MariaDB, database: str) -> None:
    """As the guide does: each server may read what its queries need."""
    mariadb.execute(
        f"CREATE OR REPLACE USER postfix@localhost IDENTIFIED BY '{PASSWORD}'",
        f"CREATE OR REPLACE USER dovecot@localhost IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT ON `{database}`.domain TO postfix@localhost",
        f"GRANT SELECT ON `{database}`.mailbox TO postfix@localhost",
        f"GRANT SELECT ON `{database}`.alias TO postfix@localhost",
        f"GRANT SELECT ON `{database}`.mailbox TO dovecot@localhost",
    )


def postfix_settings(directory: Path, mariadb: MariaDB, database: str) -> dict[str, str]:
    """Writes the guide's query files and returns the lines of main.cf that name them."""
    directory.mkdir(parents=True)
    settings = {"virtual_transport": "dovecot", "dovecot_destination_recipient_limit": "1"}
    for setting, query in LOOKUPS.items():
        file = directory / f"{setting}.cf"
        file.write_text(LOOKUP.format(password=PASSWORD, mariadb=mariadb, database=database, query=query))
        settings[setting] = f"proxy:mysql:{file}"
    return settings


def dovecot_sql(mariadb: MariaDB, database: str, volume: Path) -> str:
    return DOVECOT.format(mariadb=mariadb, database=database, password=PASSWORD, volume=volume)


def delivery(dovecot_config: Path) -> str:
    return DELIVERY.format(dovecot_config=dovecot_config)
