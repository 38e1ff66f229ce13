"""What the commands `domain`, `mailbox`, `alias`, `alias_domain`, `admin` and `token` share.

Each has list, show, add, edit and delete; `--json` prints objects instead of lines, and `--dry-run` what a write would
bring about. How they refuse is in `refusals.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.utils import translation

from mailadmin.accounts.actors import Actor
from mailadmin.effects import Effects, rehearse
from mailadmin.mailhost.queue import waiting
from mailadmin.refusals import NotThere, Refused, refusals
from mailadmin.transactions import atomic

Row = TypeVar("Row", bound=Model)
VERBS = {
    "list": "print them, one on a line",
    "show": "print one, a field on a line",
    "add": "make one, and print it",
    "edit": "change what is given, leave the rest, and print it",
    "delete": "delete it",
}


class HelpFormatter(argparse.RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Django's, with our own line ends in the examples."""


class EnglishCommand(BaseCommand):
    """Scripts read what commands say: it is the same whatever the site's LANGUAGE_CODE."""

    # Not all: those of the URLs would import every page, and take longer than the command.
    requires_system_checks = ("settings",)
    # What to show of it: (in words, the command line without `manage.py`).
    examples: ClassVar[tuple[tuple[str, str], ...]] = ()
    _called_from_command_line = False  # Django sets it; a caller in Python wants the error itself

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        lines = [f"  manage.py {line}" for _words, line in self.examples]
        kwargs.setdefault("epilog", "\n".join(["examples:", *lines]) if lines else None)
        return super().create_parser(prog_name, subcommand, formatter_class=HelpFormatter, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            with translation.override("en"), refusals():
                return super().execute(*args, **options)
        except Refused as refusal:
            if not (options.get("json") and self._called_from_command_line):
                raise
            self.stderr.write(refusal.as_json())
            sys.exit(refusal.returncode)

    def check_migrations(self) -> None:
        """What is missing is told on standard error, since scripts read standard output."""
        out, self.stdout = self.stdout, self.stderr
        try:
            super().check_migrations()
        finally:
            self.stdout = out

    def write_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))


class ObjectCommand(EnglishCommand, ABC, Generic[Row]):
    """Subclasses say what the rows are and which service each verb calls."""

    key_name: ClassVar[str]
    key_help: ClassVar[str] = ""
    lookup: ClassVar[str] = "pk"  # the field that the key is looked up by
    verbs: ClassVar[dict[str, str]] = VERBS
    requires_migrations_checks = True

    @abstractmethod
    def rows(self, options: dict[str, Any]) -> QuerySet[Row]:
        """All of them, or those that the options of `list` ask for."""

    @abstractmethod
    def describe(self, row: Row) -> dict[str, Any]:
        """Its fields, as `--json` prints them."""

    @abstractmethod
    def add(self, key: str, options: dict[str, Any], actor: Actor) -> Row:
        """Call the service that creates one."""

    @abstractmethod
    def edit(self, row: Row, options: dict[str, Any], actor: Actor) -> Row:
        """Call the services that change it."""

    @abstractmethod
    def delete(self, row: Row, actor: Actor) -> None:
        """Call the service that deletes it."""

    def list_arguments(self, parser: CommandParser) -> None:
        """Filters of `list`."""

    def field_arguments(self, parser: CommandParser, *, adding: bool) -> None:
        """The fields that `add` and `edit` take; those not given stay out of the options' changes."""

    def own_arguments(self, parser: CommandParser, verb: str) -> None:
        """Of a verb that only this command has; it writes, and is the method `_VERB`."""

    def normalise_key(self, key: str) -> str:
        return key.strip().lower()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(self.verbs))
        for verb, text in self.verbs.items():
            of_verb = verbs.add_parser(verb, argument_default=argparse.SUPPRESS, help=text, description=text)
            if verb == "list":
                self.list_arguments(of_verb)
            else:
                of_verb.add_argument(self.key_name, help=self.key_help)
            if verb in ("add", "edit"):
                self.field_arguments(of_verb, adding=verb == "add")
            if verb not in VERBS:
                self.own_arguments(of_verb, verb)
            if verb not in ("list", "show"):
                add_dry_run(of_verb)
            add_json(of_verb)

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"]
        if options.get("password_stdin"):  # here, since a write may be tried again
            options["password"] = sys.stdin.readline().rstrip("\r\n")
        if verb == "list":
            self._list(options)
        elif verb == "show":
            self.say(verb, self.describe(self._row(options)), options)
        else:
            self._write(verb, options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = self.rows(options).iterator(chunk_size=500)
        if options.get("json"):
            self._write_json_list(self.describe(row) for row in rows)
            return
        for row in rows:
            self.stdout.write("\t".join(_text(value) for value in self.describe(row).values()))

    def _write(self, verb: str, options: dict[str, Any]) -> None:
        act = partial(getattr(self, f"_{verb}"), options, Actor.of_command())
        if options.get("dry_run"):
            self._tell(*atomic(rehearse)(act), options)
        else:
            self.say(verb, act(), options)

    def _add(self, options: dict[str, Any], actor: Actor) -> dict[str, Any]:
        return self.describe(self.add(options[self.key_name], options, actor))

    def _edit(self, options: dict[str, Any], actor: Actor) -> dict[str, Any]:
        return self.describe(self.edit(self._row(options), options, actor))

    def _delete(self, options: dict[str, Any], actor: Actor) -> dict[str, Any]:
        row = self._row(options)
        described = self.describe(row)
        self.delete(row, actor)
        return described

    def say(self, verb: str, described: dict[str, Any], options: dict[str, Any]) -> None:
        """Print what was shown, made, changed or deleted."""
        if options.get("json"):
            self.write_json(described)
        elif verb == "delete":
            self.stdout.write(f"deleted {options[self.key_name]}")
        else:
            self.stdout.write("\n".join(f"{name}: {_text(value)}" for name, value in described.items()))

    def _tell(self, result: dict[str, Any], effects: Effects, options: dict[str, Any]) -> None:
        told = {"dry_run": True, "result": result, **effects.as_dict()}
        if options.get("json"):
            self.write_json(told)
        else:
            self.stdout.write("\n".join(_lines_of_rehearsal(told)))

    def _row(self, options: dict[str, Any]) -> Row:
        key = self.normalise_key(options[self.key_name])
        row = self.rows({}).filter(**{self.lookup: key}).first()
        if row is None:
            raise NotThere(f"There is no {self.key_name} {key}.")
        return row

    def _write_json_list(self, rows: Iterable[object]) -> None:
        """A JSON array, row by row, so that a million of them need no memory."""
        separator = "["
        for row in rows:
            self.stdout.write(separator + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False), ending="\n")
            separator = ","
        self.stdout.write("]" if separator == "," else "[]")


def add_json(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON, errors as well")


def add_dry_run(parser: CommandParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="print what would happen, and write nothing")


def add_active(parser: CommandParser) -> None:
    parser.add_argument("--active", action=argparse.BooleanOptionalAction, help="switched on (the default) or off")


def add_password(parser: CommandParser, *, hashes: bool = True) -> None:
    """A password never comes as an argument: the process list would show it."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    if hashes:
        group.add_argument("--password-hash", metavar="HASH", help="a hash with its {SCHEME}, as doveadm pw prints")


def add_must_change(parser: CommandParser) -> None:
    parser.add_argument(
        "--must-change", action=argparse.BooleanOptionalAction, help="another password at the next sign-in, or not"
    )


def add_factor_reset(parser: CommandParser) -> None:
    parser.add_argument(
        "--reset-second-factor", metavar="REASON", help="remove app, passkeys and recovery codes; why goes to the audit"
    )


def add_set_up_link(parser: CommandParser) -> None:
    parser.add_argument(
        "--set-up-link",
        metavar="ADDRESS",
        help="no password, or none any more: the person is sent a link there to choose one",
    )


def read_password(options: dict[str, Any]) -> dict[str, str]:
    """The service's `password` or `password_hash`, if one was given."""
    return given(options, "password", "password_hash")


def given(options: dict[str, Any], *names: str) -> dict[str, Any]:
    """Of the named options, those on the command line."""
    return {name: options[name] for name in names if name in options}


def is_live(*keys: str) -> bool:
    """Whether every mail host has the present state of these addresses and domains."""
    return not waiting(keys)


def _lines_of_rehearsal(told: dict[str, Any]) -> Iterator[str]:
    for change in told["changes"]:
        yield f"{change['action']} {change['key']}"
        before, after = change["before"], change["after"]
        for name in sorted(before.keys() | after.keys()):
            yield f"  {name}: {_side(before, name)} -> {_side(after, name)}"
    yield from (f"pending on {work['host']}: {work['kind']} {work['key']}" for work in told["pending"])
    yield from (f"warning: {warning}" for warning in told["warnings"])
    yield "Nothing was written." if told["changes"] else "Nothing would change."


def _side(values: dict[str, Any], name: str) -> str:
    """As JSON, so that "" and 0 and no are told apart; - if it is not there."""
    return json.dumps(values[name], ensure_ascii=False) if name in values else "-"


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return {True: "yes", False: "no", None: ""}.get(value, str(value)) if isinstance(value, bool | None) else str(value)
