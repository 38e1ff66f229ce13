"""One transaction for one service call, tried again where two at once were in each other's way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

TRIES = 6
# MariaDB's codes. Of two that wait for each other one is the victim (1213); a row that was made, or taken away, after
# this one had looked breaks a key (1062, 1451, 1452). Looked at again, either goes through or is refused with a reason.
DEADLOCK, DUPLICATE, REFERENCED, NO_REFERENCED = 1213, 1062, 1451, 1452
PASSING = frozenset({DEADLOCK, DUPLICATE, REFERENCED, NO_REFERENCED})
# It waited for long already, and is not begun again; the text is SQLite's.
LOCK_WAIT_TIMEOUT = (1205, "database is locked")


def atomic(service: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Like `transaction.atomic` for a service. Within another transaction it is that one's part, and tried with it.

    Raises ValidationError (code `busy`) if the database stays busy; nothing is written then.
    """

    @wraps(service)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if connection.in_atomic_block:
            return _once(service, *args, **kwargs)
        for number in range(1, TRIES):
            try:
                return _once(service, *args, **kwargs)
            except (IntegrityError, OperationalError) as error:
                if _code(error) not in PASSING:
                    raise _told(error) from error
            # Not both at the same moment again.
            time.sleep(random.uniform(0, 0.01 * 2**number))  # noqa: S311  # no secret
        try:
            return _once(service, *args, **kwargs)
        except OperationalError as error:
            raise _told(error) from error

    return run


def _once(service: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    with transaction.atomic():
        return service(*args, **kwargs)


def _code(error: Exception) -> object:
    return error.args[0] if error.args else None


def _told(error: IntegrityError | OperationalError) -> Exception:
    if _code(error) in (DEADLOCK, *LOCK_WAIT_TIMEOUT):
        return ValidationError(_("The database is busy. Nothing was saved: try again."), code="busy")
    return error
