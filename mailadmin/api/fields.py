"""Fields that take JSON's own types as they are, and refuse the rest: a script that sends "no" for false finds out."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

WRONG_TYPE = "wrong_type"


class Text(serializers.CharField):
    default_error_messages = {WRONG_TYPE: _("This must be a text.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        kwargs.setdefault("max_length", 255)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail(WRONG_TYPE)
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    default_error_messages = {WRONG_TYPE: _("This must be a whole number.")}

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail(WRONG_TYPE)
        return data


class Flag(serializers.BooleanField):
    default_error_messages = {WRONG_TYPE: _("This must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail(WRONG_TYPE)
        return data


class Moment(serializers.DateTimeField):
    """With its offset, as in 2026-11-21T09:00:00Z (RFC 3339): a time without one would be anybody's guess."""

    default_error_messages = {
        WRONG_TYPE: _("This must be a text."),
        "offset": _("A time has an offset, as in 2026-11-21T09:00:00Z."),
    }

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail(WRONG_TYPE)
        return super().to_internal_value(data)

    def to_representation(self, value: Any) -> str:
        return str(value.astimezone(UTC).isoformat().replace("+00:00", "Z"))

    def enforce_timezone(self, value: Any) -> Any:
        if value.tzinfo is None:
            self.fail("offset")
        return super().enforce_timezone(value)


class Fields(serializers.Serializer[Any]):
    """A serializer that refuses by name what it does not know. What is only read may come back as it was given, and
    counts for nothing, so that a script can change one field of an answer and send it whole."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := data.keys() - self.fields.keys()):
            refusal = ErrorDetail(gettext("There is no such field."), "field_unknown")
            raise serializers.ValidationError({str(name)[:100]: [refusal] for name in sorted(unknown)})
        return super().to_internal_value(data)


def one_of(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    """For `validate`: of the fields of these names there is one at most."""
    given = [name for name in names if name in fields]
    if len(given) > 1:
        text = gettext("Give only one of these: %(names)s.") % {"names": ", ".join(names)}
        raise serializers.ValidationError({name: [ErrorDetail(text, "one_of_these")] for name in given})
    return fields
