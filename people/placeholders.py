"""Texts with names in braces, such as `{given_name}`, and what stands for them. Nothing else means anything: no format
specification, no attribute, for those who write templates need not be those who may read everything."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_NAME = re.compile(r"\{([a-z_]*)\}")


def fill(text: str, words: Mapping[str, str]) -> str:
    """A name that is not known stays as it is written."""
    return _NAME.sub(lambda found: words.get(found[1], found[0]), text)


def refuse_unknown(text: str, known: Collection[str]) -> None:
    """ValidationError (code `placeholder_unknown`)."""
    for name in _NAME.findall(text):
        if name not in known:
            raise ValidationError(
                _("There is no “{%(name)s}”; there are: %(known)s."),
                "placeholder_unknown",
                {"name": name, "known": ", ".join(f"{{{each}}}" for each in known)},
            )
