from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from mailadmin.commands import EnglishCommand
from mailadmin.mailhost import hosts, verification
from mailadmin.mailhost.apply import apply_pending
from mailadmin.mailhost.configuration import ConfigurationError, Site, render
from mailadmin.mailhost.tables import TableError


class Command(EnglishCommand):
    help = "The mail server's side on this machine: do what is pending, verify, repair, rebuild, render."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="apply|verify|repair|rebuild|render")
        for verb, text in (
            ("apply", "do the pending work now, and say what was done; exit code 1 if any failed"),
            ("verify", "compare database, tables and disk; exit code 1 if they differ"),
            ("repair", "cure every difference; exit code 1 if any is left"),
            ("rebuild", "build all lookup tables anew"),
            ("render", "write the configuration of Postfix and Dovecot"),
        ):
            of_verb = verbs.add_parser(verb, help=text)
            of_verb.add_argument("--json", action="store_true", help="print JSON")
            if verb == "render":
                of_verb.add_argument("--target", type=Path, required=True, help="the directory to write to")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except (TableError, ConfigurationError) as error:
            raise CommandError(str(error)) from None

    def _apply(self, options: dict[str, Any]) -> None:
        report = apply_pending(hosts.register(), wait=True)
        lines = [{"kind": row.kind, "key": row.key, "done": True} for row in report.done]
        lines += [{"kind": row.kind, "key": row.key, "done": False, "error": row.error} for row in report.failed]
        told = [f"{line['kind']} {line['key']}: {line.get('error', 'done')}" for line in lines]
        self._say(options, lines, told or ["Nothing was pending."])
        if report.failed:
            raise CommandError(f"{len(report.failed)} failed; they will be tried again.")

    def _verify(self, options: dict[str, Any]) -> None:
        self._report(verification.verify(hosts.register()), options)

    def _repair(self, options: dict[str, Any]) -> None:
        self._report(verification.repair(hosts.register()), options)

    def _report(self, findings: verification.Findings, options: dict[str, Any]) -> None:
        first = [{"where": each.where, "key": each.key, "what": each.what} for each in findings.first]
        summary = {"differences": findings.count, "first": first}
        self._say(options, summary, [str(each) for each in findings.first] or ["No difference."])
        if findings.count:
            raise CommandError(f"{findings.count} differences.")

    def _rebuild(self, options: dict[str, Any]) -> None:
        counts = verification.rebuild()
        self._say(options, counts, [f"{name}: {count}" for name, count in counts.items()])

    def _render(self, options: dict[str, Any]) -> None:
        written = [str(path) for path in render(Site.from_settings(), options["target"])]
        self._say(options, written, written)

    def _say(self, options: dict[str, Any], data: object, lines: list[str]) -> None:
        self.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) if options["json"] else "\n".join(lines))
