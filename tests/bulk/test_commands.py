"""`import` and `export`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from aliases.models import Alias
from bulk.models import Import
from domains.models import Domain
from mailboxes.models import Mailbox
from tests.bulk.files import mailboxes
from tests.factories import make_alias, make_domain, make_mailbox
from tests.refusals import nothing_written

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> tuple[str, str, int]:
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return out.getvalue(), err.getvalue(), code


@pytest.fixture
def people(tmp_path: Path, example_org: Domain) -> str:
    path = tmp_path / "people.csv"
    path.write_text(mailboxes("ann", "joe"))
    return str(path)


def test_a_file_comes_in(people: str) -> None:
    out, err, code = run("import", "mailboxes", people)
    assert (out, err, code) == ("done: 2 lines: create 2, change 0, nothing 0, refused 0\n", "", 0)
    assert Mailbox.objects.count() == 2


def test_a_dry_run_says_what_would_be_and_does_nothing(people: str) -> None:
    make_mailbox("joe@example.org")
    out, err, code = run("import", "mailboxes", people, "--dry-run", "--json")
    told = json.loads(out)
    assert (told["state"], told["counts"]["create"], told["counts"]["refused"], code) == ("ready", 1, 1, 1)
    assert [(each["line"], each["errors"][0]["code"]) for each in told["refused"]] == [(3, "address_is_mailbox")]
    assert err == "3: joe@example.org: address: joe@example.org is a mailbox already.\n"
    assert Mailbox.objects.count() == 1


@pytest.mark.parametrize(("mode", "count", "state"), [("all", 1, "refused"), ("good", 2, "done")])
def test_a_line_that_is_refused_makes_it_1(people: str, mode: str, count: int, state: str) -> None:
    make_mailbox("joe@example.org")
    out, _err, code = run("import", "mailboxes", people, "--mode", mode)
    assert (out.partition(":")[0], Mailbox.objects.count(), code) == (state, count, 1)


@pytest.mark.parametrize("text", ["", "colour\nred\n", "address\n", 'address\n"x\n'])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, db: None, text: str) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text)
    with nothing_written(), pytest.raises(CommandError, match="file"):
        run("import", "mailboxes", str(path))
    with pytest.raises(CommandError, match="No such file"):
        run("import", "mailboxes", str(tmp_path / "none.csv"))


def rows(*models: Any) -> list[Any]:
    times = {"created_at", "modified_at", "uid"}
    return [
        {name: value for name, value in row.items() if name not in times} for model in models for row in model.values()
    ]


def test_what_is_exported_can_be_imported_elsewhere(tmp_path: Path, db: None) -> None:
    """Everything, hashes too."""
    domain = make_domain("example.org", max_mailboxes=5, quota_mb=100, description="=cmd", password_expiry_days=3)
    make_mailbox("joe@example.org", name='\'=Joe; "x"\n', quota_bytes=5)
    make_mailbox("ann@example.org", active=False, quota_bytes=7)
    make_alias("@example.org", "joe@example.org", "ann@elsewhere.test", description="-all")
    before = rows(Domain.objects, Mailbox.objects.defer("password_expires_at"), Alias.objects)
    paths = {}
    for kind in ("domains", "mailboxes", "aliases"):
        paths[kind] = tmp_path / f"{kind}.csv"
        paths[kind].write_text(run("export", kind, *(["--with-hashes"] if kind == "mailboxes" else []))[0], newline="")
    for model in (Alias, Mailbox, Domain, Import):
        model.objects.all().delete()

    codes = [run("import", kind, str(path))[2] for kind, path in paths.items()]

    after = rows(Domain.objects, Mailbox.objects.defer("password_expires_at"), Alias.objects)
    for each in (*before, *after):
        each.pop("password_expires_at", None)
    assert (codes, after, domain.pk) == ([0, 0, 0], before, "example.org")
