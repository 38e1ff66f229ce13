"""What the commands `domain`, `mailbox`, `alias`, `alias_domain` and `admin` share.

Each has list, show, add, edit and delete; `--json` prints objects instead of lines. A refusal goes to standard error,
field by field, and the exit code is 1; a wrong use of the command is 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.utils import translation

from mailadmin.accounts.actors import Actor
from mailadmin.mailhost.queue import waiting

Row = TypeVar("Row", bound=Model)


class EnglishCommand(BaseCommand):
    """Scripts read what commands say: it is the same whatever the site's LANGUAGE_CODE."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with translation.override("en"):
            return super().execute(*args, **options)


class ObjectCommand(EnglishCommand, ABC, Generic[Row]):
    """Subclasses say what the rows are and which service each verb calls."""

    key_name: ClassVar[str]
    key_help: ClassVar[str] = ""
    lookup: ClassVar[str] = "pk"  # the field that the key is looked up by
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

    def normalise_key(self, key: str) -> str:
        return key.strip().lower()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show|add|edit|delete")
        for verb in ("list", "show", "add", "edit", "delete"):
            of_verb = verbs.add_parser(verb, argument_default=argparse.SUPPRESS)
            of_verb.add_argument("--json", action="store_true", help="print JSON")
            if verb == "list":
                self.list_arguments(of_verb)
                continue
            of_verb.add_argument(self.key_name, help=self.key_help)
            if verb in ("add", "edit"):
                self.field_arguments(of_verb, adding=verb == "add")

    def handle(self, *args: Any, **options: Any) -> None:
        actor, verb = Actor.of_command(), options["verb"]
        try:
            getattr(self, f"_{verb}")(options, actor)
        except ValidationError as error:
            raise CommandError("\n".join(_lines(error))) from None
        except PermissionDenied:
            raise CommandError("Not allowed.") from None
        except ObjectDoesNotExist:
            raise CommandError("It is gone: someone else deleted it meanwhile.") from None

    def _list(self, options: dict[str, Any], actor: Actor) -> None:
        rows = self.rows(options).iterator(chunk_size=500)
        if options.get("json"):
            self._write_json_list(self.describe(row) for row in rows)
            return
        for row in rows:
            self.stdout.write("\t".join(_text(value) for value in self.describe(row).values()))

    def _show(self, options: dict[str, Any], actor: Actor) -> None:
        self._print(self._row(options), options)

    def _add(self, options: dict[str, Any], actor: Actor) -> None:
        self._print(self.add(options[self.key_name], options, actor), options)

    def _edit(self, options: dict[str, Any], actor: Actor) -> None:
        self._print(self.edit(self._row(options), options, actor), options)

    def _delete(self, options: dict[str, Any], actor: Actor) -> None:
        row = self._row(options)
        described = self.describe(row)
        self.delete(row, actor)
        if options.get("json"):
            self._write_json(described)
        else:
            self.stdout.write(f"deleted {options[self.key_name]}")

    def _row(self, options: dict[str, Any]) -> Row:
        key = self.normalise_key(options[self.key_name])
        row = self.rows({}).filter(**{self.lookup: key}).first()
        if row is None:
            raise CommandError(f"There is no {self.key_name} {key}.")
        return row

    def _print(self, row: Row, options: dict[str, Any]) -> None:
        described = self.describe(row)
        if options.get("json"):
            self._write_json(described)
            return
        for name, value in described.items():
            self.stdout.write(f"{name}: {_text(value)}")

    def _write_json(self, value: object) -> None:
        self.stdout.write(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))

    def _write_json_list(self, rows: Iterable[object]) -> None:
        """A JSON array, row by row, so that a million of them need no memory."""
        separator = "["
        for row in rows:
            self.stdout.write(separator + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False), ending="\n")
            separator = ","
        self.stdout.write("]" if separator == "," else "[]")


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
    if "password_hash" in options:
        return {"password_hash": options["password_hash"]}
    if options.get("password_stdin"):
        return {"password": sys.stdin.readline().rstrip("\r\n")}
    return {}


def given(options: dict[str, Any], *names: str) -> dict[str, Any]:
    """Of the named options, those on the command line."""
    return {name: options[name] for name in names if name in options}


def is_live(*keys: str) -> bool:
    """Whether every mail host has the present state of these addresses and domains."""
    return not waiting(keys)


def _lines(error: ValidationError) -> Iterable[str]:
    if not hasattr(error, "error_dict"):
        yield from error.messages
        return
    for field, messages in error.message_dict.items():
        prefix = "" if field == NON_FIELD_ERRORS else f"{field}: "
        yield from (f"{prefix}{message}" for message in messages)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(each) for each in value)
    return {True: "yes", False: "no", None: ""}.get(value, str(value)) if isinstance(value, bool | None) else str(value)
