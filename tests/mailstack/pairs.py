"""Runs each pair of writes ROUNDS times in two threads that begin at the same moment, and prints what became of them
as JSON: `done`, `refused CODE`, or the name of an exception."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import django

ROUNDS = 12
Act = Callable[[], object]


def main() -> None:
    django.setup()
    from tests.mailstack import pairs_of_writes

    found = {
        name: [_together(*pair(f"r{number}-{position}.example")) for number in range(ROUNDS)]
        for position, (name, pair) in enumerate(pairs_of_writes.PAIRS.items())
    }
    found["left"] = pairs_of_writes.left_alone()
    print(json.dumps(found))  # noqa: T201 the parent reads it


def _together(*acts: Act) -> list[str]:
    from django.db import connection

    barrier, outcomes = threading.Barrier(len(acts)), ["nothing"] * len(acts)

    def run(number: int, act: Act) -> None:
        connection.ensure_connection()
        barrier.wait()
        try:
            act()
            outcomes[number] = "done"
        except Exception as error:
            outcomes[number] = _named(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _named(error: Any) -> str:
    from django.core.exceptions import ValidationError

    if not isinstance(error, ValidationError):
        return type(error).__name__ if type(error).__name__ != "OperationalError" else f"OperationalError {error}"
    errors = getattr(error, "error_dict", None) or {"": error.error_list}
    return "refused " + ",".join(str(each.code) for of_field in errors.values() for each in of_field)


if __name__ == "__main__":
    main()
