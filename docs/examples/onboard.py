#!/usr/bin/env python3
"""Lets a person in, and later out, through REST. Nobody watches it: it asks again what may be asked again, and ends
with 0 once it is done, also if it was done before. The server's answer, JSON, is on standard output.

    export MAILADMIN_URL=https://mail.example.org
    export MAILADMIN_TOKEN=...  # manage.py token add hr --scope onboardings:create --scope offboardings:create
    onboard.py arrive example.org 4711 Joe Doe joe@home.test
    onboard.py leave joe.doe@example.org ann.lee@example.org --at 2027-01-31T18:00:00Z
"""

import argparse
import json
import os
import sys
import time
import urllib.request
import uuid
from urllib.error import HTTPError

TRIES = 6
DONE_BEFORE = ("person_exists", "offboarding_exists")


def post(path, body):
    """The answer, 2xx or 4xx. One key for all tries: what was done, and its answer lost, is not done again."""
    request = urllib.request.Request(os.environ["MAILADMIN_URL"] + path, json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {os.environ['MAILADMIN_TOKEN']}")
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", str(uuid.uuid4()))
    request.add_header("Prefer", "wait=10")  # answer when the mail servers have it, or after 10 seconds
    for number in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            if error.code != 429 and error.code < 500:
                return error.code, json.load(error)
            pause = int(error.headers.get("Retry-After", 2**number))
        except (OSError, ValueError):  # no connection, or one that broke in the middle
            pause = 2**number
        time.sleep(pause)
    sys.exit(f"{path}: no answer to {TRIES} requests")


def arrive(given):
    person = {"external_id": given.id, "given_name": given.given_name, "family_name": given.family_name}
    body = {"domain": given.domain, "person": person, "recovery_address": given.recovery_address}
    return post("/api/v1/onboardings/", body)


def leave(given):
    at = {"at": given.at} if given.at else {}  # else now
    return post("/api/v1/offboardings/", {"address": given.address, "successor": given.successor, **at})


def arguments():
    parser = argparse.ArgumentParser(description="Lets a person in or out.")
    verbs = parser.add_subparsers(required=True)
    for act, names in (
        (arrive, ("domain", "id", "given_name", "family_name", "recovery_address")),
        (leave, ("address", "successor", "--at")),
    ):
        verb = verbs.add_parser(act.__name__)
        verb.set_defaults(act=act)
        for name in names:
            verb.add_argument(name)
    return parser.parse_args()


def main():
    given = arguments()
    status, answer = given.act(given)
    told = json.dumps(answer, indent=2)  # of a refusal: `code` for programs, `detail` and `errors` by field for people
    if status >= 400 and answer["code"] not in DONE_BEFORE:
        sys.exit(told)
    print(told)


if __name__ == "__main__":
    main()
