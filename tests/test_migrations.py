"""A first migrate that is killed at any statement can be run again, and loses nothing."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import uuid
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection

# Real commits: another process must see the rows, and not wait for a lock of ours.
pytestmark = pytest.mark.django_db(transaction=True)

# Ends like a killed process, in the middle of whatever migration is at work, after so many statements of DDL.
KILLED = """
import os, sys, django
from django.core.management import call_command
from django.db import connection

django.setup()
left, *target = sys.argv[1:]
left = int(left)

def count(execute, sql, params, many, context):
    global left
    result = execute(sql, params, many, context)
    if sql.split(None, 1)[0].upper() in ("CREATE", "ALTER", "DROP"):
        left -= 1
        if not left:
            os._exit(9)
    return result

with connection.execute_wrapper(count):
    for name in target or [""]:
        call_command("migrate", *filter(None, name.split(".")), verbosity=0)
"""
# The tables as the first version had them.
FIRST_VERSION = ("accounts.0001", "audit.0001", "domains.0002", "aliases.0001", "mailboxes.0002", "mailhost.0002")
MAILBOX = (
    "INSERT INTO {}mailbox (username, password, maildir, local_part, domain, name, quota, created, modified, active,"
    " phone, email_other, token, token_validity, password_expiry, smtp_active)"
    " VALUES ('joe@example.org', 'x', 'example.org/joe/', 'joe', 'example.org', 'Joe', 0, '2026-01-01', '2026-01-01',"
    " 1, '', '', '', '2000-01-01', '2000-01-01', 1)"
)


@pytest.fixture
def empty_database():
    if connection.vendor != "mysql":
        # SQLite's migrations are transactions: the file of a killed process is the one from before.
        yield None
        return
    name = f"cut_{uuid.uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    settings = connection.settings_dict
    socket = quote(settings["OPTIONS"]["unix_socket"], safe="/") if "unix_socket" in settings["OPTIONS"] else ""
    sign_in = f"{quote(settings['USER'])}:{quote(settings['PASSWORD'])}".rstrip(":")
    yield f"mysql://{sign_in}@{settings['HOST'] or 'localhost'}/{name}" + (f"?unix_socket={socket}" if socket else "")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")


def migrate(database_url, statements, *target):
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(statements), *target],
        env={**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "mailadmin.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_migrate_cut_off_anywhere_goes_on(empty_database, tmp_path):
    url = empty_database or f"sqlite:///{tmp_path}/cut.sqlite3"
    ends = []
    for statements in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 19, 28, 40, 60, 10_000):
        run = migrate(url, statements)
        assert run.returncode in (0, 9), run.stderr
        ends.append(run.returncode)
    assert ends.count(9) >= 5, "the migrations were hardly ever cut off"
    assert ends[-1] == 0


def test_table_with_rows_is_never_dropped(empty_database, tmp_path):
    if empty_database is None:
        url = f"sqlite:///{tmp_path}/cut.sqlite3"
        assert migrate(url, 1).returncode == 9
        assert migrate(url, 10_000).returncode == 0
        return
    name = urlsplit(empty_database).path.strip("/")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name}.domain (domain varchar(255) PRIMARY KEY)")
        cursor.execute(f"INSERT INTO {name}.domain VALUES ('precious.org')")
    run = migrate(empty_database, 10_000)
    assert run.returncode == 1
    assert "The table domain is there and has rows" in run.stderr
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT domain FROM {name}.domain")
        assert cursor.fetchall() == (("precious.org",),)


def test_upgrade_cut_off_after_any_statement_goes_on_and_keeps_the_rows(empty_database, tmp_path):
    url = empty_database or f"sqlite:///{tmp_path}/cut.sqlite3"
    assert migrate(url, 10_000, *FIRST_VERSION).returncode == 0
    execute(empty_database, tmp_path, MAILBOX)

    ends = []
    for statements in range(1, 60):
        run = migrate(url, statements)
        assert run.returncode in (0, 9), run.stderr
        ends.append(run.returncode)
        if run.returncode == 0:
            break

    assert ends.count(9) >= 5, "the migrations were hardly ever cut off"
    assert ends[-1] == 0
    query = "SELECT username, app_passwords_only FROM {}mailbox"
    assert execute(empty_database, tmp_path, query) == [("joe@example.org", 0)]
    assert execute(empty_database, tmp_path, "SELECT c_uid, c_password FROM {}sogo_users") == []


def execute(database_url, tmp_path, statement):
    """The rows, of MariaDB by the name of the database or of the SQLite file."""
    if database_url is None:
        with contextlib.closing(sqlite3.connect(tmp_path / "cut.sqlite3")) as file, file:
            return file.execute(statement.format("")).fetchall()
    with connection.cursor() as cursor:
        cursor.execute(statement.format(urlsplit(database_url).path.strip("/") + "."))
        return list(cursor.fetchall()) if cursor.description else []
