"""What the real programs answer, running and not."""

from __future__ import annotations

import imaplib
import os
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailadmin.mailhost import control
from mailadmin.mailhost.configuration import Site, render
from mailadmin.mailhost.control import ControlError
from mailadmin.mailhost.source import all_entries
from mailadmin.mailhost.tables import LmdbTables
from tests.factories import PASSWORD, make_domain, make_mailbox
from tests.servers.process import LOOPBACK, wait_until

from .running import database_for_servers, make_site, open_directory, running

ALICE = "alice@example.org"


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


@pytest.fixture
def mail_site(directory: Path, settings, transactional_db: None) -> Site:
    make_domain("example.org")
    make_mailbox(ALICE)
    site = make_site(directory, database_for_servers(directory), auth_cache_size="1M")
    settings.MAIL_CONFIG = str(directory / "postfix")
    settings.DOVECOT_CONFIG = str(directory / "dovecot" / "dovecot.conf")
    settings.MAPS_DIR, settings.MAPS_TYPE = site.maps_dir, "lmdb"
    render(site, directory)
    LmdbTables("lmdb", site.maps_dir).build(all_entries())
    return site


def opened_mailbox(site: Site) -> imaplib.IMAP4_SSL:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    imap = imaplib.IMAP4_SSL(LOOPBACK, site.imaps_port, ssl_context=context, timeout=20)
    imap.login(ALICE, PASSWORD)
    return imap


def accepts(site: Site, recipient: str) -> bool:
    with smtplib.SMTP(LOOPBACK, site.smtp_port, timeout=20) as smtp:
        smtp.ehlo()
        smtp.mail("someone@elsewhere.test")
        return smtp.rcpt(recipient)[0] == 250


def test_nobody_is_told_where_nothing_is_configured(settings, monkeypatch) -> None:
    settings.MAIL_CONFIG = settings.DOVECOT_CONFIG = ""
    monkeypatch.setenv("PATH", "/nonexistent")

    control.reload_postfix()
    control.flush_auth_cache([ALICE])
    control.kick(ALICE)


def test_a_kick_ends_the_sessions_of_that_user_only(mail_site: Site, directory: Path) -> None:
    with running(mail_site, directory):
        imap = opened_mailbox(mail_site)
        control.kick("bob@example.org")
        control.kick("*")
        control.kick("--help")
        assert imap.noop()[0] == "OK"
        assert control.connected_users() == {ALICE}

        control.flush_auth_cache([ALICE, "bob@example.org", "*"])
        control.kick(ALICE)

        with pytest.raises(imaplib.IMAP4.abort):
            imap.select("INBOX")
        imap.shutdown()
        assert control.connected_users() == set()


def test_a_reload_shows_postfix_the_tables_that_were_replaced(mail_site: Site, directory: Path) -> None:
    with running(mail_site, directory):
        assert accepts(mail_site, ALICE)
        assert not accepts(mail_site, "bob@example.com")
        make_domain("example.com")
        make_mailbox("bob@example.com")
        LmdbTables("lmdb", mail_site.maps_dir).build(all_entries())

        control.reload_postfix()

        wait_until(lambda: accepts(mail_site, "bob@example.com"), what="the new table is in use", seconds=3)


def test_a_server_that_does_not_run_is_told_already(mail_site: Site) -> None:
    control.reload_postfix()
    control.flush_auth_cache([ALICE])
    control.kick(ALICE)

    assert control.connected_users() == set()


def test_a_broken_configuration_is_an_error_with_the_programs_words(mail_site: Site, directory: Path) -> None:
    (directory / "postfix" / "main.cf").unlink()
    (directory / "dovecot" / "dovecot.conf").write_text("nonsense = 1\n")

    with pytest.raises(ControlError, match=r"^postconf: .*main\.cf"):
        control.reload_postfix()
    with pytest.raises(ControlError, match=r"^doveadm: .*nonsense"):
        control.kick(ALICE)


def test_a_program_that_is_missing_is_an_error(settings, monkeypatch, tmp_path: Path) -> None:
    settings.MAIL_CONFIG = str(tmp_path)
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(ControlError, match=r"^post(fix|conf): No such file or directory$"):
        control.reload_postfix()


def test_a_program_that_hangs_is_an_error(settings, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "postfix").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "postfix").chmod(0o755)
    settings.MAIL_CONFIG = str(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(control, "SECONDS_AT_MOST", 0.2)

    with pytest.raises(ControlError, match="no answer"):
        control.reload_postfix()
