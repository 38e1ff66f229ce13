"""English and French, whole: no text without its French, and no text that is not given to the translators at all."""

from __future__ import annotations

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation

from tests import catalogue
from tests.catalogue import Text

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")
TAG = re.compile(r"<[^>]+>")
# A space that may break where French must not: before these, and within « ».
BREAKABLE = re.compile(r"(?<! ) [;:?!»]|« |\s'|(?<=[a-zA-Zàâçéèêëîïôùûü])'")


@pytest.fixture(scope="module")
def french() -> dict[Text, tuple[str, ...]]:
    return catalogue.texts(catalogue.read(catalogue.FRENCH))


def test_the_catalogue_has_each_text_of_the_code_and_no_other(
    french: dict[Text, tuple[str, ...]], tmp_path: Path
) -> None:
    """Else: `make messages`, and translate what mailadmin/locale/fr/LC_MESSAGES/django.po has empty."""
    said = catalogue.extract(tmp_path)

    assert sorted(said - french.keys()) == []
    assert sorted(french.keys() - said) == []
    assert len(said) > 600


def test_no_text_is_untranslated_guessed_or_left_over(french: dict[Text, tuple[str, ...]]) -> None:
    read = catalogue.read(catalogue.FRENCH)

    assert [text for text, translation in french.items() if not all(each.strip() for each in translation)] == []
    assert [message.id for message in read if message.fuzzy] == []
    assert list(read.obsolete) == []


def test_the_catalogue_in_use_is_the_compiled_one(french: dict[Text, tuple[str, ...]]) -> None:
    """Else: `make setup`."""
    with catalogue.FRENCH.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)

    assert catalogue.texts(compiled) == french
    assert [code for code, _name in settings.LANGUAGES] == ["en", "fr"]


def test_a_translation_has_the_placeholders_tags_and_ends_of_its_text(french: dict[Text, tuple[str, ...]]) -> None:
    wrong = [
        (text.forms, translation)
        for text, translation in french.items()
        for said, each in zip(_by_form(text), translation, strict=True)
        if _marks(said) != _marks(each)
    ]

    assert wrong == []


def _by_form(text: Text) -> tuple[str, ...]:
    """English and French both have two: one, and more."""
    return text.forms if len(text.forms) == 2 else text.forms[:1]


def _marks(text: str) -> tuple[list[str], list[str], list[str]]:
    edges = [edge for edge in (text[:1], text[-1:]) if edge.isspace()]
    stop = [mark for mark in ".:?!…" if text.rstrip().endswith(mark)]
    return sorted(PLACEHOLDER.findall(text)), sorted(TAG.findall(text)), edges + stop


def test_french_plurals_are_those_of_french() -> None:
    read = catalogue.read(catalogue.FRENCH)

    assert str(read.plural_expr).replace(" ", "").strip("()") == "n>1"
    assert [message.id for message in read if message.pluralizable and len(message.string) != 2] == []


def test_french_is_set_as_french_is(french: dict[Text, tuple[str, ...]]) -> None:
    """Non-breaking spaces before : ; ? ! and within « », and the apostrophe of print."""
    wrong = [each for translation in french.values() for each in translation if BREAKABLE.search(each)]

    assert wrong == []


def test_every_call_of_gettext_can_be_found_by_its_tool() -> None:
    """Texts are literals (an f-string is none), and outside of f-strings; the functions go by the known names."""
    said = catalogue.texts(catalogue.read(catalogue.FRENCH)).keys()
    known = {form for text in said for form in text.forms}
    lost = [
        place
        for place, call, positions in catalogue.calls()
        for argument in [call.args[position] for position in positions]
        if not (isinstance(argument, ast.Constant) and argument.value in known)
    ]

    assert lost == []
    assert catalogue.other_names() == []


def test_every_refusal_and_message_is_translated() -> None:
    """What is raised or told to a person is no bare literal."""
    assert [place for place, told in catalogue.told() if isinstance(told, ast.Constant | ast.JoinedStr)] == []


@pytest.mark.django_db
def test_commands_speak_english_whatever_the_site_speaks() -> None:
    said = StringIO()
    with translation.override("fr"):
        with pytest.raises(CommandError) as refused:
            call_command("domain", "add", "a_b.example.org")
        call_command("trace", "nobody@example.net", stdout=said)

    assert "is not a valid domain name" in str(refused.value)
    assert "not a domain of this server" in said.getvalue()
