"""How refusals reach the field that is to blame."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

Result = TypeVar("Result")
Errors = dict[str, list[dict[str, str]]]  # by field, and by "" what belongs to none


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


def by_field(error: ValidationError) -> Errors:
    """As scripts read it: the code and the text of each error."""
    errors = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    return {
        "" if field == NON_FIELD_ERRORS else field: [
            {"code": each.code or "invalid", "message": " ".join(each.messages)} for each in several
        ]
        for field, several in errors.items()
    }


def code_of(errors: Errors) -> str:
    """One code for all of them: the only one, if there is one."""
    codes = {each["code"] for several in errors.values() for each in several}
    return codes.pop() if len(codes) == 1 else "invalid"


class Refusals:
    """Gathers what several checks refuse at their fields, each in a `with` of its own, so that all is told at once."""

    def __init__(self) -> None:
        self._by_field: dict[str, list[ValidationError]] = {}

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, ValidationError) or not hasattr(error, "error_dict"):
            return False
        for field, errors in error.error_dict.items():
            self._by_field.setdefault(field, []).extend(errors)
        return True

    def raise_any(self) -> None:
        if self._by_field:
            raise ValidationError(self._by_field)
