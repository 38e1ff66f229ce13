"""The revision of a row: a short digest of its stored values, so that a stale form is noticed, whoever wrote since."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _


def revision(instance: models.Model) -> str:
    """16 hexadecimal digits that change when any stored field changes."""
    own = getattr(instance, "revision_values", None)  # for a model whose form shows more, or less, than its row
    values = own() if own else _stored_values(instance)
    return hashlib.sha256(json.dumps(sorted(values)).encode()).hexdigest()[:16]


def _stored_values(instance: models.Model) -> list[list[str]]:
    return [
        [str(field.column), str(getattr(instance, field.attname))]
        for field in instance._meta.concrete_fields
        if not field.generated
    ]


def refuse_stale(instance: models.Model, expected: str | None) -> None:
    """Raise ValidationError (code `stale`) if the row, read under lock, is not the one that the form showed."""
    if expected is not None and expected != revision(instance):
        raise ValidationError(
            _("Someone else changed this meanwhile. Your input was not saved; the present values are shown."),
            code="stale",
        )


def differing(instance: models.Model, changes: dict[str, Any]) -> dict[str, Any]:
    """Those that change something: a script that sends the same again changes nothing, and keeps nobody busy."""
    return {name: value for name, value in changes.items() if getattr(instance, name) != value}
