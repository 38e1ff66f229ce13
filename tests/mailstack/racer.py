"""One of several processes that race: `racer.py LOCAL_PART DOMAIN...` tries to make a mailbox in each domain, the next
one at each stroke of a clock that all of them hear, and prints `made` or the code of the refusal."""

from __future__ import annotations

import sys
import time

import django

STROKE_SECONDS = 0.2


def main(local_part: str, *names: str) -> None:
    django.setup()

    from django.core.exceptions import ValidationError
    from django.db import connection

    from domains.models import Domain
    from mailadmin.accounts.actors import Actor
    from mailadmin.accounts.schemes import hash_password
    from mailboxes.services import create_mailbox

    password_hash = hash_password("correct horse battery")
    connection.ensure_connection()
    for name in names:
        domain = Domain.objects.get(pk=name)
        _wait_for_stroke()
        try:
            create_mailbox(domain=domain, local_part=local_part, password_hash=password_hash, actor=Actor.of_command())
            print("made", flush=True)  # noqa: T201 the parent reads it
        except ValidationError as refusal:
            print(_codes(refusal), flush=True)  # noqa: T201 the parent reads it


def _codes(refusal: Exception) -> str:
    errors = getattr(refusal, "error_dict", None) or {"": refusal.error_list}  # type: ignore[attr-defined]
    return ",".join(str(error.code) for of_field in errors.values() for error in of_field)


def _wait_for_stroke() -> None:
    now = time.time()
    time.sleep(STROKE_SECONDS - now % STROKE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
