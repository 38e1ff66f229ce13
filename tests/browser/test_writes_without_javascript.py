"""Every write goes through with JavaScript switched off, from the page that leads to it to the message after it."""

from __future__ import annotations

import itertools

from tests.servers.gunicorn import Gunicorn

from .person import Person

NEW_PASSWORD = "blue lamp under seven trees"
LIVE_SOON = "It will be live in a moment."
_numbers = itertools.count(1)


def a_domain(person: Person) -> str:
    name = f"flow{next(_numbers)}.example"
    person.open("/domains/add/")
    person.fill(name=name)
    person.press("Add the domain")
    assert person.told == [f"The domain {name} is there. {LIVE_SOON}"]
    return name


def a_mailbox(person: Person, address: str) -> None:
    local_part, _at, domain = address.partition("@")
    person.open(f"/mailboxes/add/?domain={domain}")
    person.fill(local_part=local_part, password=NEW_PASSWORD, again=NEW_PASSWORD, name="Joe Doe")
    person.press("Add the mailbox")
    assert person.told == [f"The mailbox {address} is there. {LIVE_SOON}"]


def an_alias(person: Person, address: str, target: str) -> None:
    local_part, _at, domain = address.partition("@")
    person.open(f"/aliases/add/?domain={domain}")
    person.fill(local_part=local_part, targets=target)
    person.press("Add the alias")
    assert person.told == [f"The alias {address} is there. {LIVE_SOON}"]


def test_a_domain(plain_person: Person) -> None:
    person, name = plain_person, a_domain(plain_person)
    person.press("Change")
    person.fill(description="Our first", max_mailboxes="12", backup_mx=True)
    person.press("Save")
    assert person.told == [f"The domain {name} is saved. {LIVE_SOON}"]
    assert "Our first" in person.text

    person.open(f"/domains/{name}/off/")
    person.press("Switch off")
    assert person.told == [f"The domain {name} is off. {LIVE_SOON}"]
    person.open(f"/domains/{name}/on/")
    person.press("Switch on")
    assert person.told == [f"The domain {name} is on. {LIVE_SOON}"]

    person.open(f"/domains/{name}/delete/")
    person.press("Delete the domain")
    assert person.told == [f"The domain {name} is deleted."]


def test_an_alias_domain(plain_person: Person) -> None:
    person, target = plain_person, a_domain(plain_person)
    name = f"old-{target}"
    person.open(f"/domains/aliases/add/?target={target}")
    person.fill(name=name)
    person.press("Add the alias domain")
    assert person.told == [f"The alias domain {name} is there. {LIVE_SOON}"]
    person.open(f"/domains/aliases/{name}/edit/")
    person.fill(description="The old name")
    person.press("Save")
    assert person.told == [f"The alias domain {name} is saved. {LIVE_SOON}"]
    person.open(f"/domains/aliases/{name}/off/")
    person.press("Switch off")
    assert person.told == [f"The alias domain {name} is off. {LIVE_SOON}"]
    person.open(f"/domains/aliases/{name}/on/")
    person.press("Switch on")
    assert person.told == [f"The alias domain {name} is on. {LIVE_SOON}"]
    person.open(f"/domains/{target}/delete/")
    assert f"the alias domain {name} points at it" in person.text
    person.open(f"/domains/aliases/{name}/delete/")
    person.press("Delete the alias domain")
    assert person.told == [f"The alias domain {name} is deleted."]


def test_a_mailbox(plain_person: Person) -> None:
    person, domain = plain_person, a_domain(plain_person)
    joe, jo = f"joe@{domain}", f"jo@{domain}"
    a_mailbox(person, joe)
    person.press("Change")
    person.fill(name="Joe D.", quota="250", smtp_active=False)
    person.press("Save")
    assert person.told == [f"The mailbox {joe} is saved. {LIVE_SOON}"]
    person.open(f"/mailboxes/{joe}/password/")
    person.fill(password=f"{NEW_PASSWORD}!", again=f"{NEW_PASSWORD}!")
    person.press("Set the password")
    assert person.told == [f"The password of {joe} is set."]
    person.open(f"/mailboxes/{joe}/forwarding/")
    person.fill(targets="joe@example.net", keep_copy=True)
    person.press("Save")
    assert person.told == [f"The forwarding of {joe} is saved. {LIVE_SOON}"]
    assert "→ joe@example.net" in person.text
    person.open(f"/mailboxes/{joe}/rename/")
    person.fill(address=jo)
    person.press("Rename")
    assert person.told == [f"The mailbox is now {jo}. {LIVE_SOON}"]
    person.open(f"/mailboxes/{jo}/off/")
    person.press("Switch off")
    assert person.told == [f"The mailbox {jo} is off. {LIVE_SOON}"]
    person.open(f"/mailboxes/{jo}/on/")
    person.press("Switch on")
    assert person.told == [f"The mailbox {jo} is on. {LIVE_SOON}"]
    person.open(f"/mailboxes/{jo}/delete/")
    assert f"joe@{domain}" in person.text  # the alias that renaming left there points at it
    person.press("Delete the mailbox")
    assert person.told == [f"The mailbox {jo} is deleted. Its mail is kept in the archive. {LIVE_SOON}"]
    person.open(f"/mailboxes/archive/?domain={domain}")
    person.press("Restore")
    person.press("Restore")
    assert person.told == [f"The mailbox {jo} is restored. {LIVE_SOON}"]


def test_ones_own_app_passwords_and_forwarding(plain_person: Person, site: Gunicorn) -> None:
    person, domain = plain_person, a_domain(plain_person)
    site.project.manage("mailbox", "add", f"joe@{domain}", "--password-stdin", text=f"{NEW_PASSWORD}\n")
    person.browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    person.sign_in(f"joe@{domain}", NEW_PASSWORD)

    person.open("/account/app-passwords/")
    person.press("Make an app password")
    person.fill(name="Phone")
    person.press("Make the app password")
    assert "Your app password for “Phone”" in person.text
    person.press("I have entered it")
    person.press("Revoke")
    person.press("Revoke it")
    assert person.told == [f"The app password “Phone” is revoked. {LIVE_SOON}"]

    person.open("/account/forwarding/")
    person.fill(targets="friend@elsewhere.test", keep_copy=False)
    person.press("Save")
    assert person.told == [f"Your forwarding is saved. {LIVE_SOON}"]


def test_an_alias(plain_person: Person) -> None:
    person, domain = plain_person, a_domain(plain_person)
    team = f"team@{domain}"
    an_alias(person, team, "joe@example.net")
    person.open(f"/aliases/{team}/edit/")
    person.fill(targets="joe@example.net\nann@example.net", description="The team")
    person.press("Save")
    assert person.told == [f"The alias {team} is saved. {LIVE_SOON}"]
    person.open(f"/aliases/{team}/off/")
    person.press("Switch off")
    assert person.told == [f"The alias {team} is off. {LIVE_SOON}"]
    person.open(f"/aliases/{team}/on/")
    person.press("Switch on")
    assert person.told == [f"The alias {team} is on. {LIVE_SOON}"]
    person.open(f"/aliases/add/?domain={domain}")
    person.fill(catch_all=True, targets=team)
    person.press("Add the alias")
    assert person.told == [f"The alias @{domain} is there. {LIVE_SOON}"]
    person.open(f"/aliases/{team}/delete/")
    person.press("Delete the alias")
    assert person.told == [f"The alias {team} is deleted. {LIVE_SOON}"]


def test_bulk(plain_person: Person) -> None:
    person, domain = plain_person, a_domain(plain_person)
    addresses = [f"one@{domain}", f"two@{domain}"]
    for address in addresses:
        an_alias(person, address, "joe@example.net")
    for act, button, message in (
        ("Switch off", "Switch off", "2 aliases are off."),
        ("Switch on", "Switch on", "2 aliases are on."),
        ("Delete", "Delete the aliases", "2 aliases are deleted."),
    ):
        person.open(f"/aliases/?domain={domain}")
        person.choose(*addresses)
        person.press(act)
        person.press(button)
        assert person.told == [f"{message} {LIVE_SOON}"]
        assert person.path == f"/aliases/?domain={domain}"


def test_a_refused_form_keeps_what_was_typed(plain_person: Person) -> None:
    person, domain = plain_person, a_domain(plain_person)
    person.open(f"/mailboxes/add/?domain={domain}")
    person.fill(local_part="joe/../root", name="Joe", password="short", again="short")
    person.press("Add the mailbox")
    field = person.browser.find_element("name", "local_part")
    assert (field.get_attribute("value"), field.get_attribute("aria-invalid")) == ("joe/../root", "true")
    assert "Before the @ only letters, digits" in person.text


def test_the_mail_host(plain_person: Person) -> None:
    person = plain_person
    a_domain(person)
    person.open("/mailhost/")
    person.press("Try all again")
    assert "of work" in person.told[0]
    person.press("Verify")
    assert person.told == ["The mail hosts compare everything now. Load this page again to see the report."]
    person.press("Repair")
    person.press("Repair")
    assert person.told == ["The mail hosts repair their differences now. Load this page again to see the report."]


def test_the_colours(plain_person: Person) -> None:
    person = plain_person
    assert person.theme == ""
    person.press_icon("Dark colours")
    assert person.theme == "dark"
    person.press_icon("Light colours")
    assert person.theme == "light"
