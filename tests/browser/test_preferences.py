"""The browser's own time zone is proposed, taken by one click, and counts from the next page on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.by import By

from .person import Person


@pytest.fixture
def in_kolkata(person: Person) -> Iterator[Person]:
    """By the old name, which some browsers still give."""
    person.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Calcutta"})
    yield person
    person.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


def test_the_browsers_time_zone_is_proposed(in_kolkata: Person) -> None:
    in_kolkata.open("/account/preferences/")
    proposal = in_kolkata.browser.find_element(By.ID, "proposed-time-zone")

    assert proposal.text.split() == ["This", "browser", "is", "in", "another", "one:", "Kolkata"]
    proposal.find_element(By.TAG_NAME, "button").click()
    assert not proposal.is_displayed()
    in_kolkata.fill(language="fr")
    in_kolkata.press("Save")
    assert in_kolkata.told == ["Vos préférences sont enregistrées."]

    in_kolkata.open("/account/preferences/")
    assert not in_kolkata.browser.find_element(By.ID, "proposed-time-zone").is_displayed()
    assert in_kolkata.browser.find_element(By.CSS_SELECTOR, "#id_time_zone option:checked").text == "Kolkata"
    assert in_kolkata.complaints == []
    in_kolkata.fill(language="en", time_zone="")
    in_kolkata.press("Enregistrer")
    assert in_kolkata.told == ["Your preferences are saved."]
