from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from mailadmin.commands import EnglishCommand, add_dry_run, add_json
from mailadmin.effects import rehearse
from mailadmin.mailhost import hosts, verification
from mailadmin.mailhost.apply import apply_pending
from mailadmin.mailhost.configuration import ConfigurationError, Site, render
from mailadmin.mailhost.entries import TABLES
from mailadmin.mailhost.models import PendingWork
from mailadmin.mailhost.source import all_entries
from mailadmin.mailhost.tables import TableError
from mailadmin.refusals import Refused

VERBS = {
    "apply": "do the pending work now, and say what was done; exit status 1 if any failed",
    "verify": "compare database, tables and disk; exit status 1 if they differ",
    "repair": "cure every difference; exit status 1 if any is left",
    "rebuild": "build all lookup tables anew",
    "render": "write the configuration of Postfix and Dovecot",
}
REHEARSED = ("apply", "repair", "rebuild")


class Command(EnglishCommand):
    help = "The mail server's side on this machine: do what is pending, verify, repair, rebuild, render."
    examples = (
        ("Without a worker: do what is pending", "mailhost apply"),
        ("What would be cured?", "mailhost repair --dry-run"),
        ("To look at before it goes to /etc", "mailhost render --target /tmp/etc"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        for verb, text in VERBS.items():
            of_verb = verbs.add_parser(verb, help=text, description=text)
            if verb == "render":
                of_verb.add_argument(
                    "--target", type=Path, required=True, metavar="DIRECTORY", help="the directory to write to"
                )
            if verb in REHEARSED:
                add_dry_run(of_verb)
            add_json(of_verb)

    def handle(self, *args: Any, **options: Any) -> None:
        rehearsed = "_rehearsed" if options.get("dry_run") else ""
        try:
            getattr(self, f"_{options['verb']}{rehearsed}")(options)
        except (TableError, ConfigurationError) as error:
            raise Refused(str(error), "unusable") from None

    def _apply(self, options: dict[str, Any]) -> None:
        report = apply_pending(hosts.register(), wait=True)
        lines = [{"kind": row.kind, "key": row.key, "done": True} for row in report.done]
        lines += [{"kind": row.kind, "key": row.key, "done": False, "error": row.error} for row in report.failed]
        told = [f"{line['kind']} {line['key']}: {line.get('error', 'done')}" for line in lines]
        self._say(options, lines, told or ["Nothing was pending."])
        if report.failed:
            raise Refused(f"{len(report.failed)} failed; they will be tried again.", "failed")

    def _apply_rehearsed(self, options: dict[str, Any]) -> None:
        """A host that is new is one only once its work is done."""
        rows, _effects = rehearse(lambda: list(PendingWork.objects.open().filter(host=hosts.register()).order_by("id")))
        told = [{"kind": row.kind, "key": row.key, "done": False} for row in rows]
        self._say(options, told, [str(row) for row in rows] or ["Nothing is pending."])

    def _verify(self, options: dict[str, Any]) -> None:
        self._report(verification.verify(hosts.register()), options)

    def _repair(self, options: dict[str, Any]) -> None:
        self._report(verification.repair(hosts.register()), options)

    def _report(self, findings: verification.Findings, options: dict[str, Any]) -> None:
        self._print(findings, options)
        if findings.count:
            raise Refused(f"{findings.count} differences.", "differences")

    def _repair_rehearsed(self, options: dict[str, Any]) -> None:
        findings, _effects = rehearse(lambda: verification.verify(hosts.register()))
        self._print(findings, options)

    def _print(self, findings: verification.Findings, options: dict[str, Any]) -> None:
        first = [{"where": each.where, "key": each.key, "what": each.what} for each in findings.first]
        summary = {"differences": findings.count, "first": first}
        self._say(options, summary, [str(each) for each in findings.first] or ["No difference."])

    def _rebuild(self, options: dict[str, Any]) -> None:
        self._count(verification.rebuild(), options)

    def _rebuild_rehearsed(self, options: dict[str, Any]) -> None:
        counts = Counter(name for _key, values in all_entries() for name in values)
        self._count({name: counts[name] for name in TABLES}, options)

    def _count(self, counts: dict[str, int], options: dict[str, Any]) -> None:
        self._say(options, counts, [f"{name}: {count}" for name, count in counts.items()])

    def _render(self, options: dict[str, Any]) -> None:
        written = [str(path) for path in render(Site.from_settings(), options["target"])]
        self._say(options, written, written)

    def _say(self, options: dict[str, Any], data: object, lines: list[str]) -> None:
        if options["json"]:
            self.write_json(data)
        else:
            self.stdout.write("\n".join(lines))
