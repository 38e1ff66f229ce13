"""A site that keeps the Dovecot it had for Postfixadmin, with what docs/app-passwords.md tells it to add."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app_passwords.secret import new_secret, stored
from mailadmin.mailhost.configuration import Database, Site, render
from tests.plugin import own_directory
from tests.servers import mailserver
from tests.servers.letters import SignInRefused, subjects
from tests.servers.mailserver import MailServer
from tests.servers.mariadb import MariaDB
from tests.servers.project import BASE_DIR, Project

ANNA, PASSWORD = "anna@example.org", "ein Pferd namens Heinz"


@pytest.fixture(scope="module")
def project(new_database: Callable[[], str]) -> Project:
    project = Project(own_directory() / "own", database_url=new_database(), MAPS_TYPE="sql", MAIL_OWNER="mail:mail")
    project.set_up()
    project.manage("domain", "add", "example.org")
    project.manage("mailbox", "add", ANNA, "--password-stdin", text=f"{PASSWORD}\n")
    return project


@pytest.fixture(scope="module")
def server(project: Project, mariadb: MariaDB) -> Iterator[MailServer]:
    server = mailserver.as_in_the_guide(project, mariadb)
    config = server.dovecot.config
    added = documented_passdbs().replace("/etc/dovecot", str(rendered_files(project, mariadb)))
    config.write_text(config.read_text().replace("passdb {", added + "passdb {", 1))
    mailserver.grant_rights(mariadb, project.database)
    server.dovecot.start()
    yield server
    server.dovecot.stop()


def documented_passdbs() -> str:
    text = (BASE_DIR / "docs/app-passwords.md").read_text()
    blocks = re.findall(r"^    passdb \{\n.*?^    \}\n", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    return "".join(blocks)


def rendered_files(project: Project, mariadb: MariaDB) -> Path:
    database = Database("mysql", project.database, mailserver.READER, mailserver.READER_PASSWORD, str(mariadb.socket))
    target = project.directory / "rendered"
    render(Site.from_settings(database=database, maps_dir=target / "maps", uid=8, gid=8), target)
    return target / "dovecot"


def test_the_documented_passdbs_accept_app_passwords(server: MailServer, project: Project, mariadb: MariaDB) -> None:
    secret = new_secret()
    insert = "INSERT INTO mailbox_app_password (username, description, password_hash) VALUES ('{}', 'Phone', '{}')"
    mariadb.execute(insert.format(ANNA, stored(secret)), database=project.database)
    imaps = server.dovecot.port

    assert subjects(imaps, ANNA, secret) == []
    assert subjects(imaps, ANNA, PASSWORD) == []
    with pytest.raises(SignInRefused):
        subjects(imaps, ANNA, new_secret())
    used = mariadb.execute("SELECT service FROM mailadmin_app_password_use", database=project.database)
    assert used == [("imap",)]
