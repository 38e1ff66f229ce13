"""How refusals reach the field that is to blame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import ValidationError

Result = TypeVar("Result")


def at_field(field: str, check: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Call a check, and put all that it raises at `field`."""
    try:
        return check(*args, **kwargs)
    except ValidationError as error:
        raise ValidationError({field: _flat(error)}) from None


def _flat(error: ValidationError) -> list[ValidationError]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    return [each for errors in by_field.values() for each in errors]


def refuse(field: str, text: str, code: str, **shown: object) -> NoReturn:
    raise ValidationError({field: ValidationError(text, code, shown)})
