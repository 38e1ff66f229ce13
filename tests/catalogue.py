"""The message catalogue, and what the code says, for tests/test_languages.py."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

from babel.messages import Catalog
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

from tests.servers.project import BASE_DIR

PO = Path("LC_MESSAGES") / "django.po"
FRENCH = BASE_DIR / "mailadmin" / "locale" / "fr" / PO
CALLS = {
    "_": (0,), "gettext": (0,), "gettext_lazy": (0,), "gettext_noop": (0,),
    "ngettext": (0, 1), "ngettext_lazy": (0, 1), "pgettext": (1,), "pgettext_lazy": (1,),
    "npgettext": (1, 2), "npgettext_lazy": (1, 2),
}  # fmt: skip


class Text(NamedTuple):
    context: str
    forms: tuple[str, ...]


def rooms() -> list[str]:
    """The directories of our own code, and the templates."""
    names = {app.partition(".")[0] for app in settings.INSTALLED_APPS}
    return [*sorted(name for name in names if (BASE_DIR / name).is_dir()), "templates"]


def read(po: Path) -> Catalog:
    with po.open("rb") as file:
        return read_po(file)


def texts(catalogue: Catalog) -> dict[Text, tuple[str, ...]]:
    """{what the code says: its translation}, without the header."""
    return {
        Text(_context(message.context), _forms(message.id)): _forms(message.string)
        for message in catalogue
        if message.id
    }


def _context(context: str | bytes | None) -> str:
    """Babel leaves it as it stands in a compiled catalogue."""
    return context.decode() if isinstance(context, bytes) else context or ""


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def extract(directory: Path) -> set[Text]:
    """All texts of the code and the templates, by gettext's own tool: in a copy, since it writes beside its sources."""
    for room in rooms():
        shutil.copytree(BASE_DIR / room, directory / room, ignore=shutil.ignore_patterns("__pycache__", "locale"))
    found = directory / "locale" / "fr" / PO
    found.parent.mkdir(parents=True)
    with override_settings(LOCALE_PATHS=[directory / "locale"]), chdir(directory):
        call_command("makemessages", locale=["fr"], no_location=True, verbosity=0)
    return set(texts(read(found)))


def calls() -> Iterator[tuple[str, ast.Call, tuple[int, ...]]]:
    """Each call of gettext in Python: where, the call, and the places of its texts. Also within f-strings, which
    gettext's tool does not look into."""
    for file, node in _nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield f"{file}:{node.lineno}", node, CALLS[node.func.id]


def told() -> Iterator[tuple[str, ast.expr]]:
    """What Python tells people, beyond templates: the texts of refusals, and of the messages on the next page."""
    places = {"ValidationError": 0, "refuse": 1, "success": 1, "info": 1, "warning": 1, "error": 1}
    for file, node in _nodes():
        if not isinstance(node, ast.Call):
            continue
        name = _name_of(node.func)
        if name in places and len(node.args) > places[name]:
            yield f"{file}:{node.lineno}", node.args[places[name]]


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    is_message = isinstance(function, ast.Attribute) and ast.unparse(function.value) == "messages"
    return function.attr if is_message else ""


def other_names() -> list[str]:
    """Imports of gettext's functions by names that its tool does not know: `gettext as _t`."""
    return [
        f"{file}: {alias.name} as {alias.asname}"
        for file, node in _nodes()
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in CALLS and alias.asname not in (None, "_")
    ]


def _nodes() -> Iterator[tuple[Path, ast.AST]]:
    for room in rooms():
        for file in sorted((BASE_DIR / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                yield file.relative_to(BASE_DIR), node
