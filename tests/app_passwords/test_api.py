"""/api/v1/mailboxes/{address}/app-passwords/: what is its own beside tests/api/test_contracts.py."""

from __future__ import annotations

import pytest

from app_passwords.models import AppPassword, Protocol
from app_passwords.services import create_app_password, verify_app_password
from mailadmin.accounts.models import Account
from mailadmin.audit.models import Entry
from mailadmin.letters.models import Letter
from tests.api.conftest import ApiClient
from tests.factories import actor_of, make_mailbox

pytestmark = pytest.mark.django_db
JSON = "application/json"
URL = "/api/v1/mailboxes/charlie@example.org/app-passwords/"
PHONE = {"name": "Phone", "protocols": ["imap", "smtp"]}


def test_a_script_makes_one_and_the_person_is_told(charlie: Account, api: ApiClient) -> None:
    made = api("app_passwords:create", name="hr").post(URL, PHONE, content_type=JSON)

    assert (made.status_code, made["Location"]) == (201, f"{URL}{made.json()['id']}/")
    wanted = {"address": charlie.address, "protocol": Protocol.IMAP, "client_address": "192.0.2.7"}
    assert verify_app_password(password=made.json()["secret"], **wanted)
    letter, entry = Letter.objects.get(), Entry.objects.get(action="app_password.create")
    assert (letter.recipient, letter.data["by"], entry.actor) == (charlie.address, "token hr", "token hr")


def test_the_secret_is_told_once(charlie: Account, api: ApiClient) -> None:
    client = api("all")
    made = client.post(URL, PHONE, content_type=JSON)

    assert "secret" not in client.get(made["Location"]).json()
    assert made.json()["secret"].encode() not in client.get(URL).content


def test_revoked(charlie: Account, api: ApiClient) -> None:
    client = api("all", domains=["example.org"])
    made = client.post(URL, PHONE, content_type=JSON)

    assert client.delete(made["Location"]).status_code == 204
    assert not AppPassword.objects.exists()
    assert client.delete(made["Location"]).status_code == 404


def test_one_of_another_mailbox_is_not_here(charlie: Account, api: ApiClient) -> None:
    assert charlie.mailbox is not None
    row, _secret = create_app_password(mailbox=charlie.mailbox, name="P", protocols=["imap"], actor=actor_of(charlie))
    make_mailbox("joe@example.org")
    client = api("all")

    assert client.get(f"{URL}{row.pk}/").status_code == 200
    for url in (f"/api/v1/mailboxes/joe@example.org/app-passwords/{row.pk}/", URL.replace("charlie", "nobody")):
        assert client.get(url).status_code == 404


def test_they_are_made_and_revoked_and_not_changed(charlie: Account, api: ApiClient) -> None:
    client = api("all")
    made = client.post(URL, PHONE, content_type=JSON)

    assert [client.put(made["Location"]).status_code, client.patch(made["Location"]).status_code] == [405, 405]
