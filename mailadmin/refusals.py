"""How commands refuse: a text for people, or with `--json` the same code and errors by field as REST; and an exit code
that tells a script what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.core.management.base import CommandError

from mailadmin.errors import Errors, by_field, code_of

REFUSED, WRONG_USE, NOT_THERE = 1, 2, 3  # argparse itself ends with 2


class Refused(CommandError):
    """Nothing was done."""

    def __init__(self, detail: str, code: str = "refused", errors: Errors | None = None, returncode: int = REFUSED):
        super().__init__(detail, returncode=returncode)
        self.code = code
        self.errors = errors or {}

    def as_json(self) -> str:
        told = {"code": self.code, "detail": str(self), "errors": self.errors}
        return json.dumps(told, ensure_ascii=False, indent=2)


class NotThere(Refused):
    """There is no such thing: for who wanted to delete it, no failure at all."""

    def __init__(self, detail: str):
        super().__init__(detail, "not_found", returncode=NOT_THERE)


@contextmanager
def refusals() -> Iterator[None]:
    """What services raise, as commands say it."""
    try:
        yield
    except ValidationError as error:
        errors = by_field(error)
        raise Refused("\n".join(_lines(errors)), code_of(errors), errors) from None
    except PermissionDenied:
        raise Refused("Not allowed.", "permission_denied") from None
    except ObjectDoesNotExist:
        raise NotThere("It is gone: someone else deleted it meanwhile.") from None


def _lines(errors: Errors) -> Iterator[str]:
    for field, several in errors.items():
        prefix = f"{field}: " if field else ""
        yield from (f"{prefix}{each['message']}" for each in several)
