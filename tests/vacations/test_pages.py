"""The pages of the vacation reply: one's own, and an administrator's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from domains.models import Domain
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from mailboxes.services import set_forwarding
from tests.factories import make_alias, make_mailbox, system
from tests.refusals import nothing_written
from vacations.models import OPEN_END, Vacation
from vacations.services import set_vacation

pytestmark = pytest.mark.django_db

OWN, OWN_PREVIEW = "/account/vacation/", "/account/vacation/preview/"
OF_JOE, OF_JOE_PREVIEW = "/mailboxes/joe@example.org/vacation/", "/mailboxes/joe@example.org/vacation/preview/"
FROM = timezone.now().replace(second=0, microsecond=0) + timedelta(days=3)
UNTIL = FROM + timedelta(days=14)
YEAR = timezone.now().year + 1


def _payload(**overrides: Any) -> dict[str, Any]:
    return {
        "active": "on",
        "from_at": f"{FROM:%Y-%m-%dT%H:%M}",
        "until_at": f"{UNTIL:%Y-%m-%dT%H:%M}",
        "subject": "I am away",
        "body": "Back on Monday.\r\nJoe",
        "interval_days": "3",
        **overrides,
    }


@pytest.fixture
def joe(example_org: Domain) -> Mailbox:
    return make_mailbox("joe@example.org")


@pytest.fixture
def charlies(signed_in: Callable[[Account], Client], charlie: Account) -> Client:
    return signed_in(charlie)


@pytest.fixture
def alices(signed_in: Callable[[Account], Client], alice: Account) -> Client:
    return signed_in(alice)


# -- Saved
def test_the_person_sets_the_own_reply(charlies: Client) -> None:
    response = charlies.post(OWN, _payload())

    assert (response.status_code, response["Location"]) == (302, OWN)
    vacation = Vacation.objects.get()
    assert (vacation.pk, vacation.subject, vacation.body) == (
        "charlie@example.org",
        "I am away",
        "Back on Monday.\nJoe",
    )
    assert (vacation.from_at, vacation.until_at, vacation.interval_days) == (FROM, UNTIL, 3)
    assert (vacation.active, vacation.known_domains_only) == (True, False)
    assert Entry.objects.latest("id").actor == "charlie@example.org"
    page = charlies.get(OWN)
    assert b"The vacation reply is planned." in page.content
    assert f'value="{FROM:%Y-%m-%dT%H:%M}"' in page.content.decode()


def test_an_administrator_sets_it_for_a_mailbox(alices: Client, joe: Mailbox) -> None:
    response = alices.post(OF_JOE, _payload(until_at="", known_domains_only="on"))

    assert (response.status_code, response["Location"]) == (302, OF_JOE)
    assert Vacation.objects.values_list("pk", "until_at", "known_domains_only").get() == (joe.pk, OPEN_END, True)
    assert Entry.objects.latest("id").actor == "alice@example.net"
    assert b"Vacation reply" in alices.get(reverse("mailboxes:detail", args=[joe.pk])).content


def live_in(zone: str) -> None:
    """Charlie, who is the one mailbox user with an account."""
    Account.objects.filter(mailbox="charlie@example.org").update(time_zone=zone)


def test_times_are_those_of_the_persons_zone(charlies: Client) -> None:
    live_in("America/New_York")
    charlies.post(OWN, _payload(from_at=f"{YEAR}-07-01T09:00", until_at=f"{YEAR}-12-01T09:00"))
    page = charlies.get(OWN).content.decode()

    vacation = Vacation.objects.get()
    assert vacation.from_at == datetime(YEAR, 7, 1, 13, 0, tzinfo=UTC)
    assert vacation.until_at == datetime(YEAR, 12, 1, 14, 0, tzinfo=UTC)
    assert f'value="{YEAR}-07-01T09:00"' in page
    assert f'value="{YEAR}-12-01T09:00"' in page
    assert "Times are those of America/New_York." in page


def test_switched_off_and_on_again_the_text_is_still_there(charlies: Client) -> None:
    charlies.post(OWN, _payload())
    charlies.post(OWN, {name: value for name, value in _payload().items() if name != "active"})

    assert Vacation.objects.values_list("active", "subject").get() == (False, "I am away")
    assert b"Back on Monday." in charlies.get(OWN).content


def test_a_stale_form_shows_what_is_there_now(charlies: Client, charlies_mailbox: Mailbox) -> None:
    shown = charlies.get(OWN).context["form"]["revision"].value()
    set_vacation(mailbox=charlies_mailbox, active=True, subject="By alice", body="x", actor=system())

    with nothing_written():
        response = charlies.post(OWN, _payload(revision=shown))
    assert response.status_code == 200
    assert b"By alice" in response.content
    again = response.context["form"]["revision"].value()
    assert charlies.post(OWN, _payload(revision=again)).status_code == 302


# -- Previewed
@pytest.mark.parametrize("whose", ["own", "mailbox"])
def test_the_preview_shows_the_mail_and_saves_nothing(
    whose: str, charlies: Client, alices: Client, joe: Mailbox, request: pytest.FixtureRequest
) -> None:
    client, url = (charlies, OWN_PREVIEW) if whose == "own" else (alices, OF_JOE_PREVIEW)
    address = "charlie@example.org" if whose == "own" else "joe@example.org"
    make_alias("team@example.org", address)

    with nothing_written():
        response = client.post(url, _payload(body='<b>"bold"</b>\r\n  indented'))

    assert response.status_code == 200
    assert response.context["addresses"] == sorted([address, "team@example.org"])
    assert "&lt;b&gt;&quot;bold&quot;&lt;/b&gt;\n  indented" in response.content.decode().partition("letter")[2]
    assert response.context["form"]["subject"].value() == "I am away"
    page = OWN if whose == "own" else OF_JOE
    assert f'<form method="post" action="{page}"' in response.content.decode()  # where its Save leads
    assert f'formaction="{url}#preview"' in response.content.decode()


def test_what_cannot_be_saved_cannot_be_previewed(charlies: Client) -> None:
    with nothing_written():
        response = charlies.post(OWN_PREVIEW, _payload(until_at=f"{FROM:%Y-%m-%dT%H:%M}"))
    assert list(response.context["form"].errors) == ["until_at"]
    assert "preview" not in response.context


def test_the_address_of_the_preview_leads_back_to_the_page(charlies: Client, alices: Client, joe: Mailbox) -> None:
    assert charlies.get(OWN_PREVIEW)["Location"] == OWN
    assert alices.get(OF_JOE_PREVIEW)["Location"] == OF_JOE


# -- Told
def test_a_mailbox_that_keeps_no_copy_is_told_that_it_answers_nothing(
    charlies: Client, charlies_mailbox: Mailbox
) -> None:
    told = b"keeps no copy"
    assert told not in charlies.get(OWN).content
    set_forwarding(mailbox=charlies_mailbox, targets=["x@elsewhere.test"], keep_copy=False, actor=system())
    assert told in charlies.get(OWN).content


# -- Refused
def test_all_that_is_wrong_is_told_at_once(charlies: Client) -> None:
    with nothing_written():
        response = charlies.post(
            OWN, _payload(until_at="2020-01-01T00:00", subject="a\x07", body=" ", interval_days="999")
        )
    assert sorted(response.context["form"].errors) == ["body", "interval_days", "subject", "until_at"]


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"until_at": f"{FROM - timedelta(minutes=1):%Y-%m-%dT%H:%M}"}, "until_at"),
        ({"until_at": "2020-01-01T00:00", "from_at": "2019-01-01T00:00"}, "until_at"),
        ({"until_at": "tomorrow"}, "until_at"),
        ({"until_at": "9999-12-31T23:59"}, "until_at"),
        ({"from_at": "0001-01-01T00:00"}, "from_at"),
        ({"from_at": "2027-02-30T00:00"}, "from_at"),
        ({"subject": "Away\r\nBcc: all@elsewhere.test"}, "subject"),
        ({"subject": "Away\x00"}, "subject"),
        ({"subject": "a" * 256}, "subject"),
        ({"body": ""}, "body"),
        ({"body": "a" * 2**20}, "body"),
        ({"body": "a\x00"}, "body"),
        ({"interval_days": "366"}, "interval_days"),
        ({"interval_days": "-1"}, "interval_days"),
        ({"interval_days": "often"}, "interval_days"),
        ({"interval_days": ""}, "interval_days"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_bad_input_is_refused_at_its_field_and_kept(
    charlies: Client, overrides: dict[str, Any], field: str, zone: str
) -> None:
    live_in(zone)
    with nothing_written():
        response = charlies.post(OWN, _payload(**overrides))

    form = response.context["form"]
    assert (response.status_code, list(form.errors)) == (200, [field])
    assert form[field].value() == overrides.get(field, "")


def test_a_moment_that_the_clocks_skip_is_refused(charlies: Client) -> None:
    live_in("Europe/Paris")
    with nothing_written():
        response = charlies.post(OWN, _payload(from_at="2027-03-28T02:30", until_at=""))
    assert list(response.context["form"].errors) == ["from_at"]


# -- Who may
def test_administrators_have_no_own_reply_and_people_no_administrators_page(
    alices: Client, charlies: Client, joe: Mailbox, bob: Account, signed_in: Callable[[Account], Client]
) -> None:
    for url in (OWN, OWN_PREVIEW):
        assert [alices.get(url).status_code, alices.post(url, _payload()).status_code] == [403, 403]
    for url in (OF_JOE, OF_JOE_PREVIEW):
        assert [charlies.get(url).status_code, charlies.post(url, _payload()).status_code] == [403, 403]
        bobs = signed_in(bob)
        assert [bobs.get(url).status_code, bobs.post(url, _payload()).status_code] == [404, 404]
    assert Vacation.objects.count() == 0
