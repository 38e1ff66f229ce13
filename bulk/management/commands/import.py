from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import CommandError, CommandParser

from bulk.lines import Outcome
from bulk.models import Action, Existing, Import, Kind, Mode, State
from bulk.reports import results, summary
from bulk.services import start_import, take_turn
from mailadmin.accounts.actors import Actor
from mailadmin.commands import EnglishCommand, add_json

SHOWN_AT_ONCE = 1000


class Command(EnglishCommand):
    help = "Bring in domains, mailboxes or aliases from a file of CSV. The exit status is 1 if a line was refused."
    examples = (
        ("What a file would do", "import mailboxes people.csv --dry-run"),
        ("All of it, or nothing", "import mailboxes people.csv"),
        ("What is right in it", "import aliases teams.csv --mode good --existing update"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=Kind.values, help="what is in the file")
        parser.add_argument("file", metavar="FILE", help="UTF-8, with the columns in its first line; -: standard input")
        parser.add_argument("--mode", choices=Mode.values, default=Mode.ALL, help="all lines or none, or the good ones")
        parser.add_argument(
            "--existing", choices=Existing.values, default=Existing.REFUSE, help="what to do with rows that are there"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what each line would do, and do nothing")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        row = self._done(options)
        refused = list(_refused(row))
        if options.get("json"):
            self.write_json({**summary(row), "refused": [asdict(each) for each in refused]})
        else:
            self._tell(row)
        for each in refused:
            told = "; ".join(f"{error['field']}: {error['message']}" for error in each.errors)
            self.stderr.write(f"{each.line}: {each.key}: {told}")
        if refused or row.state in (State.FAILED, State.CANCELLED):
            sys.exit(1)

    def _done(self, options: dict[str, Any]) -> Import:
        """Here, in this process, unless a worker was faster."""
        mode = "" if options["dry_run"] else options["mode"]
        told = {"kind": options["kind"], "existing": options["existing"], "preview_only": options["dry_run"]}
        with _opened(options["file"]) as file:
            row = start_import(file=file, file_name=options["file"], mode=mode, **told, actor=Actor.of_command())
        while take_turn(row.pk):
            pass
        row.refresh_from_db()
        return row

    def _tell(self, row: Import) -> None:
        counts = ", ".join(f"{action} {count}" for action, count in row.counts.items())
        self.stdout.write(f"{row.get_state_display()}: {row.lines} lines: {counts}{row.error and ': '}{row.error}")


def _opened(name: str) -> IO[bytes]:
    if name == "-":
        return sys.stdin.buffer
    try:
        return cast(IO[bytes], Path(name).open("rb"))
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from None


def _refused(row: Import) -> Iterator[Outcome]:
    after: int | None = 0
    while after is not None:
        shown, after = results(row, Action.REFUSED, after=after, limit=SHOWN_AT_ONCE)
        yield from shown
