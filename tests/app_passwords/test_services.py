"""App passwords by their services: who makes and revokes them, what is stored, and what goes with the mailbox."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from app_passwords.models import AppPassword, AppPasswordUse, Protocol
from app_passwords.services import (
    AT_MOST,
    create_app_password,
    revoke_all_app_passwords,
    revoke_app_password,
    verify_app_password,
    with_use,
)
from app_passwords.tasks import close_expired as close_expired_app_passwords
from domains.services import delete_domain
from mailadmin.accounts.models import Account, Role
from mailadmin.audit.models import Entry
from mailadmin.mailhost.models import Kind, MailHost, PendingWork
from mailboxes.models import ArchivedMailbox, Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox, restore_mailbox, set_app_passwords_only
from tests.factories import actor_of, make_mailbox, system
from tests.refusals import nothing_written, refused

pytestmark = pytest.mark.django_db


def make(account: Account, **overrides: Any) -> tuple[AppPassword, str]:
    assert account.mailbox is not None
    given = {"name": "Phone", "protocols": ["imap"], "actor": actor_of(account)}
    return create_app_password(mailbox=account.mailbox, **given | overrides)


def verify(account: Account, password: str, protocol: Protocol = Protocol.IMAP) -> bool:
    return verify_app_password(
        address=account.address, password=password, protocol=protocol, client_address="192.0.2.7"
    )


# -- Making one
def test_the_secret_is_told_once_and_stored_as_a_digest(charlie: Account) -> None:
    row, secret = make(charlie, name=" Phone ", protocols=["imap", "smtp"])

    assert [len(group) for group in secret.split("-")] == [4] * 7
    assert (row.name, row.address, row.protocols) == ("Phone", "charlie@example.org", [Protocol.IMAP, Protocol.SMTP])
    assert row.password == "{SHA256.HEX}" + hashlib.sha256(secret.encode()).hexdigest()
    assert row.is_usable
    assert row.expires_at is None
    assert make(charlie, name="Laptop")[1] != secret


def test_the_audit_tells_of_it_without_the_secret_or_its_digest(charlie: Account) -> None:
    row, secret = make(charlie)

    entry = Entry.objects.get(action="app_password.create")

    assert (entry.actor, entry.object_key, entry.domain_name) == ("charlie@example.org", row.address, "example.org")
    assert entry.after["name"] == "Phone"
    assert entry.after["for_imap"] is True
    assert entry.after["password"].startswith("•••")
    assert secret not in str(entry.after)
    assert str(row.password) not in str(entry.after)


def test_nobody_makes_one_for_another_person(charlie: Account, alice: Account, root: Account) -> None:
    assert charlie.mailbox is not None
    joe = make_mailbox("joe@example.org")
    joes_account = Account.objects.create(mailbox=joe, role=Role.MAILBOX_USER)
    for actor in (actor_of(alice), actor_of(root), system(), actor_of(joes_account)):
        with nothing_written(), pytest.raises(PermissionDenied):
            create_app_password(mailbox=charlie.mailbox, name="Phone", protocols=["imap"], actor=actor)


def test_what_makes_no_sense_is_refused_at_its_field(charlie: Account) -> None:
    make(charlie)

    with refused("name_empty", "name"), nothing_written():
        make(charlie, name="  ")
    with refused("name_long", "name"), nothing_written():
        make(charlie, name="x" * 101)
    with refused("name_invalid", "name"), nothing_written():
        make(charlie, name="Phone\r\nof Ann")
    with refused("name_taken", "name"), nothing_written():
        make(charlie, name="pHONE")
    with refused("protocols_empty", "protocols"), nothing_written():
        make(charlie, name="Laptop", protocols=[])
    with refused("protocol_unknown", "protocols"), nothing_written():
        make(charlie, name="Laptop", protocols=["pop3"])
    with refused("protocol_unknown", "protocols"), nothing_written():
        make(charlie, name="Laptop", protocols=["dav"])
    with refused("expires_past", "expires_at"), nothing_written():
        make(charlie, name="Laptop", expires_at=timezone.now())


def test_dav_only_where_the_site_offers_it(charlie: Account, settings: Any) -> None:
    settings.DAV_APP_PASSWORDS = True
    row, _secret = make(charlie, protocols=["dav"])
    assert row.protocols == [Protocol.DAV]


def test_there_are_so_many_at_most(charlie: Account) -> None:
    AppPassword.objects.bulk_create(AppPassword(address=charlie.address, name=f"n{n}") for n in range(AT_MOST - 1))
    make(charlie)
    with refused("app_passwords_full", "name"), nothing_written():
        make(charlie, name="Laptop")


# -- Asking for one
def test_one_opens_its_own_mailbox_and_protocols_alone(charlie: Account) -> None:
    _row, secret = make(charlie, protocols=["smtp"])
    joe = make_mailbox("joe@example.org")

    assert verify(charlie, secret, Protocol.SMTP)
    assert not verify(charlie, secret, Protocol.IMAP)
    assert not verify(charlie, secret + "x", Protocol.SMTP)
    assert not verify(charlie, "", Protocol.SMTP)
    assert not verify(charlie, "\udcff", Protocol.SMTP)
    assert not verify_app_password(address=joe.pk, password=secret, protocol=Protocol.SMTP, client_address="")


@pytest.mark.parametrize("change", ["expired", "mailbox off", "domain off"])
def test_one_that_may_not_be_used_opens_nothing(charlie: Account, change: str) -> None:
    row, secret = make(charlie)
    assert verify(charlie, secret)
    if change == "expired":
        AppPassword.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    elif change == "mailbox off":
        Mailbox.objects.update(active=False)
    else:
        assert charlie.mailbox is not None
        type(charlie.mailbox.domain).objects.update(active=False)
    assert not verify(charlie, secret)


def test_the_last_use_is_noted_once_a_minute(charlie: Account) -> None:
    row, secret = make(charlie)
    assert with_use([row])[0].use is None  # type: ignore[attr-defined]
    assert not verify(charlie, "wrong")
    assert not AppPasswordUse.objects.exists()

    verify(charlie, secret)
    first = AppPasswordUse.objects.get()
    verify(charlie, secret)
    assert AppPasswordUse.objects.get().used_at == first.used_at
    AppPasswordUse.objects.update(used_at=timezone.now() - timedelta(minutes=2), client_address="192.0.2.1")
    verify(charlie, secret)

    use = AppPasswordUse.objects.get()
    assert use.used_at >= first.used_at
    assert (use.pk, use.service, use.client_address) == (row.pk, "imap", "192.0.2.7")


# -- Revoking one
def test_a_revoked_one_is_gone_and_dovecot_is_told(charlie: Account) -> None:
    MailHost.objects.get_or_create(name="main")
    row, secret = make(charlie)
    verify(charlie, secret)
    assert charlie.mailbox is not None

    revoke_app_password(app_password=row, mailbox=charlie.mailbox, actor=actor_of(charlie))

    assert not verify(charlie, secret)
    assert not AppPasswordUse.objects.exists()
    assert list(PendingWork.objects.filter(kind=Kind.SIGN_IN).values_list("key", flat=True)) == [charlie.address]
    entry = Entry.objects.get(action="app_password.revoke")
    assert (entry.actor, entry.object_key, entry.before["name"], entry.after) == (
        charlie.address,
        charlie.address,
        "Phone",
        {},
    )


def test_who_may_revoke(charlie: Account, alice: Account, bob: Account) -> None:
    row, _secret = make(charlie)
    assert charlie.mailbox is not None
    joe = make_mailbox("joe@example.org")
    joes_account = Account.objects.create(mailbox=joe, role=Role.MAILBOX_USER)
    for actor in (actor_of(bob), actor_of(joes_account)):
        with nothing_written(), pytest.raises(PermissionDenied):
            revoke_app_password(app_password=row, mailbox=charlie.mailbox, actor=actor)
    with nothing_written(), pytest.raises(PermissionDenied):  # not under another mailbox's name
        revoke_app_password(app_password=row, mailbox=joe, actor=actor_of(joes_account))

    revoke_app_password(app_password=row, mailbox=charlie.mailbox, actor=actor_of(alice))

    assert Entry.objects.get(action="app_password.revoke").actor == alice.address


def test_all_are_revoked_at_once(charlie: Account, alice: Account, bob: Account) -> None:
    MailHost.objects.get_or_create(name="main")
    assert charlie.mailbox is not None
    secrets = [make(charlie, name=name)[1] for name in ("Phone", "Laptop")]
    verify(charlie, secrets[0])
    joe = Account.objects.create(mailbox=make_mailbox("joe@example.org"), role=Role.MAILBOX_USER)
    joes = make(joe)[1]
    with nothing_written(), pytest.raises(PermissionDenied):
        revoke_all_app_passwords(mailbox=charlie.mailbox, actor=actor_of(bob))

    assert revoke_all_app_passwords(mailbox=charlie.mailbox, actor=actor_of(alice)) == 2

    assert [verify(charlie, secret) for secret in secrets] == [False, False]
    assert verify(joe, joes)
    assert list(PendingWork.objects.filter(kind=Kind.SIGN_IN).values_list("key", flat=True)) == [charlie.address]
    names = [entry.before["name"] for entry in Entry.objects.filter(action="app_password.revoke", actor=alice.address)]
    assert sorted(names) == ["Laptop", "Phone"]
    with nothing_written():
        assert revoke_all_app_passwords(mailbox=charlie.mailbox, actor=actor_of(charlie)) == 0


def test_what_an_expired_one_had_opened_is_closed_once(charlie: Account) -> None:
    MailHost.objects.get_or_create(name="main")
    row, _secret = make(charlie, expires_at=timezone.now() + timedelta(hours=1))
    make(charlie, name="Laptop")
    close_expired_app_passwords.apply()
    assert not PendingWork.objects.filter(kind=Kind.SIGN_IN).exists()
    AppPassword.objects.filter(pk=row.pk).update(expires_at=timezone.now())

    close_expired_app_passwords.apply()
    close_expired_app_passwords.apply()

    assert list(PendingWork.objects.filter(kind=Kind.SIGN_IN).values_list("key", flat=True)) == [charlie.address]


# -- With the mailbox
def test_a_deleted_mailbox_takes_them_along(charlie: Account) -> None:
    _row, secret = make(charlie)
    verify(charlie, secret)
    assert charlie.mailbox is not None

    delete_mailbox(mailbox=charlie.mailbox, actor=system())

    assert (AppPassword.objects.count(), AppPasswordUse.objects.count()) == (0, 0)
    make_mailbox("charlie@example.org")
    assert not verify(charlie, secret)


def test_a_restored_mailbox_comes_back_without_them(charlie: Account) -> None:
    _row, secret = make(charlie)
    assert charlie.mailbox is not None
    delete_mailbox(mailbox=charlie.mailbox, actor=system())

    restore_mailbox(archived=ArchivedMailbox.objects.get(), actor=system())

    assert not verify(charlie, secret)


def test_a_deleted_domain_takes_them_along(charlie: Account) -> None:
    make(charlie)
    assert charlie.mailbox is not None
    delete_domain(domain=charlie.mailbox.domain, actor=system())
    assert not AppPassword.objects.exists()


def test_they_move_with_a_renamed_mailbox(charlie: Account) -> None:
    _row, secret = make(charlie)
    assert charlie.mailbox is not None
    rename_mailbox(mailbox=charlie.mailbox, address="carl@example.org", actor=system())

    assert not verify_app_password(
        address="charlie@example.org", password=secret, protocol=Protocol.IMAP, client_address=""
    )
    assert verify_app_password(address="carl@example.org", password=secret, protocol=Protocol.IMAP, client_address="")


# -- Rows of other programs
def test_a_row_of_postfixadmin_is_complete_and_known_as_unusable(charlie: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mailbox_app_password (username, description, password_hash) VALUES (%s, %s, %s)",
            [charlie.address, "Old phone", "{SHA512-CRYPT}$6$abc$def"],
        )
    row = AppPassword.objects.get()
    assert (str(row), row.is_usable, row.has_expired) == ("Old phone", False, False)
    assert row.created_at is not None


# -- App passwords only
def test_app_passwords_only_wants_a_second_factor(charlie: Account) -> None:
    assert charlie.mailbox is not None
    MailHost.objects.get_or_create(name="main")
    with refused("second_factor_missing"), nothing_written():
        set_app_passwords_only(mailbox=charlie.mailbox, on=True, actor=actor_of(charlie))
    Mailbox.objects.update(totp_secret="JBSWY3DPEHPK3PXP")

    set_app_passwords_only(mailbox=charlie.mailbox, on=True, actor=actor_of(charlie))

    assert Mailbox.objects.get().app_passwords_only
    assert PendingWork.objects.filter(kind=Kind.SIGN_IN, key=charlie.address).exists()
    entry = Entry.objects.get(action="mailbox.app_passwords_only")
    assert (entry.before, entry.after) == ({"app_passwords_only": False}, {"app_passwords_only": True})


def test_an_administrator_switches_it_off_and_not_on(charlie: Account, alice: Account, bob: Account) -> None:
    Mailbox.objects.update(totp_secret="JBSWY3DPEHPK3PXP", app_passwords_only=True)
    mailbox = Mailbox.objects.get()
    for actor, on in ((alice, True), (bob, False)):
        with nothing_written(), pytest.raises(PermissionDenied):
            set_app_passwords_only(mailbox=mailbox, on=on, actor=actor_of(actor))

    set_app_passwords_only(mailbox=mailbox, on=False, actor=actor_of(alice))

    assert not Mailbox.objects.get().app_passwords_only
