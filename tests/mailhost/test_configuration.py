"""The rendered configuration, by what the real programs do with it."""

from __future__ import annotations

import imaplib
import re
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from aliases.models import Alias
from domains.models import Domain
from mailadmin.mailhost.configuration import ConfigurationError, Database, Site, render
from mailadmin.mailhost.entries import ADDRESS_TABLES, TABLES
from mailadmin.mailhost.source import all_entries
from mailadmin.mailhost.tables import LmdbTables
from mailboxes.models import Mailbox, MailboxUsage
from tests.factories import PASSWORD, make_alias, make_alias_domain, make_domain, make_mailbox
from tests.servers.process import LOOPBACK, wait_until

from .running import database_for_servers, make_site, open_directory, running

DOVECOT_SECRETS = (
    "dovecot-sql.conf.ext",
    "dovecot-app-passwords.conf.ext",
    "dovecot-app-password-use.conf.ext",
)
ODD = "a+b-u@example.org"  # letters that Dovecot gives a meaning of its own


@pytest.fixture
def directory() -> Iterator[Path]:
    with open_directory() as directory:
        yield directory


def send(site: Site, sender: str, recipient: str, *, login: str = "") -> None:
    port = site.submission_port if login else site.smtp_port
    with smtplib.SMTP(LOOPBACK, port, timeout=20) as smtp:
        if login:
            smtp.starttls(context=untrusting())
            smtp.login(login, PASSWORD)
        smtp.sendmail(sender, [recipient], f"From: {sender}\r\nTo: {recipient}\r\nSubject: hello\r\n\r\nhello\r\n")


def untrusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def signed_in(site: Site, user: str) -> Iterator[imaplib.IMAP4_SSL]:
    with imaplib.IMAP4_SSL(LOOPBACK, site.imaps_port, ssl_context=untrusting(), timeout=20) as imap:
        imap.login(user, PASSWORD)
        yield imap


def messages(site: Site, user: str) -> int:
    with signed_in(site, user) as imap:
        return int(imap.select("INBOX", readonly=True)[1][0] or b"0")


def fill_domain() -> None:
    example = make_domain("example.org")
    make_mailbox("alice@example.org", quota_bytes=1_000_000)
    make_mailbox("bob@example.org", active=False)
    make_mailbox(ODD)
    make_alias("team@example.org", "alice@example.org", "x@elsewhere.test")
    make_alias_domain("old.org", example)
    make_mailbox("carol@closed.org")
    Domain.objects.filter(pk="closed.org").update(active=False)


def build_maps(site: Site, settings, config: Path) -> None:
    settings.MAPS_DIR, settings.MAPS_TYPE, settings.MAIL_CONFIG = site.maps_dir, site.maps_type, str(config)
    if site.maps_type == "lmdb":
        LmdbTables("lmdb", site.maps_dir).build(all_entries())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("maps_type", "delivery"), [("lmdb", "lmtp"), ("sql", "lda")])
def test_mail_goes_in_by_smtp_and_out_by_imaps(directory: Path, settings, maps_type: str, delivery: str) -> None:
    fill_domain()
    site = make_site(directory, database_for_servers(directory), maps_type=maps_type, delivery=delivery)
    render(site, directory)
    build_maps(site, settings, directory / "postfix")
    with running(site, directory):
        for recipient in ("alice@example.org", "alice@old.org"):
            send(site, "someone@elsewhere.test", recipient)
        for recipient in ("alice@example.org", ODD):  # from outside Postfix takes "%" for routing, and refuses it
            send(site, "alice@example.org", recipient, login="alice@example.org")
        wait_until(lambda: messages(site, "alice@example.org") == 3, what="alice has her mail")
        wait_until(lambda: messages(site, ODD) == 1, what="the odd one has its mail")

        assert (site.volume / "users/example.org/a+b-u/new").is_dir()
        with signed_in(site, "alice@example.org") as imap:
            assert re.search(rb"STORAGE \d+ 977", imap.getquotaroot("INBOX")[1][1][0])  # of 1024 bytes, rounded up
        if connection.vendor == "mysql":
            counted = MailboxUsage.objects.filter(pk="alice@example.org", messages=3, bytes__gt=0)
            wait_until(counted.exists, what="Dovecot counts what alice uses")
        for recipient in ("bob@example.org", "nobody@example.org", "nobody@old.org", "carol@closed.org", "x@else.test"):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                send(site, "someone@elsewhere.test", recipient)
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="not owned by user"):
            send(site, "bob@example.org", "alice@example.org", login="alice@example.org")
        for user in ("bob@example.org", "carol@closed.org"):
            with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"), signed_in(site, user):
                pass


@pytest.mark.django_db(transaction=True)
def test_the_queries_answer_as_the_tables_do(directory: Path) -> None:
    fill_domain()
    other = make_domain("other.org")
    make_mailbox("dora@other.org")
    make_alias("@other.org", "dora@other.org")
    make_alias_domain("elder.org", other)
    make_domain("backup.org", backup_mx=True)
    make_domain("hop.org", transport="smtp:[192.0.2.1]:2525")
    make_domain("own.org", transport="lmtp:[192.0.2.2]")
    make_alias("off@example.org", "alice@example.org", active=False)
    # As other programs may have left it.
    Alias.objects.filter(pk="bob@example.org").update(active=True, goto="bob@example.org, x@elsewhere.test")
    Alias.objects.filter(pk=ODD).delete()
    Alias.objects.create(address="alice@old.org", goto="x@elsewhere.test", domain_id="old.org")
    site = make_site(directory, database_for_servers(directory), maps_type="sql")
    render(site, directory)
    entries = {key: of_key for key, of_key in all_entries() if of_key}
    domains = set(Domain.objects.values_list("pk", flat=True)) | {"elsewhere.test"}
    boxes = set(Mailbox.objects.values_list("pk", flat=True)) | set(Alias.objects.values_list("pk", flat=True))
    mirrored = {f"{key.partition('@')[0]}@{name}" for key in boxes for name in ("old.org", "elder.org")}
    addresses = boxes | mirrored | {"nobody@example.org", "@nowhere.test"}

    for table in TABLES:
        keys = addresses if table in ADDRESS_TABLES else domains
        expected = {key: entries[key][table].replace(" ", "") for key in keys if table in entries.get(key, {})}
        assert expected
        assert ask_tables(site, directory / "postfix", table, keys) == expected


def ask_tables(site: Site, config: Path, table: str, keys: set[str]) -> dict[str, str]:
    asked = "".join(f"{key}\n" for key in sorted(keys))
    reference = site.table(table).removeprefix("proxy:")
    command = ["postmap", "-c", str(config), "-q", "-", reference]
    output = subprocess.run(command, input=asked, text=True, capture_output=True, check=True).stdout
    pairs = (line.partition("\t") for line in output.splitlines())
    return {key: value.replace(" ", "") for key, _tab, value in pairs}


@pytest.mark.parametrize("driver", ["mysql", "sqlite"])
def test_files_with_a_password_are_not_for_everybody(directory: Path, driver: str) -> None:
    database = Database(driver, "mail", "reader", "s3cret", "/run/x.sock")
    site = make_site(directory, database, maps_type="sql")

    modes = {path.name: path.stat().st_mode & 0o777 for path in render(site, directory)}

    assert modes == {
        "main.cf": 0o644,
        "master.cf": 0o644,
        "dovecot.conf": 0o644,
        **dict.fromkeys(DOVECOT_SECRETS, 0o600),
        **({"dovecot-dict-sql.conf.ext": 0o640} if driver == "mysql" else {}),
        **{f"{table}.cf": 0o640 for table in TABLES},
    }
    told = [path.name for path in directory.rglob("*.c*") if path.is_file() and "s3cret" in path.read_text()]
    assert sorted(told) == (
        sorted([*(f"{table}.cf" for table in TABLES), *DOVECOT_SECRETS, "dovecot-dict-sql.conf.ext"])
        if driver == "mysql"
        else []
    )
    assert "s3cret" not in repr(site)


def test_render_twice_gives_the_same(directory: Path) -> None:
    site = make_site(directory, Database("sqlite", "/nowhere.sqlite3"), maps_type="sql")
    first = {path: path.read_bytes() for path in render(site, directory)}

    assert {path: path.read_bytes() for path in render(site, directory)} == first
    assert [path.name for path in (directory / "postfix").iterdir() if path.name.startswith(".")] == []


def test_the_hash_type_names_its_tables(directory: Path) -> None:
    site = make_site(directory, Database("sqlite", "/nowhere.sqlite3"), maps_type="hash")
    render(site, directory)

    assert f"virtual_alias_maps = hash:{site.maps_dir}/virtual_aliases\n" in (directory / "postfix/main.cf").read_text()
    assert list(site.maps_dir.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"uid": 0},
        {"delivery": "pigeon"},
        {"host_name": "mail\nmyhostname = evil"},
        {"volume": Path("/srv/it's")},
        {"volume": Path("/srv/100%u")},
        {"database": Database("mysql", "mail", "reader", "two words", "/run/x.sock")},
        {"database": Database("mysql", "mail", "reader", "two\nlines", "/run/x.sock")},
    ],
)
def test_values_that_would_break_the_files_are_refused(directory: Path, change: dict[str, Any]) -> None:
    site = replace(make_site(directory, Database("sqlite", "/nowhere.sqlite3")), **change)

    with pytest.raises(ConfigurationError) as refusal:
        render(site, directory)
    assert "two" not in str(refusal.value)
    assert not (directory / "postfix").exists()


def test_a_site_of_the_settings(settings, tmp_path: Path) -> None:
    settings.MAIL_OWNER, settings.MAIL_VOLUME = "mail:mail", tmp_path
    site = Site.from_settings(smtp_port=2525, relay_host="[smtp.example.net]")

    assert (site.user, site.group, site.volume, site.smtp_port) == ("mail", "mail", tmp_path, 2525)
    assert site.database.driver in ("mysql", "sqlite")
