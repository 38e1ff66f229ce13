"""Who guesses is held up; who does not is not, whoever else guesses."""

from datetime import timedelta
from statistics import median
from time import thread_time

import pytest
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts.backends import AccountBackend
from mailadmin.accounts.lockout import Attempt, Locked, forget_old
from mailadmin.accounts.models import SignIn
from tests.factories import PASSWORD, make_mailbox, make_superadmin

pytestmark = pytest.mark.django_db

OFFICE, HOME, ATTACKER = "192.0.2.1", "198.51.100.1", "203.0.113.9"
ALICE = "alice@example.org"


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.SIGN_IN_FAILURES_PER_PAIR = 3
    settings.SIGN_IN_FAILURES_PER_ACCOUNT = 6
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 9


def fail(identifier, client_address, times=1, age_seconds=0):
    for _ in range(times):
        row = Attempt(identifier, client_address).row
        SignIn.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(seconds=age_seconds))


def succeed(identifier, client_address, age_seconds=0):
    attempt = Attempt(identifier, client_address)
    attempt.succeed()
    SignIn.objects.filter(pk=attempt.row.pk).update(at=timezone.now() - timedelta(seconds=age_seconds))


def is_locked(identifier, client_address):
    try:
        Attempt(identifier, client_address).row.delete()
    except Locked:
        return True
    return False


# -- The three counts -------------------------------------------------------------------------------------
def test_pair_is_locked_after_its_failures():
    fail(ALICE, HOME, times=2)
    assert not is_locked(ALICE, HOME)

    fail(ALICE, HOME)

    assert is_locked(ALICE, HOME)
    assert not is_locked(ALICE, OFFICE)
    assert not is_locked("bob@example.org", HOME)


def test_account_is_locked_for_strangers_after_failures_from_everywhere():
    for number in range(6):
        fail(ALICE, f"203.0.113.{number}")

    assert is_locked(ALICE, HOME)
    assert not is_locked("bob@example.org", HOME)


def test_client_is_locked_for_strangers_after_failures_with_every_account():
    for number in range(9):
        fail(f"user{number}@example.org", ATTACKER)

    assert is_locked(ALICE, ATTACKER)
    assert not is_locked(ALICE, HOME)


def test_failures_grow_old(settings):
    fail(ALICE, HOME, times=3, age_seconds=settings.SIGN_IN_WINDOW_SECONDS + 1)

    assert not is_locked(ALICE, HOME)


def test_success_clears_the_count_of_the_pair():
    fail(ALICE, HOME, times=2)
    succeed(ALICE, HOME)
    fail(ALICE, HOME, times=2)

    assert not is_locked(ALICE, HOME)


def test_wait_ends_when_the_first_failure_grows_old(settings):
    fail(ALICE, HOME, age_seconds=600)
    fail(ALICE, HOME, times=2)

    with pytest.raises(Locked) as locked:
        Attempt(ALICE, HOME)

    assert 290 <= locked.value.wait_seconds <= 300
    assert locked.value.messages == ["Too many failed attempts. Try again in 5 minutes."]


def test_tries_while_locked_do_not_lengthen_the_wait():
    fail(ALICE, HOME, times=3)
    for _ in range(5):
        assert is_locked(ALICE, HOME)

    assert SignIn.objects.count() == 3


# -- Nobody else is locked out ----------------------------------------------------------------------------
def test_attacker_does_not_lock_out_who_is_familiar_at_home():
    succeed(ALICE, HOME, age_seconds=86_400)
    for number in range(6):
        fail(ALICE, f"203.0.113.{number}")

    assert is_locked(ALICE, OFFICE)
    assert not is_locked(ALICE, HOME)


def test_office_is_not_locked_by_a_colleague():
    succeed(ALICE, OFFICE, age_seconds=86_400)
    for number in range(9):
        fail(f"user{number}@example.org", OFFICE)

    assert is_locked("newcomer@example.org", OFFICE)
    assert not is_locked(ALICE, OFFICE)


def test_familiar_client_is_held_to_its_pair():
    succeed(ALICE, HOME, age_seconds=86_400)
    fail(ALICE, HOME, times=3)

    assert is_locked(ALICE, HOME)


def test_familiar_is_forgotten_after_30_days():
    succeed(ALICE, HOME, age_seconds=31 * 86_400)
    for number in range(6):
        fail(ALICE, f"203.0.113.{number}")

    assert is_locked(ALICE, HOME)


def test_own_success_does_not_let_an_attacker_go_on_with_other_accounts():
    for number in range(8):
        fail(f"user{number}@example.org", ATTACKER)
    succeed("mallory@example.org", ATTACKER)
    fail("user9@example.org", ATTACKER)

    assert is_locked(ALICE, ATTACKER)


# -- What one client is -----------------------------------------------------------------------------------
def test_ipv6_counts_by_its_64_network():
    for number in range(3):
        fail(ALICE, f"2001:db8:0:1::{number:x}")

    assert is_locked(ALICE, "2001:db8:0:1:ffff::1")
    assert not is_locked(ALICE, "2001:db8:0:2::1")


def test_ipv4_in_ipv6_is_the_ipv4_address():
    fail(ALICE, "::ffff:192.0.2.1", times=3)

    assert is_locked(ALICE, "192.0.2.1")
    assert not is_locked(ALICE, "::ffff:192.0.2.2")


def test_client_without_address_counts_as_one():
    fail(ALICE, "", times=3)

    assert is_locked(ALICE, "")


def test_tries_at_the_same_time_count_each_other():
    """None of them has failed yet, and still no more than the limit are looked at."""
    for _ in range(3):
        Attempt(ALICE, ATTACKER)

    with pytest.raises(Locked):
        Attempt(ALICE, ATTACKER)


def test_number_of_queries_does_not_grow(django_assert_num_queries):
    fail(ALICE, HOME, times=2)

    with django_assert_num_queries(5):
        Attempt(ALICE, HOME)


def test_old_rows_are_forgotten():
    fail(ALICE, HOME, age_seconds=91 * 86_400)
    fail(ALICE, HOME)

    assert forget_old() == 1
    assert SignIn.objects.count() == 1


# -- On the page ------------------------------------------------------------------------------------------
def sign_in(client, identifier, password=PASSWORD, address=HOME):
    data = {"identifier": identifier, "password": password}
    return client.post(reverse("accounts:sign_in"), data, REMOTE_ADDR=address)


@pytest.mark.parametrize("identifier", [ALICE, "nobody@example.org"])
def test_page_tells_the_wait_whether_the_account_exists_or_not(client, identifier):
    make_mailbox(ALICE)
    for _ in range(3):
        assert sign_in(client, identifier, "wrong password").status_code == 200

    response = sign_in(client, identifier)

    assert response.status_code == 429
    assert 890 <= int(response["Retry-After"]) <= 900
    assert [str(error) for error in response.context["form"].non_field_errors()] == [
        "Too many failed attempts. Try again in 15 minutes."
    ]
    assert "_auth_user_id" not in client.session


def test_spellings_of_an_address_are_one_account(client):
    make_mailbox(ALICE)
    for identifier in (ALICE, "ALICE@example.org", " alice@EXAMPLE.org. "):
        sign_in(client, identifier, "wrong password")

    assert sign_in(client, ALICE).status_code == 429


def test_forged_header_does_not_make_another_client(client):
    for number in range(3):
        client.post(
            reverse("accounts:sign_in"),
            {"identifier": ALICE, "password": "wrong password"},
            REMOTE_ADDR=ATTACKER,
            HTTP_X_FORWARDED_FOR=f"192.0.2.{number}",
        )

    assert sign_in(client, ALICE, address=ATTACKER).status_code == 429


def test_successful_sign_in_is_recorded(client):
    make_mailbox(ALICE)

    sign_in(client, ALICE)

    assert list(SignIn.objects.values_list("identifier", "client_address", "succeeded")) == [(ALICE, HOME, True)]


def test_time_does_not_tell_what_exists():
    """In processor time of this thread, so that a busy machine does not matter."""
    make_mailbox(ALICE)
    make_mailbox("old@example.org", password_hash="$1$ghYFGNhW$NKSmgigIE29vkSCsZyaef0")
    make_superadmin("root@example.net")
    names = (ALICE, "old@example.org", "root@example.net", "nobody@example.org", "no address")
    AccountBackend().authenticate(None, "nobody@example.org", "first makes the dummy hash")

    times = {name: median(_seconds(name) for _ in range(5)) for name in names}

    assert max(times.values()) < 1.5 * min(times.values()), times


def _seconds(identifier):
    begin = thread_time()
    assert AccountBackend().authenticate(None, identifier, "wrong password") is None
    return thread_time() - begin
