"""What two requests at the same time may not bring about."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from mailadmin.accounts import services
from mailadmin.accounts.lockout import Attempt
from mailadmin.accounts.models import Account, Role
from tests.factories import make_superadmin, system

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """The results of the acts, all begun at the same time; of a refused one its code."""
    # The SQLite of the tests is in memory, where one connection does not wait for another.
    together = len(acts) if connection.vendor == "mysql" else 1
    barrier = Barrier(together)

    def run(act):
        barrier.wait()
        try:
            return act()
        except ValidationError as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(together) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("_time", range(5))
def test_two_superadmins_cannot_both_be_taken_away(_time):
    root, other = make_superadmin("root@example.net"), make_superadmin("other@example.net")

    results = at_once(
        lambda: services.delete_administrator(account=root, actor=system()),
        lambda: services.set_administrator_active(account=other, active=False, actor=system()),
    )

    assert results.count("last_superadmin") == 1
    assert Account.objects.filter(role=Role.SUPERADMIN, is_active=True).count() == 1


def test_guesses_at_the_same_time_are_no_more_than_the_limit(settings):
    settings.SIGN_IN_FAILURES_PER_PAIR = 3

    results = at_once(*[lambda: Attempt("alice@example.org", "192.0.2.1")] * 10)

    assert results.count("locked") >= 6
