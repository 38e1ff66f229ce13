"""People are warned before their password expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from domains.models import Domain
from domains.services import edit_domain
from mailadmin.accounts.models import Account, Role
from mailadmin.letters import expiry
from mailadmin.letters.models import ExpiryWarning, Letter
from mailadmin.letters.tasks import forget_letters, warn_of_expiry
from mailboxes.models import NEVER, Mailbox
from mailboxes.services import set_mailbox_active, set_mailbox_password
from tests.factories import make_domain, make_mailbox, system
from tests.servers.letters import Outside

from .reading import flat, posted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site_url")]


@pytest.fixture
def domain() -> Domain:
    return make_domain("example.org", password_expiry_days=90)


def expires_in(address: str, **left: float) -> datetime:
    expires_at = timezone.now() + timedelta(**left)
    Mailbox.objects.filter(pk=address).update(password_expires_at=expires_at)
    return expires_at


def warned_at(days_left: float) -> bool:
    expires_in("joe@example.org", days=days_left)
    ExpiryWarning.objects.update(expires_at=Mailbox.objects.get().password_expires_at)
    return warn_of_expiry() == 1


def test_once_for_each_threshold(domain: Domain) -> None:
    make_mailbox("joe@example.org")

    warned = [day for day in range(40, -2, -1) if warned_at(day - 0.5)]

    assert warned == [30, 14, 7, 1]


def test_twice_on_one_day_is_once(domain: Domain) -> None:
    make_mailbox("joe@example.org")
    expires_in("joe@example.org", days=6)

    assert [warn_of_expiry() for _run in range(3)] == [1, 0, 0]


def test_who_comes_late_gets_the_nearest_alone(domain: Domain) -> None:
    make_mailbox("joe@example.org")
    expires_in("joe@example.org", hours=12)

    assert [warn_of_expiry() for _run in range(2)] == [1, 0]
    assert ExpiryWarning.objects.get().days == 1


def test_another_date_begins_anew(domain: Domain) -> None:
    make_mailbox("joe@example.org")
    expires_in("joe@example.org", days=6)
    warn_of_expiry()
    expires_in("joe@example.org", days=29)

    assert warn_of_expiry() == 1


def test_the_letter_says_when_and_what_to_do(domain: Domain, smtp_server: Outside) -> None:
    make_mailbox("joe@example.org")
    expires_in("joe@example.org", days=6, hours=12)
    warn_of_expiry()

    assert posted(smtp_server) == [("joe@example.org", "Your password expires in 7 days: joe@example.org")]
    assert "https://mail.example.net/account/password/" in flat(smtp_server.letters[0][1])


def test_the_last_day_is_one_day(domain: Domain, smtp_server: Outside) -> None:
    make_mailbox("joe@example.org")
    expires_in("joe@example.org", hours=20)
    warn_of_expiry()

    assert posted(smtp_server) == [("joe@example.org", "Your password expires in 1 day: joe@example.org")]


def test_it_is_in_the_language_of_the_person(domain: Domain, smtp_server: Outside, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]
    mailbox = make_mailbox("joe@example.org")
    Account.objects.create(mailbox=mailbox, role=Role.MAILBOX_USER, language="fr")
    expires_in("joe@example.org", days=6)
    warn_of_expiry()
    posted(smtp_server)

    assert smtp_server.letters[0][1]["Content-Language"] == "fr"


def test_a_password_changed_meanwhile_needs_no_letter(domain: Domain, smtp_server: Outside) -> None:
    mailbox = make_mailbox("joe@example.org")
    expires_in("joe@example.org", days=6)
    warn_of_expiry()
    set_mailbox_password(mailbox=mailbox, password="violet harbour kettle", actor=system())

    assert [subject for _to, subject in posted(smtp_server) if "expires" in subject] == []


def test_who_need_not_be_warned_is_not(domain: Domain) -> None:
    never, past, off = (make_mailbox(f"{name}@example.org") for name in ("never", "past", "off"))
    Mailbox.objects.filter(pk=never.pk).update(password_expires_at=NEVER)
    expires_in(past.pk, days=-1)
    expires_in(off.pk, days=5)
    set_mailbox_active(mailbox=off, active=False, actor=system())
    make_mailbox("far@example.org")
    expires_in("far@example.org", days=31)
    make_domain("lasting.org")
    make_mailbox("joe@lasting.org")
    expires_in("joe@lasting.org", days=5)
    other = make_domain("off.org", password_expiry_days=90)
    make_mailbox("joe@off.org")
    expires_in("joe@off.org", days=5)
    edit_domain(domain=other, changes={"active": False}, actor=system())

    assert warn_of_expiry() == 0
    assert not Letter.objects.exists()


def test_many_are_read_by_and_by_and_one_run_goes_on_where_another_ended(
    domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "AT_ONCE", 2)
    addresses = [make_mailbox(f"user{number}@example.org").pk for number in range(5)]
    for address in addresses:
        expires_in(address, days=6)
    runs = iter(expiry._expiring())
    expiry._warn(next(runs))  # and then the worker is killed

    assert ExpiryWarning.objects.count() == 2
    assert warn_of_expiry() == 3
    assert sorted(Letter.objects.values_list("recipient", flat=True)) == addresses


def test_old_warnings_are_forgotten(domain: Domain) -> None:
    now = timezone.now()
    for address, days in (("old@example.org", 31), ("new@example.org", 29)):
        ExpiryWarning.objects.create(address=address, expires_at=now - timedelta(days=days), days=1)

    assert (forget_letters(), forget_letters()) == (1, 0)
    assert ExpiryWarning.objects.get().pk == "new@example.org"
