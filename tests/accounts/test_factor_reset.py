"""The reset of somebody's second factor: by whom, and what goes with it."""

import pytest
from django.core.exceptions import PermissionDenied

from mailadmin.accounts import services, totp
from mailadmin.accounts.factors import has_second_factor, mailbox_has_second_factor
from mailadmin.accounts.models import Account, Passkey, RecoveryCode, Session
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from tests.factories import actor_of, make_mailbox, make_superadmin, system
from tests.refusals import nothing_written, refused

pytestmark = pytest.mark.django_db


def reset(account, actor, reason="Asked at the desk with an identity card"):
    return services.reset_second_factor(account=account, reason=reason, actor=actor)


def test_a_reset_takes_all_and_ends_the_sessions(charlie, alice, with_app, with_passkey, signed_in):
    with_app(charlie)
    with_passkey(charlie)
    signed_in(charlie)
    assert Session.objects.filter(account=charlie).exists()

    reset(charlie, actor_of(alice), "  Lost   phone ")

    assert not has_second_factor(Account.objects.get(pk=charlie.pk))
    assert not Passkey.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert not Session.objects.filter(account=charlie).exists()
    entry = Entry.objects.filter(action="factor.reset").get()
    assert (entry.actor, entry.object_key, entry.domain_name) == (alice.email, "charlie@example.org", "example.org")
    assert entry.before == {"app": True, "passkeys": ["Key"], "recovery_codes": 10}
    assert entry.after == {"reason": "Lost phone"}


def test_who_is_above_whom(charlie, alice, bob, root, with_app):
    second = make_superadmin("second@example.net")
    dan = make_mailbox("dan@example.org")
    dan_account = Account.objects.create(mailbox=dan, role="mailbox_user")
    for account in (charlie, alice, root):
        with_app(account)
    refusals = [
        (charlie, charlie), (charlie, bob), (charlie, dan_account),
        (alice, alice), (alice, bob), (alice, charlie),
        (root, root), (root, second), (root, alice), (root, charlie),
    ]  # fmt: skip

    for account, actor in refusals:
        with nothing_written(), pytest.raises(PermissionDenied):
            reset(account, actor_of(actor))
    reset(charlie, actor_of(alice))
    reset(alice, actor_of(root))
    reset(root, system())


@pytest.mark.parametrize(
    ("reason", "code"), [("", "reason_missing"), (" \n ", "reason_missing"), ("x" * 501, "reason_long")]
)
def test_a_reset_without_a_reason_is_refused(charlie, alice, with_app, reason, code):
    with_app(charlie)

    with nothing_written(), refused(code, "reason"):
        reset(account=charlie, actor=actor_of(alice), reason=reason)


def test_there_must_be_something_to_reset(charlie, alice):
    with nothing_written(), refused("no_factor"):
        reset(account=charlie, actor=actor_of(alice))


def test_a_mailbox_that_only_postfixadmin_knows_a_factor_of_is_reset(alice):
    mailbox = make_mailbox("dan@example.org")
    Mailbox.objects.filter(pk=mailbox.pk).update(totp_secret=totp.new_secret())

    services.reset_mailbox_second_factor(mailbox=mailbox, reason="Lost phone", actor=actor_of(alice))

    mailbox.refresh_from_db()
    assert not mailbox_has_second_factor(mailbox)
