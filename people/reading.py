"""What a template says: YAML, read strictly. An error names the line and the field; nothing is guessed.

Only plain mappings, lists, texts, numbers, true and false: no tags, no anchors, so that no few lines can grow into a
memory full, and nothing is made but those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from mailadmin.addresses import normalise_address
from mailadmin.errors import refuse
from people.models import Template
from people.names import WORDS as NAME_WORDS
from people.placeholders import refuse_unknown

OCTETS_AT_MOST = 16_384
DEPTH_AT_MOST = 4
ITEMS_AT_MOST = 50
DAYS_AT_MOST = 3650
REPLY_WORDS = ("name", "address", "successor", "date")
COLLISIONS = ("next", "refuse")

Check = Callable[[Any], Any]


class Wrong(ValueError):
    """What is wrong with one value, said to people."""


def text(length: int = 255) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong(_("This must be a text."))
        if len(value) > length:
            raise Wrong(_("This has %(most)d letters at most.") % {"most": length})
        return value

    return check


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(_("This must be true or false."))
    return value


def whole(most: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise Wrong(_("This must be a whole number from 0 to %(most)d.") % {"most": most})
        return value

    return check


def one_of(*choices: str) -> Check:
    def check(value: Any) -> str:
        if value not in choices:
            raise Wrong(_("This must be one of: %(choices)s.") % {"choices": ", ".join(choices)})
        return str(value)

    return check


def several(check_one: Check) -> Check:
    def check(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > ITEMS_AT_MOST:
            raise Wrong(_("This must be a list of %(most)d at most.") % {"most": ITEMS_AT_MOST})
        return [check_one(each) for each in value]

    return check


def worded(length: int, *words: str) -> Check:
    def check(value: Any) -> str:
        value = text(length)(value)
        refuse_unknown(value, words)
        return str(value)

    return check


def address(value: Any) -> str:
    return normalise_address(text()(value))


def language(value: Any) -> str:
    return one_of(*dict(settings.LANGUAGES))(value)


PERSON: dict[str, Check] = {
    name: text(120) for name in ("department", "cost_center", "organization", "division", "title")
}
LEAVING: dict[str, Check] = {
    "reply_subject": worded(200, *REPLY_WORDS),
    "reply_body": worded(8000, *REPLY_WORDS),
    "forward_days": whole(DAYS_AT_MOST),
    "archive_days": whole(DAYS_AT_MOST),
    "purge_days": whole(DAYS_AT_MOST),
    "reserve_days": whole(DAYS_AT_MOST),
}
# What a call may say of how a person comes, each counting before the template's.
COMING: dict[str, Check] = {
    "aliases": several(address),
    "groups": several(address),
    "forwarding": several(address),
    "keep_copy": flag,
    "language": language,
    "invitation": flag,
    "quota_bytes": whole(2**63 - 1),
    "must_change": flag,
}
FIELDS: dict[str, Check | dict[str, Check]] = {
    "addresses": several(worded(64, *NAME_WORDS)),
    "on_collision": one_of(*COLLISIONS),
    "aliases": several(worded(254, *NAME_WORDS)),
    "groups": several(address),
    "forwarding": several(address),
    "keep_copy": flag,
    "quota_mb": whole(2**31 - 1),
    "language": language,
    "invitation": flag,
    "person": PERSON,
    "offboarding": LEAVING,
}


def read_template(source: str) -> dict[str, Any]:
    """The checked fields. ValidationError at `source` (code `template_invalid`), with the line and the field."""
    if len(source.encode(errors="replace")) > OCTETS_AT_MOST:
        refuse("source", _("A template has %(most)d octets at most."), "template_long", most=OCTETS_AT_MOST)
    try:
        _refuse_odd(source)
        node = yaml.compose(source, Loader=yaml.SafeLoader)
        return _mapping(node, FIELDS, "") if node is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(_line(mark), "", str(error.problem or error.context))
    except yaml.YAMLError as error:  # a character that YAML has not
        _refuse(0, "", str(error).splitlines()[0])


def _refuse_odd(source: str) -> None:
    depth = 0
    for event in yaml.parse(source, Loader=yaml.SafeLoader):
        line = _line(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            _refuse(line, "", _("Anchors and aliases (& and *) are not allowed."))
        if getattr(event, "tag", None):
            _refuse(line, "", _("Tags (!) are not allowed."))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_AT_MOST:
            _refuse(line, "", _("This is nested too deep."))


def _mapping(node: yaml.Node, known: Mapping[str, Check | dict[str, Check]], path: str) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        _refuse(_line(node.start_mark), path, _("Here belong lines such as “name: value”."))
    found: dict[str, Any] = {}
    for key, value in node.value:
        name, line = str(key.value)[:64] if isinstance(key, yaml.ScalarNode) else "?", _line(key.start_mark)
        where = f"{path}.{name}".lstrip(".")
        if name in found:
            _refuse(line, where, _("This is there twice."))
        if name not in known:
            _refuse(line, where, _("There is no such field; there are: %(names)s.") % {"names": ", ".join(known)})
        found[name] = _value(value, known[name], where)
    return found


def _value(node: yaml.Node, check: Check | dict[str, Check], where: str) -> Any:
    if isinstance(check, dict):
        return _mapping(node, check, where)
    try:
        return check(yaml.SafeLoader("").construct_object(node, deep=True))
    except Wrong as error:
        _refuse(_line(node.start_mark), where, str(error))
    except ValueError:  # YAML's own: a 13th month, a number of thousands of digits
        _refuse(_line(node.start_mark), where, _("This cannot be read."))
    except ValidationError as error:
        _refuse(_line(node.start_mark), where, " ".join(error.messages))


def _line(mark: Any) -> int:
    return mark.line if mark else 0


def _refuse(line: int, where: str, reason: str) -> NoReturn:
    told = _("Line %(line)d: %(reason)s") if not where else _("Line %(line)d, %(name)s: %(reason)s")
    refuse("source", told, "template_invalid", line=line + 1, name=where, reason=reason)


# -- The fields of how a person leaves, which may be given beside a template as well
def leaving_defaults(template: Template | None) -> dict[str, Any]:
    """Those of the template over those of the site."""
    said = read_template(template.source).get("offboarding", {}) if template else {}
    return {
        "reply_subject": "",
        "reply_body": "",
        "forward_days": 30,
        "archive_days": 90,
        "purge_days": settings.ARCHIVE_DAYS,
        "reserve_days": settings.ADDRESS_RESERVED_DAYS,
        **said,
    }


def read_given(given: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """What a call says beside a template, held to the same; ValidationError at the field."""
    read = {}
    for name, value in given.items():
        if name not in checks:
            refuse(name, _("There is no such field."), "field_unknown")
        try:
            read[name] = checks[name](value)
        except Wrong as error:
            refuse(name, str(error), "invalid")
        except ValidationError as error:
            raise ValidationError({name: error}) from None
    return read
