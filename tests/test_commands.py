"""What all commands have in common: `--dry-run`, refusals as JSON, exit codes, and a page that says it all."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command, get_commands, load_command_class

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.commands import EnglishCommand
from mailadmin.mailhost.entries import TABLES
from mailadmin.mailhost.models import PendingWork
from mailadmin.refusals import Refused

from .factories import make_mailbox, password_hash
from .plugin import own_directory
from .refusals import nothing_written
from .servers.project import BASE_DIR, Project

OURS = sorted(name for name, app in get_commands().items() if isinstance(load_command_class(app, name), EnglishCommand))
HASH = f"--password-hash={password_hash()}"
# Each write, in an order in which all of them are possible one after another.
WRITES = {
    "domain add": ("domain", "add", "new.example", "--description=New"),
    "domain edit": ("domain", "edit", "new.example", "--description=Newer"),
    "mailbox add": ("mailbox", "add", "joe@new.example", "--name=Joe", HASH),
    "mailbox edit": ("mailbox", "edit", "joe@new.example", "--name=Joseph", "--quota-bytes=1024000"),
    "mailbox rename": ("mailbox", "edit", "joe@new.example", "--address=jd@new.example", "--keep-alias"),
    "alias add": ("alias", "add", "team@new.example", "--goto=jd@new.example"),
    "alias edit": ("alias", "edit", "team@new.example", "--no-active"),
    "alias_domain add": ("alias_domain", "add", "old.example", "--target=new.example"),
    "alias_domain edit": ("alias_domain", "edit", "old.example", "--description=Before"),
    "admin add": ("admin", "add", "ann@home.test", "--domain=new.example", "--name=Ann", "--password-stdin"),
    "admin edit": ("admin", "edit", "ann@home.test", "--no-active"),
    "admin delete": ("admin", "delete", "ann@home.test"),
    "alias_domain delete": ("alias_domain", "delete", "old.example"),
    "alias delete": ("alias", "delete", "team@new.example"),
    "mailbox delete": ("mailbox", "delete", "jd@new.example"),
    "domain delete": ("domain", "delete", "new.example"),
}


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def run_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_a_dry_run_writes_nothing_and_tells_what_the_write_then_does(
    root: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments in WRITES.values():
        monkeypatch.setattr("sys.stdin", StringIO("correct horse battery\n" * 2))  # a line for each run
        with nothing_written():
            told = run_json(*arguments, "--dry-run")
        last_entry, last_work = (model.objects.order_by("-pk").first() for model in (Entry, PendingWork))
        run(*arguments)

        entries = Entry.objects.filter(pk__gt=last_entry.pk if last_entry else 0).order_by("pk")
        work = PendingWork.objects.filter(pk__gt=last_work.pk if last_work else 0).order_by("pk")
        assert told["dry_run"] is True
        assert told["changes"], arguments
        assert [(each["action"], each["object_type"], each["key"]) for each in told["changes"]] == list(
            entries.values_list("action", "object_type", "object_key")
        ), arguments
        assert told["pending"] == list(work.values("host", "kind", "key")), arguments


def test_a_dry_run_in_lines_has_each_row_before_and_after(example_org: Domain) -> None:
    make_mailbox("joe@example.org", name="Joe")

    with nothing_written():
        said = run("mailbox", "edit", "joe@example.org", "--name=Joseph", "--dry-run")
        same = run("mailbox", "edit", "joe@example.org", "--name=Joe", "--dry-run")

    assert said.splitlines() == [
        "mailbox.edit joe@example.org",
        '  name: "Joe" -> "Joseph"',
        "pending on main: address joe@example.org",
        "Nothing was written.",
    ]
    assert same == "Nothing would change.\n"


def test_a_dry_run_masks_secrets_and_refuses_what_the_write_refuses(example_org: Domain) -> None:
    with nothing_written():
        said = run("mailbox", "add", "joe@example.org", HASH, "--dry-run", "--json")
        with pytest.raises(Refused) as refused:
            run("mailbox", "add", "joe@nowhere.example", HASH, "--dry-run")

    assert password_hash() not in said
    assert json.loads(said)["changes"][0]["after"]["password"].startswith("•••")
    assert (refused.value.code, list(refused.value.errors)) == ("domain_unknown", ["address"])


def test_the_password_is_read_once_though_the_write_is_tried_twice(
    example_org: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery staple\n"))

    with nothing_written():
        told = run_json("mailbox", "add", "joe@example.org", "--password-stdin", "--dry-run")

    assert told["result"]["address"] == "joe@example.org"


def test_the_mail_hosts_dry_runs_write_nothing(db: None, settings: Any) -> None:
    run("domain", "add", "example.org")
    with nothing_written():
        first = run_json("mailhost", "apply", "--dry-run")
        differences = run_json("mailhost", "repair", "--dry-run")["differences"]
        counts = run_json("mailhost", "rebuild", "--dry-run")
    tables = [path for path in settings.MAPS_DIR.iterdir() if not path.name.startswith(".")]

    assert first == [{"kind": "domain", "key": "example.org", "done": False}]
    assert differences > 0
    assert (counts, tables) == ({**dict.fromkeys(sorted(TABLES), 0), "virtual_domains": 1}, [])
    assert run_json("mailhost", "rebuild") == counts
    assert [each["done"] for each in run_json("mailhost", "apply")] == [True]


@pytest.fixture(scope="module")
def project(tmp_path_factory: Any) -> Project:
    project = Project(
        own_directory() / "commands", database_url=f"sqlite:///{tmp_path_factory.mktemp('commands')}/site.sqlite3"
    )
    project.manage("migrate", "--verbosity=0")
    project.manage("domain", "add", "example.org")
    return project


ENDS = {
    0: ("domain", "show", "example.org"),
    1: ("domain", "add", "example.org"),
    2: ("domain", "add"),
    3: ("mailbox", "delete", "nobody@example.org"),
}


def ended(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=project.environment, cwd=BASE_DIR, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("code", ENDS)
def test_the_exit_code_says_what_happened(project: Project, code: int) -> None:
    assert ended(project, *ENDS[code]).returncode == code


def test_a_refusal_is_json_if_the_answer_was_to_be(project: Project) -> None:
    refused, gone = (ended(project, *ENDS[code], "--json") for code in (1, 3))

    assert (refused.stdout, gone.stdout) == ("", "")
    told = json.loads(refused.stderr)
    assert told["code"] == "domain_exists"
    assert told["errors"] == {"name": [{"code": "domain_exists", "message": told["detail"].removeprefix("name: ")}]}
    assert json.loads(gone.stderr) == {
        "code": "not_found", "detail": "There is no address nobody@example.org.", "errors": {}
    }  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_every_command_has_examples_that_its_parser_takes(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)

    assert command.examples
    for _words, line in command.examples:
        called, *arguments = shlex.split(re.split(" [<>] ", line)[0])
        assert called == name
        assert parser.parse_args(arguments)


@pytest.mark.parametrize("name", OURS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    verbs = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    parsers = list(verbs[0].choices.values()) if verbs else [parser]

    assert [action.dest for each in parsers for action in each._actions if not action.help] == []


def test_the_page_of_the_commands_is_up_to_date() -> None:
    """Else: `python docs/cli.py > docs/cli.md`."""
    written = subprocess.run(
        [sys.executable, "docs/cli.py"], cwd=BASE_DIR, capture_output=True, text=True, check=True, timeout=60
    )

    assert (BASE_DIR / "docs" / "cli.md").read_text() == written.stdout
