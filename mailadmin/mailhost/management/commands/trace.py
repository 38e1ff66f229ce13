"""`trace ADDRESS`: where does mail for it go, why, and do this host's lookup tables agree?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from mailadmin.addresses import normalise_address
from mailadmin.commands import EnglishCommand, add_json
from mailadmin.mailhost.steps import Trace
from mailadmin.mailhost.trace import trace


class Command(EnglishCommand):
    help = "Show where mail for an address goes, and why."
    requires_migrations_checks = True
    examples = (
        ("Step by step", "trace team@example.org"),
        ("For a script: refused, mailboxes, outside, live", "trace team@example.org --json"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="of anybody, here or elsewhere")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        result = trace(normalise_address(options["address"]))
        if options["json"]:
            self.write_json(result.as_dict())
        else:
            self._print(result)

    def _print(self, result: Trace) -> None:
        for step in result.steps:
            self.stdout.write(step.text)
        self.stdout.write(f"refused: {'yes' if result.refused else 'no'}")
        self.stdout.write(f"mailboxes: {', '.join(result.mailboxes) or '-'}")
        self.stdout.write(f"outside: {', '.join(result.outside) or '-'}")
        self.stdout.write(f"tables agree: {_live(result)}")
        for each in result.disagreements:
            self.stdout.write(f"  {each.table} {each.key}: {each.found or '-'} instead of {each.expected or '-'}")


def _live(result: Trace) -> str:
    if result.live is None:
        return f"unknown ({result.live_error})"
    return "yes" if result.live else "no"
