"""The commands and the environment that other programs are built on, run as they run them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.plugin import own_directory
from tests.servers.mariadb import MariaDB
from tests.servers.project import BASE_DIR, PASSWORD, Project

DIFFICULT = "p@ss:/w%rd?#&é"
OBJECTS = ("domain", "mailbox", "alias", "alias_domain", "admin")


def databases() -> list[str]:
    return ["sqlite", "mysql by socket", "mysql by port"]


@pytest.fixture(scope="module")
def listening(tmp_path_factory: Any) -> Iterator[MariaDB]:
    """A MariaDB of its own that listens on a port, with a user whose password must be quoted in a URL."""
    server = MariaDB(tmp_path_factory.mktemp("listening") / "mariadb")
    server.listen_on_a_port()
    server.start()
    for host in ("localhost", "127.0.0.1"):
        server.execute(f"CREATE USER 'site'@'{host}' IDENTIFIED BY '{DIFFICULT}'")
        server.execute(f"GRANT ALL ON *.* TO 'site'@'{host}'")
    yield server
    server.stop()


@pytest.fixture(scope="module", params=databases())
def project(request: Any, listening: MariaDB, tmp_path_factory: Any) -> Project:
    directory = own_directory() / f"contract_{request.param}".replace(" ", "_")
    name = request.param.replace(" ", "_")
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/site.sqlite3"
    else:
        listening.create_database(name)
        place = f"localhost/{name}?unix_socket={listening.socket}"
        if request.param == "mysql by port":
            place = f"127.0.0.1:{listening.port}/{name}"
        url = f"mysql://site:{quote(DIFFICULT, safe='')}@{place}"
    project = Project(directory, database_url=url)
    project.set_up()
    return project


def manage(project: Project, *arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env={**project.environment, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment},
        cwd=BASE_DIR, input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_commands_of_the_contract(project: Project) -> None:
    add = project.manage_json
    domain = add("domain", "add", "example.org")
    assert (domain["name"], domain["active"], domain["live"]) == ("example.org", True, False)

    mailbox = add(
        "mailbox",
        "add",
        "a@example.org",
        "--name",
        "A",
        "--quota-bytes",
        "123",
        "--password-stdin",
        text=f"{PASSWORD}\n",
    )
    assert (mailbox["address"], mailbox["name"], mailbox["quota_bytes"]) == ("a@example.org", "A", 123)
    stored = "{SHA512-CRYPT}$6$rounds=5000$usesomesillystri$" + "x" * 86
    assert add("mailbox", "add", "h@example.org", "--password-hash", stored)["active"] is True
    assert add("mailbox", "edit", "a@example.org", "--no-active")["active"] is False
    assert add("mailbox", "edit", "a@example.org", "--active")["active"] is True

    alias = add("alias", "add", "team@example.org", "--goto", "a@example.org", "--goto", "b@elsewhere.test")
    assert alias["goto"] == ["a@example.org", "b@elsewhere.test"]
    assert add("alias", "add", "@example.org", "--goto", "a@example.org")["address"] == "@example.org"
    assert add("alias_domain", "add", "old.org", "--target", "example.org")["target"] == "example.org"
    assert add("admin", "add", "x@example.net", "--domain", "example.org")["domains"] == ["example.org"]

    keys = dict(
        zip(OBJECTS, ("example.org", "a@example.org", "team@example.org", "old.org", "x@example.net"), strict=True)
    )
    for command, key in keys.items():
        shown = add(command, "show", key)
        assert shown in add(command, "list")
        assert key in project.manage(command, "list")
    assert [each["key"] for each in add("mailhost", "apply")]
    assert add("domain", "show", "example.org")["live"] is True
    assert add("mailhost", "apply") == []
    assert "Nothing" in project.manage("mailhost", "apply")
    assert add("mailhost", "verify")["differences"] == 0
    assert add("mailhost", "repair")["differences"] == 0
    assert add("mailhost", "rebuild")["virtual_mailboxes"] == 2
    traced = add("trace", "team@old.org")
    assert (traced["mailboxes"], traced["outside"], traced["live"]) == (["a@example.org"], ["b@elsewhere.test"], True)
    assert sorted(path.name for path in project.maps.iterdir() if not path.name.startswith("."))[0].startswith(
        "relay_domains"
    )
    assert (project.mail_volume / "users" / "example.org" / "a" / "new").is_dir()

    written = manage(project, "mailhost", "render", "--target", str(project.directory / "etc"), MAIL_OWNER="mail:mail")
    assert written.returncode == 0, written.stderr
    assert (project.directory / "etc").is_dir()
    for command in ("alias_domain", "admin", "alias", "mailbox"):
        add(command, "delete", keys[command])
    add("domain", "delete", "example.org")
    assert [add(command, "list") for command in OBJECTS if command != "admin"] == [[], [], [], []]


WRONG = [
    ("domain", "add"), ("domain",), ("domain", "rename", "x"), ("mailbox", "add", "a@nowhere.example"),
    ("mailbox", "edit", "nobody@example.org", "--active"), ("alias", "add", "x@example.org"),
    ("mailbox", "add", "a@example.org", "--password", "secret"),
    ("mailbox", "add", "a@example.org", "--quota-bytes", "x"),
    ("alias_domain", "add", "old.example"), ("alias_domain", "add", "old.example", "--target", "nowhere.example"),
    ("admin", "delete", "nobody@example.net"), ("mailhost",), ("mailhost", "frobnicate"), ("mailhost", "render"),
    ("mailhost", "render", "--target", "/proc/none"), ("trace",), ("trace", "nonsense"),
    ("createsuperuser", "--noinput"), ("no_such_command",),
]  # fmt: skip


def test_wrong_use_ends_with_one_clear_line(new_database: Callable[[], str]) -> None:
    project = Project(own_directory() / "wrong", database_url=new_database())
    project.manage("migrate", "--verbosity=0")
    for arguments in WRONG:
        ended = manage(project, *arguments)
        assert (arguments, ended.returncode != 0, ended.stdout) == (arguments, True, "")
        assert "Traceback" not in ended.stderr, arguments
        last = ended.stderr.strip().splitlines()[-1]
        assert 10 < len(last) < 400, arguments


@pytest.fixture(scope="module")
def bare(tmp_path_factory: Any) -> Project:
    """On SQLite, before anything was made."""
    return Project(
        tmp_path_factory.mktemp("bare") / "site", database_url=f"sqlite:///{tmp_path_factory.mktemp('b')}/x.sqlite3"
    )


NONSENSE = {
    "SECRET_KEY": "", "SECRET_KEY_FILE": "/none/at/all", "DATABASE_URL": "nonsense", "MAPS_TYPE": "btree",
    "DEBUG": "maybe", "QUOTA_MULTIPLIER": "ten", "ARCHIVE_DAYS": "-1", "SMTPUTF8": "2", "LANGUAGE_CODE": "xx",
}  # fmt: skip


@pytest.mark.parametrize("name", NONSENSE)
def test_a_bad_setting_is_named_in_one_line(bare: Project, name: str) -> None:
    ended = manage(bare, "check", **{name: NONSENSE[name]})
    lines = ended.stderr.strip().splitlines()
    assert (ended.returncode, len(lines)) == (1, 1), ended.stderr
    assert name.removesuffix("_FILE") in lines[0]


@pytest.mark.parametrize("url", ["sqlite:////none/at/all.sqlite3", "mysql://u:geheim@127.0.0.1:1/x"])
def test_a_database_that_is_away_is_told_in_one_line_without_its_password(bare: Project, url: str) -> None:
    for arguments in (("domain", "list"), ("migrate",), ("mailhost", "apply")):
        ended = manage(bare, *arguments, DATABASE_URL=url)
        assert (ended.returncode, "Traceback" in ended.stderr, "geheim" in ended.stderr) == (1, False, False)
        assert len(ended.stderr.strip().splitlines()) == 1


def test_a_database_that_is_not_migrated_is_told_in_one_line(bare: Project) -> None:
    ended = manage(bare, "domain", "list")
    assert ended.returncode == 1
    assert "migrate" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_each_secret_may_come_from_a_file(bare: Project, tmp_path: Path) -> None:
    database = tmp_path / "by-file.sqlite3"
    files = {
        "SECRET_KEY": "$from a file, and long enough that no check complains: 0123456789",
        "DATABASE_URL": f"sqlite:///{database}",
        "CELERY_BROKER_URL": "redis://:secret@127.0.0.1:1/0",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n")
    environment = {f"{name}_FILE": str(tmp_path / name) for name in files}
    project = Project(tmp_path / "site", database_url="")
    for name in files:
        del project.environment[name]

    assert manage(project, "migrate", **environment).returncode == 0
    assert database.exists()
    show = "import json; from django.conf import settings as s; print(json.dumps([s.SECRET_KEY, s.CELERY_BROKER_URL]))"
    shown = manage(project, "shell", "--no-imports", "-c", show, **environment)
    assert json.loads(shown.stdout) == [files["SECRET_KEY"], files["CELERY_BROKER_URL"]]


def test_the_environment_is_heard(bare: Project) -> None:
    given = {"ALLOWED_HOSTS": "a.example,b.example", "DEBUG": "true", "MAPS_TYPE": "lmdb", "MAIL_CONFIG": "/etc/none"}
    given |= {"MAPS_DIR": "/tmp/m", "MAIL_VOLUME": "/tmp/v", "CELERY_BROKER_URL": "redis://127.0.0.1:1/3"}
    of_settings = f"{{name: getattr(s, name) for name in {list(given)}}}"
    show = f"import json; from django.conf import settings as s; print(json.dumps({of_settings}, default=str))"
    shown = json.loads(manage(bare, "shell", "--no-imports", "-c", show, **given).stdout)
    assert shown == {**given, "ALLOWED_HOSTS": ["a.example", "b.example"], "DEBUG": True}
