"""Postfix, Dovecot and the rest of the world, for one site: on the configuration that mailadmin renders, or as a site
has them that was set up for Postfixadmin."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from mailadmin.mailhost.configuration import Database, Site, render

from . import seed
from .certificate import make_certificate
from .dovecot import Dovecot
from .letters import Outside
from .mariadb import MariaDB
from .postfix import Postfix
from .process import LOOPBACK, free_port
from .project import Project

OWNER = "mail"  # of the Maildirs: a user that every Debian has
READER = "mailserver"
READER_PASSWORD = "reader-password"


class MailServer:
    def __init__(self, postfix: Postfix, dovecot: Dovecot, outside: Outside) -> None:
        self.postfix = postfix
        self.dovecot = dovecot
        self.outside = outside

    def start(self) -> None:
        self.outside.start()
        self.dovecot.start()
        self.postfix.start()

    def stop(self) -> None:
        self.postfix.stop()
        self.dovecot.stop()
        self.outside.stop()


def rendered(project: Project, mariadb: MariaDB, *, sieve_port: int = 0) -> MailServer:
    """On our own configuration and the project's MAPS_TYPE. The project's processes learn where the servers are."""
    outside = Outside()
    state = project.directory / "mail"
    state.mkdir()
    database = Database("mysql", project.database, READER, READER_PASSWORD, str(mariadb.socket))
    owner = pwd.getpwnam(OWNER)
    certificate = make_certificate(project.directory)
    site = Site(
        host_name="mail.example.net",
        database=database,
        volume=project.mail_volume,
        maps_dir=project.maps,
        maps_type=project.environment["MAPS_TYPE"],
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        certificate=certificate.certificate,
        key=certificate.key,
        state=state,
        listen=LOOPBACK,
        networks="127.0.0.0/8",
        relay_host=f"[{LOOPBACK}]:{outside.port}",
        smtp_port=free_port(),
        submission_port=free_port(),
        imaps_port=free_port(),
        sieve_port=sieve_port,
        postfix_settings=_postfix_settings(),
        dovecot_settings=_dovecot_settings(),
    )
    grant_rights(mariadb, project.database)
    render(site, state)
    _introduce(project, state / "postfix", state / "dovecot" / "dovecot.conf")
    return MailServer(
        Postfix(
            state / "postfix",
            log=state / "postfix.log",
            port=site.smtp_port,
            submission_port=site.submission_port,
        ),
        Dovecot(
            state / "dovecot" / "dovecot.conf",
            log=state / "dovecot.log",
            port=site.imaps_port,
            auth_socket=site.auth_socket,
        ),
        outside,
    )


def grant_rights(mariadb: MariaDB, database: str) -> None:
    """What configuration.Database says, and no more."""
    read = ("domain", "mailbox", "alias", "alias_domain", "mailbox_app_password")
    written = ("mailadmin_app_password_use", "quota2")
    mariadb.grant_select(READER, READER_PASSWORD, database, (*read, *written))
    for table in written:
        mariadb.execute(f"GRANT INSERT, UPDATE ON `{database}`.`{table}` TO {READER}@localhost")


def as_in_the_guide(project: Project, mariadb: MariaDB) -> MailServer:
    """On the seed's own queries. Such a site has no lookup tables of ours: MAPS_TYPE is `sql`."""
    outside = Outside()
    site = seed.SeedSite(
        directory=project.directory / "mail",
        mariadb=mariadb,
        database=project.database,
        volume=project.mail_volume,
        certificate=make_certificate(project.directory),
        smtp_port=free_port(),
        submission_port=free_port(),
        imaps_port=free_port(),
    )
    settings = _postfix_settings() | {"relayhost": f"[{LOOPBACK}]:{outside.port}"}
    seed.write_configuration(site, postfix_settings=settings, dovecot_settings=_dovecot_settings())
    seed.grant_rights(site)
    _introduce(project, site.postfix_config, site.dovecot_config)
    return MailServer(
        Postfix(
            site.postfix_config,
            log=site.directory / "postfix.log",
            port=site.smtp_port,
            submission_port=site.submission_port,
        ),
        Dovecot(
            site.dovecot_config,
            log=site.directory / "dovecot.log",
            port=site.imaps_port,
            auth_socket=site.auth_socket,
        ),
        outside,
    )


def _introduce(project: Project, postfix_config: Path, dovecot_config: Path) -> None:
    project.environment |= {"MAIL_CONFIG": str(postfix_config), "DOVECOT_CONFIG": str(dovecot_config)}
    owner = pwd.getpwnam(OWNER)
    os.chown(project.mail_volume, owner.pw_uid, owner.pw_gid)


def _postfix_settings() -> dict[str, str]:
    """What a test needs beside the configuration under test: no DNS, no waiting, and clients that pose as others."""
    return {
        "inet_protocols": "ipv4",
        "disable_dns_lookups": "yes",
        "smtp_host_lookup": "native",
        "smtpd_peername_lookup": "no",
        "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
        "smtpd_client_connection_rate_limit": "0",
        "minimal_backoff_time": "2s",
        "maximal_backoff_time": "2s",
        "queue_run_delay": "2s",
    }


def _dovecot_settings() -> dict[str, str]:
    # Shared by many short tests: a wrong password must not slow down the next, nor what comes from the same address.
    return {"auth_failure_delay": "0", "service/anvil/unix_listener/anvil-auth-penalty/mode": "0"}
