"""Setting up and removing a second factor: what is stored, what is told, who may."""

import json
from contextlib import contextmanager

import pyotp
import pytest
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied

from mailadmin.accounts import passkeys, recovery_codes, services, totp
from mailadmin.accounts.factors import (
    has_second_factor,
    mailbox_has_second_factor,
    needs_second_factor,
    totp_secret_of,
)
from mailadmin.accounts.models import Account, Passkey, RecoveryCode
from mailadmin.audit.models import Entry
from mailadmin.letters.models import Letter
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox
from tests.factories import actor_of, make_mailbox, system
from tests.refusals import nothing_written, refused

from .authenticator import Authenticator
from .conftest import PARTY

pytestmark = pytest.mark.django_db


@contextmanager
def nothing_done(code, field=NON_FIELD_ERRORS):
    """Refused with this one code at this field, and nothing written."""
    with nothing_written(), refused(code, field):
        yield


@contextmanager
def denied():
    with nothing_written(), pytest.raises(PermissionDenied):
        yield


# -- Authenticator app ------------------------------------------------------------------------------------
def test_the_secret_of_a_mailbox_user_is_where_postfixadmin_has_it(charlie, with_app):
    app = with_app(charlie)

    assert Mailbox.objects.get(pk="charlie@example.org").totp_secret == app.totp.secret
    assert Account.objects.get(pk=charlie.pk).totp_secret == ""
    assert has_second_factor(charlie)
    assert mailbox_has_second_factor(charlie.mailbox)


def test_the_secret_of_an_administrator_is_the_accounts_own(alice, with_app):
    app = with_app(alice)

    assert Account.objects.get(pk=alice.pk).totp_secret == app.totp.secret
    assert totp_secret_of(alice) == app.totp.secret


def test_what_postfixadmin_wrote_counts(charlie):
    """OTPHP's default: 64 octets, as base32 without padding."""
    secret = pyotp.random_base32(103)
    Mailbox.objects.filter(pk=charlie.mailbox_id).update(totp_secret=secret)
    charlie.refresh_from_db()

    assert has_second_factor(charlie)
    services.check_code(account=charlie, code=pyotp.TOTP(secret).now(), client_address="192.0.2.1")


def test_removed_it_is_null_again_for_postfixadmin_asks_for_that(charlie, with_app):
    with_app(charlie)

    services.remove_totp(account=charlie, actor=actor_of(charlie))

    assert Mailbox.objects.get(pk="charlie@example.org").totp_secret is None
    assert not has_second_factor(Account.objects.get(pk=charlie.pk))
    with nothing_done("factor_gone"):
        services.remove_totp(account=charlie, actor=actor_of(charlie))


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "12\u00003456", "9" * 5000, "-12345", "1e5000", "१२३४५"]
)
def test_what_is_no_code_sets_up_nothing(charlie, code):
    with nothing_done("totp_wrong", "code"):
        services.add_totp(account=charlie, secret=totp.new_secret(), code=code, actor=actor_of(charlie))


def test_an_app_that_shows_another_code_is_not_set_up(charlie):
    secret = totp.new_secret()
    other = pyotp.TOTP(secret).at(totp.time.time(), counter_offset=5)

    with nothing_done("totp_wrong", "code"):
        services.add_totp(account=charlie, secret=secret, code=other, actor=actor_of(charlie))


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９"])
def test_a_code_may_be_typed_in_two_halves_and_other_digits(charlie, digits):
    secret = totp.new_secret()
    code = pyotp.TOTP(secret).now().translate(str.maketrans("0123456789", digits))

    services.add_totp(account=charlie, secret=secret, code=f" {code[:3]} {code[3:]}\n", actor=actor_of(charlie))

    assert has_second_factor(Account.objects.get(pk=charlie.pk))


def test_another_app_replaces_the_one_before(charlie, with_app):
    first = with_app(charlie)
    second = with_app(charlie)

    with refused("totp_wrong", "code"):
        services.check_code(account=charlie, code=first.code(), client_address="192.0.2.1")
    services.check_code(account=charlie, code=second.code(), client_address="192.0.2.1")
    assert RecoveryCode.objects.filter(account=charlie).count() == recovery_codes.COUNT


def test_nobody_sets_one_up_for_another(charlie, alice, root):
    secret = totp.new_secret()
    for other in (alice, root):
        with denied():
            services.add_totp(account=charlie, secret=secret, code=pyotp.TOTP(secret).now(), actor=actor_of(other))


# -- Recovery codes ---------------------------------------------------------------------------------------
def test_the_first_factor_brings_ten_codes_of_which_digests_are_kept(charlie):
    secret = totp.new_secret()

    codes = services.add_totp(account=charlie, secret=secret, code=pyotp.TOTP(secret).now(), actor=actor_of(charlie))

    assert len(set(codes)) == 10
    stored = set(RecoveryCode.objects.values_list("code_digest", flat=True))
    assert stored == {recovery_codes.digest(code) for code in codes}
    assert not stored & {code.replace("-", "") for code in codes}


def test_a_second_factor_more_keeps_the_codes(charlie, with_app, with_passkey):
    with_app(charlie)
    before = set(RecoveryCode.objects.values_list("code_digest", flat=True))

    with_passkey(charlie)

    assert set(RecoveryCode.objects.values_list("code_digest", flat=True)) == before


def test_new_codes_end_the_old(charlie, with_app):
    with_app(charlie)
    old = set(RecoveryCode.objects.values_list("code_digest", flat=True))

    codes = services.make_recovery_codes(account=charlie, actor=actor_of(charlie))

    now = set(RecoveryCode.objects.values_list("code_digest", flat=True))
    assert now == {recovery_codes.digest(code) for code in codes}
    assert not now & old


def test_without_a_factor_there_are_no_codes(charlie):
    with nothing_done("no_factor"):
        services.make_recovery_codes(account=charlie, actor=actor_of(charlie))


def test_they_go_with_the_last_factor(charlie, with_app, with_passkey):
    with_app(charlie)
    with_passkey(charlie)

    services.remove_totp(account=charlie, actor=actor_of(charlie))
    assert RecoveryCode.objects.count() == 10
    services.remove_passkey(passkey=charlie.passkeys.get(), actor=actor_of(charlie))
    assert RecoveryCode.objects.count() == 0


# -- Passkeys ---------------------------------------------------------------------------------------------
def test_a_passkey_is_stored_by_what_the_authenticator_says(charlie, with_passkey):
    authenticator = with_passkey(charlie, "  Blue   key ")

    passkey = charlie.passkeys.get()

    assert (passkey.name, passkey.sign_count, passkey.transports) == ("Blue key", 0, ["internal"])
    assert passkey.credential_digest == Passkey.digest(passkey.credential_id)
    assert passkeys.base64url_to_bytes(passkey.credential_id) == authenticator.credential_id
    assert has_second_factor(charlie)
    assert mailbox_has_second_factor(charlie.mailbox)


def _add(account, answer, challenge, name="Key"):
    return {
        "account": account,
        "name": name,
        "answer": answer,
        "challenge": challenge,
        "party": PARTY,
        "actor": actor_of(account),
    }


@pytest.mark.parametrize(
    "place",
    [
        {"host": "evil.test", "origin": "https://evil.test"},
        {"host": PARTY.host, "origin": "https://evil.test"},
        {"host": PARTY.host, "origin": "http://testserver.test"},
        {"host": PARTY.host, "origin": "https://testserver.test:8443"},
        {"host": "evil.test", "origin": PARTY.origin},
    ],
)
def test_an_answer_that_another_page_got_is_refused(charlie, place):
    challenge = passkeys.new_challenge()
    answer = Authenticator().create(challenge, **place)

    with nothing_done("passkey_wrong", "answer"):
        services.add_passkey(**_add(charlie, answer, challenge))


def test_an_answer_to_another_question_is_refused(charlie):
    answer = Authenticator().create(passkeys.new_challenge(), host=PARTY.host, origin=PARTY.origin)

    with nothing_done("passkey_wrong", "answer"):
        services.add_passkey(**_add(charlie, answer, passkeys.new_challenge()))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", "passkey_missing"),
        ("nothing", "passkey_wrong"),
        ("[]", "passkey_wrong"),
        ("{}", "passkey_wrong"),
        ('{"id": 5}', "passkey_wrong"),
        ('{"id": "AA", "rawId": "AA", "type": "public-key", "response": 7}', "passkey_wrong"),
        ('{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA"}}', "passkey_wrong"),
        ("[" * 50_000, "passkey_wrong"),
        ('{"id": "' + "A" * 100_000 + '"}', "passkey_wrong"),
    ],
)
def test_what_no_browser_sends_is_refused(charlie, answer, code):
    with nothing_done(code, "answer"):
        services.add_passkey(**_add(charlie, answer, passkeys.new_challenge()))


def test_an_answer_of_which_a_part_is_broken_is_refused(charlie):
    challenge = passkeys.new_challenge()
    whole = json.loads(Authenticator().create(challenge, host=PARTY.host, origin=PARTY.origin))
    for name in ("clientDataJSON", "attestationObject"):
        for broken in ("", "AAAA", "!!", "é", None, 5, whole["response"][name][:-40], "gA" * 3000):
            answer = json.dumps({**whole, "response": {**whole["response"], name: broken}})
            with nothing_done("passkey_wrong", "answer"):
                services.add_passkey(**_add(charlie, answer, challenge))


def test_a_passkey_belongs_to_one_account(charlie, alice, with_passkey):
    authenticator, challenge = with_passkey(charlie), passkeys.new_challenge()
    answer = authenticator.create(challenge, host=PARTY.host, origin=PARTY.origin)

    with nothing_done("passkey_taken", "answer"):
        services.add_passkey(**_add(alice, answer, challenge))


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "name_invalid"), ("   ", "name_invalid"), ("x" * 65, "name_invalid"), ("a\u202eb", "name_invalid"),
     ("KEY", "name_taken")],
)  # fmt: skip
def test_a_bad_name_is_refused(charlie, with_passkey, name, code):
    with_passkey(charlie, "Key")
    challenge = passkeys.new_challenge()
    answer = Authenticator().create(challenge, host=PARTY.host, origin=PARTY.origin)

    with nothing_done(code, "name"):
        services.add_passkey(**_add(charlie, answer, challenge, name))


def test_there_are_at_most_twenty(charlie, with_passkey):
    for number in range(20):
        with_passkey(charlie, f"Key {number}")
    challenge = passkeys.new_challenge()
    answer = Authenticator().create(challenge, host=PARTY.host, origin=PARTY.origin)

    with nothing_done("passkeys_full", "name"):
        services.add_passkey(**_add(charlie, answer, challenge, "One more"))


def test_nobody_removes_anothers(charlie, alice, with_passkey):
    with_passkey(charlie)

    with denied():
        services.remove_passkey(passkey=charlie.passkeys.get(), actor=actor_of(alice))


# -- Required ---------------------------------------------------------------------------------------------
def test_a_role_may_have_to_have_one(settings, charlie, alice, root, with_app, django_assert_num_queries):
    assert not any(needs_second_factor(account) for account in (charlie, alice, root))
    settings.SECOND_FACTOR_REQUIRED = ["superadmin", "domain_admin"]

    assert [needs_second_factor(account) for account in (charlie, alice, root)] == [False, True, True]
    with_app(root)
    with django_assert_num_queries(0):
        assert not needs_second_factor(root)
        assert not needs_second_factor(charlie)


def test_the_last_one_stays_where_it_is_required(settings, root, with_app, with_passkey):
    settings.SECOND_FACTOR_REQUIRED = ["superadmin"]
    with_app(root)
    with nothing_done("factor_required"):
        services.remove_totp(account=root, actor=actor_of(root))

    with_passkey(root)
    services.remove_totp(account=root, actor=actor_of(root))
    with nothing_done("factor_required"):
        services.remove_passkey(passkey=root.passkeys.get(), actor=actor_of(root))


# -- What follows it about --------------------------------------------------------------------------------
def test_it_moves_with_the_mailbox(charlie, with_app, with_passkey):
    app = with_app(charlie)
    with_passkey(charlie)

    rename_mailbox(mailbox=charlie.mailbox, address="charles@example.org", actor=system())

    account = Account.objects.get(mailbox_id="charles@example.org")
    assert totp_secret_of(account) == app.totp.secret
    assert account.passkeys.count() == 1


def test_a_new_mailbox_of_that_name_has_none(charlie, with_app, with_passkey):
    with_app(charlie)
    with_passkey(charlie)

    delete_mailbox(mailbox=charlie.mailbox, actor=system())

    assert not mailbox_has_second_factor(make_mailbox("charlie@example.org"))
    assert not Passkey.objects.exists()
    assert not RecoveryCode.objects.exists()


def test_each_act_is_in_the_audit_and_told_to_the_person_without_a_secret(charlie, with_app, with_passkey):
    app = with_app(charlie)
    with_passkey(charlie)
    codes = services.make_recovery_codes(account=charlie, actor=actor_of(charlie))
    passkey = charlie.passkeys.get()
    services.remove_passkey(passkey=passkey, actor=actor_of(charlie))
    services.remove_totp(account=charlie, actor=actor_of(charlie))

    entries = Entry.objects.filter(action__startswith="factor.").order_by("id")
    assert [(entry.action, entry.before, entry.after) for entry in entries] == [
        ("factor.totp_add", {}, {"app": True}),
        ("factor.passkey_add", {}, {"passkey": "Key"}),
        ("factor.recovery_codes", {}, {"recovery_codes": 10}),
        ("factor.passkey_remove", {"passkey": "Key"}, {}),
        ("factor.totp_remove", {"app": True}, {}),
    ]
    assert {entry.object_key for entry in entries} == {"charlie@example.org"}
    letters = Letter.objects.filter(recipient="charlie@example.org").order_by("id")
    assert [letter.kind for letter in letters] == ["factor_on", "factor_on", "factor_off", "factor_off"]
    written = json.dumps([*Entry.objects.values_list("before", "after"), *letters.values_list("data", flat=True)])
    for secret in (app.totp.secret, passkey.public_key, passkey.credential_id, *codes):
        assert secret not in written
