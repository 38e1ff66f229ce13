"""One of several processes that race: `racer.py START LOCAL_PART DOMAIN...` tries to make a mailbox in each domain, the
first one at the time START and the next ones STROKE_SECONDS apart. Prints for each `made` or the code of the refusal,
and when the try began and ended."""

from __future__ import annotations

import sys
import time

import django

STROKE_SECONDS = 0.2


def main(start: str, local_part: str, *names: str) -> None:
    django.setup()

    from django.core.exceptions import ValidationError
    from django.db import connection

    from domains.models import Domain
    from mailadmin.accounts.actors import Actor
    from mailadmin.accounts.schemes import hash_password
    from mailboxes.services import create_mailbox

    password_hash = hash_password("correct horse battery")
    connection.ensure_connection()
    for number, name in enumerate(names):
        domain = Domain.objects.get(pk=name)
        _wait_until(float(start) + number * STROKE_SECONDS)
        began = time.time()
        try:
            create_mailbox(domain=domain, local_part=local_part, password_hash=password_hash, actor=Actor.of_command())
            result = "made"
        except ValidationError as refusal:
            result = _codes(refusal)
        print(result, began, time.time(), flush=True)  # noqa: T201 the parent reads it


def _codes(refusal: Exception) -> str:
    errors = getattr(refusal, "error_dict", None) or {"": refusal.error_list}  # type: ignore[attr-defined]
    return ",".join(str(error.code) for of_field in errors.values() for error in of_field)


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


if __name__ == "__main__":
    main(*sys.argv[1:])
