"""Ways in that were tried and closed: each of these once worked."""

from urllib.parse import quote

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from app_passwords import services as app_passwords
from mailadmin.accounts import services, totp
from mailadmin.accounts.models import Account, Role
from mailboxes import services as mailbox_services
from tests.accounts.conftest import PARTY
from tests.factories import PASSWORD, actor_of, make_mailbox, make_superadmin
from tests.refusals import nothing_written
from vacations import services as vacations

pytestmark = pytest.mark.django_db
HOME, AWAY = "192.0.2.1", "198.51.100.{}"
FACTOR = "/sign-in/factor/"


@pytest.fixture(autouse=True)
def site_url(settings):
    settings.SITE_URL = PARTY.origin


def give_password(client, identifier, password=PASSWORD, address=HOME):
    return client.post("/sign-in/", {"identifier": identifier, "password": password}, REMOTE_ADDR=address)


def test_a_stranger_who_knows_no_password_cannot_lock_the_second_step(client, charlie, with_app, settings):
    settings.SIGN_IN_FAILURES_PER_ACCOUNT = 3
    app = with_app(charlie)
    for number in range(4):
        give_password(Client(), f" factor:{charlie.pk} ", "guess", AWAY.format(number))

    give_password(client, charlie.address)
    response = client.post(FACTOR, {"code": app.code()}, REMOTE_ADDR=HOME)

    assert response.status_code == 302


def test_a_mailbox_of_an_administrators_name_is_no_help_to_guess_the_administrators_password(example_org, settings):
    """Signing in to the one does not forgive the guesses at the other."""
    settings.SIGN_IN_FAILURES_PER_PAIR = 2
    make_superadmin("boss@example.org")
    make_mailbox("boss@example.org")
    Account.objects.filter(email="boss@example.org").update(password="!")
    answers = []
    for number in range(3):
        answers.append(give_password(Client(), "boss@example.org", f"guess {number}").status_code)
        give_password(Client(), "boss@example.org")

    assert answers[-1] == 429


def test_a_mailbox_of_an_administrators_name_does_not_show_where_the_administrator_signs_in(example_org, client):
    make_superadmin("boss@example.org")
    make_mailbox("boss@example.org", password_hash=None, password="violet harbour kettle")
    give_password(Client(), "boss@example.org", PASSWORD, AWAY.format(66))

    give_password(client, "boss@example.org", "violet harbour kettle")
    page = client.get("/account/")

    assert page.status_code == 200
    assert AWAY.format(66) not in page.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/administrators/add/",
        "/administrators/{alice}/",
        "/administrators/{alice}/password/",
        "/administrators/{alice}/set-up/",
        "/administrators/{alice}/on/",
        "/administrators/{alice}/off/",
        "/administrators/{alice}/delete/",
        "/mailboxes/charlie@example.org/password/",
        "/mailboxes/charlie@example.org/set-up/",
    ],
)
def test_what_opens_other_peoples_accounts_asks_for_the_password_again(path, root, alice, charlie, client):
    client.force_login(root)  # long ago
    path = path.format(alice=alice.pk)
    with nothing_written():
        for response in (client.get(path), client.post(path)):
            assert (response.status_code, response.url) == (302, f"/account/confirm/?next={quote(path, safe='')}")


def _uses(account, mailbox, app_password):
    """Every service of the portal about this mailbox or its account, as a face would call it."""
    one, own = {"mailbox": mailbox}, {"account": account}
    yield mailbox_services.set_forwarding, {**one, "targets": ["x@elsewhere.test"], "keep_copy": True}
    yield mailbox_services.set_app_passwords_only, {**one, "on": False}
    yield mailbox_services.set_must_change, {**one, "must_change": True}
    yield mailbox_services.set_mailbox_password, {**one, "password": "violet harbour kettle"}
    yield app_passwords.create_app_password, {**one, "name": "Phone", "protocols": ["imap"]}
    yield app_passwords.revoke_app_password, {**one, "app_password": app_password}
    yield vacations.set_vacation, {**one, "active": True, "subject": "Away", "body": "Away"}
    yield vacations.preview_vacation, {**one, "active": True, "subject": "Away", "body": "Away"}
    yield vacations.end_vacation, one
    yield services.send_mailbox_set_up, {**one, "to": "x@elsewhere.test"}
    yield services.reset_mailbox_second_factor, {**one, "reason": "They asked."}
    yield services.reset_second_factor, {**own, "reason": "They asked."}
    yield services.add_totp, {**own, "secret": totp.new_secret(), "code": "123456"}
    yield services.remove_totp, own
    yield services.make_recovery_codes, own
    yield services.set_recovery_address, {**own, "address": "x@elsewhere.test"}
    yield services.confirm_recovery_address, {**own, "token": "x"}
    yield services.set_preferences, {**own, "language": "fr"}
    yield services.change_own_password, {**own, "current": PASSWORD, "new": "violet harbour kettle"}
    yield services.end_other_sessions, {**own, "keep_key": ""}
    yield services.end_session, {**own, "digest": "x"}


@pytest.mark.parametrize("who", ["an administrator of another domain", "another mailbox user"])
def test_no_service_of_the_portal_is_for_strangers(who, charlie, bob):
    """Called directly, without the pages in front."""
    _row, _secret = app_passwords.create_app_password(
        mailbox=charlie.mailbox, name="Laptop", protocols=["imap"], actor=actor_of(charlie)
    )
    joe = Account.objects.create(mailbox=make_mailbox("joe@example.org"), role=Role.MAILBOX_USER)
    stranger = bob if "administrator" in who else joe
    got_in = []
    with nothing_written():
        for service, arguments in _uses(charlie, charlie.mailbox, _row):
            try:
                service(**arguments, actor=actor_of(stranger))
            except PermissionDenied:
                continue
            except Exception as error:  # it did not even ask
                got_in.append((service.__name__, repr(error)))
            else:
                got_in.append((service.__name__, ""))
    assert got_in == []


def test_an_administrator_takes_over_no_superadmin(root, alice):
    for service, arguments in (
        (services.reset_second_factor, {"reason": "They asked."}),
        (services.send_administrator_set_up, {"to": "x@elsewhere.test"}),
        (services.set_administrator_password, {"password": "violet harbour kettle"}),
        (services.set_administrator_active, {"active": False}),
        (services.edit_administrator, {"changes": {"role": "domain_admin"}}),
        (services.delete_administrator, {}),
    ):
        with nothing_written(), pytest.raises(PermissionDenied):
            service(account=root, **arguments, actor=actor_of(alice))
    with nothing_written(), pytest.raises(PermissionDenied):
        services.edit_administrator(account=alice, changes={"role": "superadmin"}, actor=actor_of(alice))
