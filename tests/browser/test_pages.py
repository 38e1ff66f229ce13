"""Pages in a real browser: nothing that the Content-Security-Policy forbids, no script error, and the comforts."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from .person import Person
from .test_writes_without_javascript import a_domain, a_mailbox, an_alias

PAGES = [
    "/",
    "/domains/",
    "/domains/{domain}/",
    "/domains/add/",
    "/domains/{domain}/edit/",
    "/domains/{domain}/off/",
    "/domains/{domain}/delete/",
    "/domains/aliases/",
    "/domains/aliases/add/",
    "/mailboxes/",
    "/mailboxes/?domain={domain}",
    "/mailboxes/add/",
    "/mailboxes/joe@{domain}/",
    "/mailboxes/joe@{domain}/edit/",
    "/mailboxes/joe@{domain}/password/",
    "/mailboxes/joe@{domain}/forwarding/",
    "/mailboxes/joe@{domain}/rename/",
    "/mailboxes/joe@{domain}/delete/",
    "/mailboxes/archive/",
    "/aliases/",
    "/aliases/add/",
    "/aliases/team@{domain}/edit/",
    "/aliases/team@{domain}/delete/",
    "/audit/",
    "/mailhost/",
    "/mailhost/repair/",
    "/mailhost/trace/",
    "/mailhost/trace/?address=team@{domain}",
    "/search/?q=joe",
    "/administrators/",
    "/administrators/add/",
    "/account/",
    "/account/password/",
]


@pytest.fixture
def domain(person: Person) -> str:
    name = a_domain(person)
    a_mailbox(person, f"joe@{name}")
    an_alias(person, f"team@{name}", f"joe@{name}")
    return name


def set_width(person: Person, width: int) -> None:
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    person.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_complains_or_is_wider_than_the_screen(person: Person, domain: str, width: int) -> None:
    set_width(person, width)
    person.browser.get_log("browser")
    wide, complaints = [], {}
    for pattern in PAGES:
        path = pattern.format(domain=domain)
        person.open(path)
        if person.browser.execute_script("return document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(path)
        if said := person.complaints:
            complaints[path] = said
    person.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert (wide, complaints) == ([], {})


def test_every_control_has_a_name(person: Person, domain: str) -> None:
    nameless = {}
    for pattern in PAGES:
        path = pattern.format(domain=domain)
        person.open(path)
        found = person.browser.execute_script(
            """return [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a, summary")]
            .filter((each) => !each.hidden && !(each.labels && each.labels.length) && !each.getAttribute("aria-label")
                && !each.textContent.trim()).map((each) => each.outerHTML)"""
        )
        if found:
            nameless[path] = found
    assert nameless == {}


def test_a_search_narrows_the_list_as_one_types(person: Person, domain: str) -> None:
    a_mailbox(person, f"ann@{domain}")
    person.open(f"/mailboxes/?domain={domain}")
    page = person.browser.find_element(By.TAG_NAME, "html")
    assert person.rows == [f"ann@{domain}", f"joe@{domain}"]

    person.browser.find_element(By.CSS_SELECTOR, ".filters [name=q]").send_keys("an")
    person.wait_until_rows(f"ann@{domain}")

    assert page.is_displayed()  # the same page: only its rows were exchanged
    assert "q=an" in person.path
    assert "q=an" in str(person.find("CSV").get_attribute("href"))  # the export is of what is shown
    assert person.complaints == []


def test_ticked_rows_bring_up_what_can_be_done_with_them(person: Person, domain: str) -> None:
    person.open(f"/mailboxes/?domain={domain}")
    bar = person.browser.find_element(By.CSS_SELECTOR, ".bulk")
    assert not bar.is_displayed()
    person.browser.find_element(By.CSS_SELECTOR, "[data-check-all]").click()
    assert bar.is_displayed()
    assert person.browser.find_element(By.CSS_SELECTOR, "[data-chosen]").text == "1"


def test_the_menu_of_a_row_closes_by_escape(person: Person, domain: str) -> None:
    person.open(f"/mailboxes/?domain={domain}")
    menu = person.browser.find_element(By.CSS_SELECTOR, "table details.menu")
    menu.find_element(By.TAG_NAME, "summary").click()
    assert menu.get_attribute("open") is not None
    person.browser.switch_to.active_element.send_keys("\ue00c")
    assert menu.get_attribute("open") is None


def test_the_toggle_changes_the_colours_without_a_request(person: Person) -> None:
    person.open("/")
    page = person.browser.find_element(By.TAG_NAME, "html")
    person.browser.find_element(By.CSS_SELECTOR, ".theme .to-dark").click()
    assert page.get_attribute("data-bs-theme") == "dark"
    person.open("/domains/")
    assert person.browser.find_element(By.TAG_NAME, "html").get_attribute("data-bs-theme") == "dark"


def test_the_navigation_opens_on_a_phone(person: Person) -> None:
    set_width(person, 390)
    person.open("/")
    menu = person.browser.find_element(By.ID, "menu")
    assert not menu.is_displayed()
    person.browser.find_element(By.CSS_SELECTOR, ".topbar [popovertarget=menu]").click()
    WebDriverWait(person.browser, 3).until(lambda _browser: menu.is_displayed())
    menu.find_element(By.LINK_TEXT, "Domains").click()
    assert person.path == "/domains/"
    person.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_form_that_was_open_too_long_leads_back_to_itself(person: Person) -> None:
    person.open("/domains/add/")
    person.browser.delete_cookie("csrftoken")
    person.fill(name="late.example")
    person.press("Add the domain")
    assert "This form was open too long" in person.text
    person.press("Open the form again")
    assert person.path == "/domains/add/"
