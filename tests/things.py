"""Something at each URL, for the tests that open all of them: who may (test_permissions) and for whom it can be read
(browser/test_accessibility)."""

from __future__ import annotations

import io
from datetime import timedelta

from django.utils import timezone

from app_passwords.models import AppPassword, AppPasswordUse
from app_passwords.secret import stored
from bulk.services import start_import, take_turn
from domains.models import Domain
from mailadmin.accounts.models import Account, Passkey, RecoveryCode, Session
from mailadmin.api.models import Token
from mailadmin.api.services import create_token, rotate_token
from mailadmin.audit.models import Entry
from mailadmin.letters.links import make_link
from mailadmin.letters.models import Kind as LetterKind
from mailadmin.letters.models import Letter, Purpose
from mailadmin.mailhost.models import MailHost, PendingWork
from mailadmin.webhooks.events import ping_payload
from mailadmin.webhooks.models import Delivery, Endpoint
from mailadmin.webhooks.services import create_endpoint
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox
from people.models import Step
from people.services.offboarding import start_offboarding
from people.services.onboarding import onboard
from people.services.templates import create_template
from vacations.services import set_vacation

from .factories import actor_of, make_alias, make_alias_domain, make_mailbox, make_superadmin, password_hash, system


def make_things(example_org: Domain) -> dict[str, str]:
    """Returns the keys that only the database knows, by the names that the permission table gives them."""
    joe = make_mailbox("joe@example.org")
    set_vacation(mailbox=joe, active=True, subject="Away", body="Back on Monday.", actor=system())
    make_alias("team@example.org", "joe@example.org")
    make_alias_domain("old.org", example_org)
    archived = delete_mailbox(mailbox=make_mailbox("gone@example.org"), actor=system())
    host, _created = MailHost.objects.get_or_create(name="main")
    work = PendingWork.objects.create(host=host, kind="address", key="joe@example.org")
    alice = Account.objects.get(email="alice@example.net")
    return {
        "<administrator>": str(make_superadmin("second@example.net").pk),
        "<domain_administrator>": str(alice.pk),
        "<session>": _session("charlie@example.org").pk,
        "<passkey>": str(_second_factor("charlie@example.org").pk),
        "<app_password>": _app_password("charlie@example.org"),
        "<joes_app_password>": _app_password("joe@example.org"),
        "<archived>": str(archived.pk),
        "<entry>": str(Entry.objects.filter(domain_name="example.org").first().pk),  # type: ignore[union-attr]
        "<work>": str(work.pk),
        "<link>": _link("charlie@example.org"),
        "<import>": _import(alice),
        **_people(example_org),
        **_webhook(),
        "<token>": _token(),
    }


def _people(domain: Domain) -> dict[str, str]:
    """One who came, one who is leaving, and one who left, whose address is kept free."""
    source = "quota_mb: 500\noffboarding:\n  reply_body: Gone.\n"
    template = create_template(name="Sales", domain=domain, department="Sales", source=source, actor=system())
    person = {"given_name": "Jane", "family_name": "Doe", "external_id": "7"}
    came = onboard(domain=domain, person=person, password_hash=password_hash(), actor=system())
    left = start_offboarding(mailbox=make_mailbox("left@example.org"), wishes={"archive_days": 0}, actor=system())
    Step.objects.filter(offboarding=left, kind="purge").update(error="The volume is full.")
    leaving = start_offboarding(mailbox=make_mailbox("leaving@example.org", name="Max"), actor=system())
    return {"<template>": str(template.pk), "<onboarding>": str(came.pk), "<offboarding>": str(leaving.pk)}


def _import(account: Account) -> str:
    """Looked through, with a line that is good and one that is not."""
    file = io.BytesIO(b"address,goto\nnew@example.org,joe@example.org\njoe@example.org,team@example.org\n")
    row = start_import(kind="aliases", file=file, file_name="teams.csv", actor=actor_of(account))
    take_turn(row.pk)
    return str(row.pk)


def _app_password(address: str) -> str:
    """The key of one that was used; beside it one that has ended, and one that Postfixadmin has made."""
    now = timezone.now()
    rows = [
        AppPassword(address=address, name="Phone", password=stored("phone"), for_imap=True, for_smtp=True),
        AppPassword(address=address, name="Guest", password=stored("guest"), for_imap=True, expires_at=now),
        AppPassword(address=address, name="Old laptop", password="{SHA512-CRYPT}$6$a$b"),
    ]
    for row in rows:
        row.save(force_insert=True)
    AppPasswordUse.objects.create(pk=rows[0].pk, used_at=now, service="imap", client_address="192.0.2.44")
    return str(rows[0].pk)


def _token() -> str:
    """The key of one that is limited in every way and being replaced; beside it one that is off."""
    create_token(name="directory", scopes=["scim"], active=False, actor=system())
    soon = timezone.now() + timedelta(days=30)
    token, _secret = create_token(
        name="personnel",
        scopes=["mailboxes:create", "mailboxes:read"],
        domains=["example.org"],
        networks=["192.0.2.0/24"],
        expires_at=soon,
        actor=system(),
    )
    rotate_token(token=token, actor=system())
    Token.objects.filter(pk=token.pk).update(last_used_at=timezone.now(), last_used_from="192.0.2.7")
    return str(token.pk)


def _webhook() -> dict[str, str]:
    """The keys of one that fails, and of a delivery that has failed; beside it one of each other state."""
    endpoint, _secret = create_endpoint(
        name="hr",
        url="https://hr.elsewhere.test/events",
        event_types=["mailbox.create"],
        domains=["example.org"],
        actor=system(),
    )
    now = timezone.now()
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=now, former_until=now)
    tried = {"attempts": 2, "tried_at": now, "duration_ms": 41}
    states = [
        {**tried, "status": 503, "answer": "Busy", "error": "HTTP 503", "due_at": now + timedelta(hours=1)},
        {**tried, "error": "HTTP 404", "status": 404, "closed_at": now},
        {**tried, "status": 204, "delivered_at": now, "closed_at": now},
        {},
    ]
    event = {"endpoint": endpoint, "message_id": "msg_1", "event_type": "ping", "payload": ping_payload()}
    rows = [Delivery.objects.create(**event, **state) for state in states]
    return {"<webhook>": str(endpoint.pk), "<delivery>": str(rows[0].pk)}


def _session(address: str) -> Session:
    """Of a browser elsewhere."""
    return Session.objects.create(
        session_key=Session.digest("elsewhere"),
        session_data="",
        expire_date=timezone.now() + timedelta(hours=1),
        account=Account.objects.get(mailbox_id=address),
        client_address="192.0.2.44",
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
    )


def _link(address: str) -> str:
    """The token of a link to set a password; beside it a letter that waits, one that failed, and one given up."""
    account = Account.objects.get(mailbox_id=address)
    for error in ("", "SMTPServerDisconnected: Connection unexpectedly closed"):
        Letter.objects.create(kind=LetterKind.FACTOR_ON, account=account, recipient=address, error=error)
    Letter.objects.create(
        kind=LetterKind.SET_UP, account=account, recipient="x@elsewhere.test", error="550", closed_at=timezone.now()
    )
    hour = timedelta(hours=1)
    _row, url = make_link(account=account, purpose=Purpose.SET_UP, sent_to="x@elsewhere.test", lifetime=hour)
    return url.strip("/").rpartition("/")[2]


def _second_factor(address: str) -> Passkey:
    """An app, a passkey and recovery codes of a mailbox user, which no test here uses to sign in."""
    Mailbox.objects.filter(pk=address).update(totp_secret="JBSWY3DPEHPK3PXP")
    account = Account.objects.get(mailbox_id=address)
    RecoveryCode.objects.create(account=account, code_digest="0" * 64)
    return Passkey.objects.create(
        account=account, name="Phone", credential_id="AAAA", credential_digest=Passkey.digest("AAAA"), public_key="AAAA"
    )
