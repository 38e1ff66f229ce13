"""Writes docs/cli.md from the parsers of the commands: `python docs/cli.py > docs/cli.md`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE_DIR))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailadmin.settings")

HEAD = """# Commands

Written by `docs/cli.py` from the commands themselves. All are called as `.venv/bin/python manage.py COMMAND`, with the
site's [settings](settings.md) in the environment; `COMMAND --help` says the same. A write goes through the services
that the pages call, with the same checks, and stands in the audit as done by the command line.

**--json** prints objects instead of lines, and says on standard error why nothing was done, with the codes of REST:
`{"code": ..., "detail": ..., "errors": {"FIELD": [{"code": ..., "message": ...}]}}`.

**--dry-run** does everything and takes it back: the same checks and refusals, then each row before and after, the work
for the mail hosts, and warnings; with `--json` as REST tells them.

**Exit status** of each:

| | |
|---|---|
| 0 | done |
| 1 | refused or failed: nothing was written, and standard error says why, field by field |
| 2 | wrong use: no such option, or one is missing |
| 3 | there is no such thing: who wanted to delete it has what they wanted |

A secret is never an argument, since the list of processes shows those: `--password-stdin` reads it from standard input.
"""


def main() -> None:
    import django

    django.setup()
    sys.stdout.write("\n".join([HEAD, *(line for name in command_names() for line in page(name))]))


def command_names() -> list[str]:
    """Those of our own rooms that speak to people."""
    from django.core.management import get_commands, load_command_class

    from mailadmin.commands import EnglishCommand

    ours = {name: app for name, app in get_commands().items() if (BASE_DIR / app.replace(".", "/")).is_dir()}
    return sorted(name for name, app in ours.items() if isinstance(load_command_class(app, name), EnglishCommand))


def page(name: str) -> Iterator[str]:
    """One command's, in the order of a man page."""
    from django.core.management import get_commands, load_command_class

    command = load_command_class(get_commands()[name], name)
    parsers = dict(verbs(command.create_parser("manage.py", name)))
    yield from (f"## {name}\n", f"{command.help}\n", "### Synopsis\n", *synopsis(name, parsers), "")
    yield from ("### Options\n", "| | |\n|---|---|", *options(parsers), "", "### Examples\n")
    for words, line in command.examples:
        yield f"    # {words}\n    manage.py {line}\n"


def verbs(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """(verb, its parser); or once the whole, without a verb."""
    nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    yield from nested[0].choices.items() if nested else [("", parser)]


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Without those that every command of Django has."""
    from django.core.management.base import DjangoHelpFormatter

    common = {"--help", *DjangoHelpFormatter.show_last}
    return [action for action in parser._actions if common.isdisjoint(action.option_strings)]


def synopsis(name: str, parsers: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    calls = {verb: " ".join(call(f"{name} {verb}".strip(), parser)) for verb, parser in parsers.items()}
    width = max(map(len, calls.values()))
    for verb, text in calls.items():
        yield f"    {text:{width}}   {parsers[verb].description if verb else ''}".rstrip()


def call(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """What must be there, in order."""
    yield name
    yield from (written(action) for action in arguments(parser) if action.required)
    yield "[options]"


def options(parsers: dict[str, argparse.ArgumentParser]) -> Iterator[str]:
    """Each once, with the verbs that know it unless all do."""
    known: dict[tuple[str, str], list[str]] = {}
    for verb, parser in parsers.items():
        for action in arguments(parser):
            known.setdefault((written(action), action.help or ""), []).append(verb)
    for (text, meaning), by in sorted(known.items(), key=lambda each: _rank(each[0][0])):
        verbs_of_it = "" if len(by) == len(parsers) else f" ({', '.join(by)})"
        yield f"| `{cell(text)}` | {cell(meaning)}{verbs_of_it} |"


def _rank(text: str) -> int:
    """The arguments first, and last what most commands have."""
    return ("--dry-run", "--json").index(text) + 2 if text in ("--dry-run", "--json") else text.startswith("-")


def written(action: argparse.Action) -> str:
    """As on the command line: `ADDRESS`, `--json`, `--active|--no-active`, `--name NAME`."""
    value = action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper())
    if not action.option_strings:
        return str(value)
    names = "|".join(action.option_strings)
    repeated = " ..." if isinstance(action, argparse._AppendAction) else ""
    return names if action.nargs == 0 else f"{names} {value}{repeated}"


def cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


if __name__ == "__main__":
    main()
