"""Language and time zone: chosen by the person, kept on the account, and counting on every page."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone, translation

from mailadmin.accounts import services
from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account
from mailadmin.accounts.time_zones import choices, other_names, time_zone_of
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from tests.refusals import nothing_written, refused

URL = "/account/preferences/"
NOON = datetime(2026, 7, 14, 12, 0, tzinfo=UTC)


def set_preferences(account, **changes):
    return services.set_preferences(account=account, actor=Actor("charlie", "page", account=account), **changes)


def test_preferences_are_kept_and_recorded(charlie):
    set_preferences(charlie, language="fr", time_zone="America/Montreal")
    set_preferences(charlie, time_zone="Europe/Paris")

    charlie.refresh_from_db()
    assert (charlie.language, charlie.time_zone) == ("fr", "Europe/Paris")
    last = Entry.objects.filter(action="mailbox.preferences").order_by("-pk")[0]
    assert (last.object_key, last.domain_name) == ("charlie@example.org", "example.org")
    assert (last.before, last.after) == ({"time_zone": "America/Montreal"}, {"time_zone": "Europe/Paris"})


def test_the_same_again_is_no_change(root):
    set_preferences(root, language="fr")
    set_preferences(root, language="fr", time_zone="")

    assert list(Entry.objects.filter(action="administrator.preferences").values_list("object_key", "after")) == [
        ("root@example.net", {"language": "fr"})
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "xx"),
        ("language", "fr-FR; DROP"),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "\0"),
    ],
)
def test_unknown_ones_are_refused(charlie, field, value):
    with nothing_written(), refused(f"{field}_unknown", field):
        set_preferences(charlie, **{field: value})


def test_the_page_saves_both_and_speaks_the_new_language(signed_in, charlie):
    client = signed_in(charlie)

    response = client.post(URL, {"language": "fr", "time_zone": "Europe/Paris"}, follow=True)

    assert response.redirect_chain == [("/account/", 302)]
    assert [str(message) for message in response.context["messages"]] == ["Vos préférences sont enregistrées."]
    assert '<html lang="fr"' in response.content.decode()
    charlie.refresh_from_db()
    assert (charlie.language, charlie.time_zone) == ("fr", "Europe/Paris")
    assert "selected>Français" in client.get(URL).content.decode()


def test_no_choice_leaves_it_to_the_browser(signed_in, charlie):
    client = signed_in(charlie)
    client.post(URL, {"language": "fr", "time_zone": ""})

    response = client.post(URL, {"language": "", "time_zone": ""}, headers={"Accept-Language": "en"}, follow=True)

    assert '<html lang="en"' in response.content.decode()
    assert '<html lang="fr"' in client.get(URL, headers={"Accept-Language": "fr-CA"}).content.decode()


def test_what_cannot_be_chosen_is_refused_at_its_field(signed_in, charlie):
    response = signed_in(charlie).post(URL, {"language": "xx", "time_zone": "Europe/Atlantis"})

    errors = response.context["form"].errors.as_data()
    assert {name: error[0].code for name, error in errors.items()} == {
        "language": "invalid_choice",
        "time_zone": "invalid_choice",
    }
    assert list(Account.objects.filter(pk=charlie.pk).values_list("language", "time_zone")) == [("", "")]


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("", "2026-07-14 12:00"), ("Europe/Paris", "2026-07-14 14:00"), ("Asia/Tokyo", "2026-07-14 21:00")],
)
def test_pages_show_times_in_the_person_s_zone(signed_in, root, example_org, charlies_mailbox, zone, shown):
    Account.objects.filter(pk=root.pk).update(time_zone=zone)
    Mailbox.objects.update(created_at=NOON)

    content = signed_in(root).get("/mailboxes/charlie@example.org/").content.decode()

    assert shown in content


def test_french_pages_show_dates_as_french_is_written(signed_in, root, charlies_mailbox):
    Mailbox.objects.update(created_at=NOON)

    content = signed_in(root).get("/mailboxes/charlie@example.org/", headers={"Accept-Language": "fr"}).content.decode()

    assert "14/07/2026 12:00" in content


def test_one_persons_zone_is_not_the_next_ones(signed_in, root, bob):
    Account.objects.filter(pk=root.pk).update(time_zone="Asia/Tokyo")

    signed_in(root).get("/")

    assert timezone.get_current_timezone_name() == "UTC"
    Client().get("/sign-in/")
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_zone_that_this_machine_lost_is_the_sites(settings):
    settings.TIME_ZONE = "Europe/Paris"

    assert str(time_zone_of(Account(time_zone="Europe/Atlantis"))) == "Europe/Paris"
    assert str(time_zone_of(Account(time_zone=""))) == "Europe/Paris"
    assert str(time_zone_of(Account(time_zone="Asia/Tokyo"))) == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("language", "area", "zone", "first_areas"),
    [
        ("en", "Europe", ("Europe/London", "London"), ["Africa", "America"]),
        ("fr", "Europe", ("Europe/London", "Londres"), ["Afrique", "Amérique"]),
    ],
)
def test_zones_are_offered_by_area_and_place(language, area, zone, first_areas):
    with translation.override(language):
        offered = choices()

    assert [name for name, _zones in offered][:2] == first_areas
    assert zone in dict(offered)[area]
    places = [place for _name, place in dict(offered)[area]]
    assert len(places) == len(set(places)) > 40
    assert offered[-1] == ("UTC", [("UTC", "UTC")])


def test_the_old_name_of_a_zone_leads_to_the_one_that_is_offered():
    with translation.override("en"):
        offered = {name for _area, zones in choices() for name, _place in zones}

    assert other_names()["Asia/Calcutta"] == "Asia/Kolkata"
    assert "Asia/Kolkata" in offered
    assert "Asia/Calcutta" not in offered
