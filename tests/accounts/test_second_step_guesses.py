"""Guesses at the second factor, and requests at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from mailadmin.accounts import passkeys, services
from mailadmin.accounts.models import SignIn
from mailadmin.accounts.services.factor_checks import FAILURES_PER_DAY
from tests.factories import actor_of

from .conftest import PARTY
from .second_step import (
    FACTOR,
    HOME,
    challenge_of,
    give_code,
    give_passkey,
    give_password,
    guess,
    is_signed_in,
    outcome,
    refuses,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_party")]


def test_guesses_from_one_place_are_held_up(charlie, with_app, waiting, settings):
    app = with_app(charlie)
    client = waiting()
    for _number in range(settings.SIGN_IN_FAILURES_PER_PAIR):
        assert give_code(client, app.code(100)).status_code == 200

    response = give_code(client, app.code())

    assert response.status_code == 429
    assert 890 <= int(response["Retry-After"]) <= 900
    assert not is_signed_in(client)
    charlie.refresh_from_db()
    assert charlie.totp_last_step < app.now // 30, "the right code was not even looked at"


def test_of_guesses_from_everywhere_no_more_are_looked_at_than_the_limit_of_the_account(charlie, with_app, settings):
    app = with_app(charlie)
    good = {app.code(steps) for steps in (-1, 0, 1)}
    guesses = [code for code in (f"{number:06d}" for number in range(250)) if code not in good]

    results = Counter(guess(charlie, code, f"198.51.100.{number}") for number, code in enumerate(guesses))

    assert results == {"totp_wrong": settings.SIGN_IN_FAILURES_PER_ACCOUNT, "locked": results["locked"]}
    assert guess(charlie, app.code(), "203.0.113.9") == "locked", "nor is the right one"
    assert not SignIn.objects.filter(succeeded=True).exists()


def test_in_a_day_fewer_are_looked_at_than_would_get_somewhere(charlie, with_app):
    """Spread over time, so that no other limit is met."""
    app = with_app(charlie)
    for number in range(FAILURES_PER_DAY):
        assert guess(charlie, app.code(100), f"198.51.100.{number}") == "totp_wrong"
        SignIn.objects.update(at=F("at") - timedelta(minutes=16))

    assert guess(charlie, app.code(), "203.0.113.9") == "locked"
    SignIn.objects.update(at=F("at") - timedelta(hours=12))
    assert guess(charlie, app.code(), "203.0.113.9") == "let in"


def test_who_is_familiar_is_not_held_up_by_guesses_from_elsewhere(charlie, with_app):
    app = with_app(charlie)
    assert guess(charlie, app.code(), HOME) == "let in"
    app.wait()
    for number in range(FAILURES_PER_DAY + 1):
        guess(charlie, app.code(100), f"198.51.100.{number}")

    assert guess(charlie, app.code(), "203.0.113.9") == "locked"
    assert guess(charlie, app.code(), HOME) == "let in"


def test_with_a_passkey_too_the_wait_is_told(charlie, with_passkey, waiting, settings):
    with_passkey(charlie)
    client = waiting()
    for _number in range(settings.SIGN_IN_FAILURES_PER_PAIR):
        challenge_of(client)
        refuses(client, '{"id": "AA"}', "passkey_unknown")
    challenge_of(client)

    response = give_passkey(client, '{"id": "AA"}')

    assert response.status_code == 429
    assert response.context["passkey_errors"] == ["Too many failed attempts. Try again in 15 minutes."]
    assert "Too many failed attempts" in response.content.decode()


def test_wrong_codes_lock_nobody_out_who_lacks_the_password(charlie, with_app, waiting, settings):
    """They are counted apart: the password of the account, and what other people do at this address, go on."""
    app, client = with_app(charlie), waiting()
    for _number in range(settings.SIGN_IN_FAILURES_PER_PAIR + 2):
        give_code(client, app.code(100))

    assert give_password(Client(), charlie.address)["Location"] == FACTOR


# -- At once ----------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_of_many_requests_with_one_code_one_is_let_in(charlie, with_app):
    app = with_app(charlie)
    recovery = services.make_recovery_codes(account=charlie, actor=actor_of(charlie))[0]
    for code, refusal in ((app.code(), "totp_used"), (recovery, "recovery_code_wrong")):
        results = at_once(partial(_give, charlie, code))
        assert results.count("let in") == 1
        assert set(results) <= {"let in", refusal, "locked"}


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_with_one_answer_of_a_passkey_one_is_let_in(charlie, with_passkey):
    authenticator, challenge = with_passkey(charlie, counter=3), passkeys.new_challenge()
    answer = authenticator.get(challenge, host=PARTY.host, origin=PARTY.origin)

    def give(client_address):
        services.check_passkey(
            account=charlie, answer=answer, challenge=challenge, party=PARTY, client_address=client_address
        )

    results = at_once(give)

    assert results.count("let in") == 1
    assert set(results) <= {"let in", "passkey_wrong", "locked"}


def _give(account, code, client_address):
    services.check_code(account=account, code=code, client_address=client_address)


def at_once(give):
    """What eight requests from as many places come to, that are made at the same time."""

    def run(number):
        try:
            return outcome(lambda: give(f"198.51.100.{number}"))
        finally:
            connection.close()

    # The SQLite of the tests is in memory, where one connection does not wait for another.
    with ThreadPoolExecutor(8 if connection.vendor == "mysql" else 1) as pool:
        return list(pool.map(run, range(8)))
