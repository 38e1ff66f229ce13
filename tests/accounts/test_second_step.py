"""The second step of the sign-in: who is let in by what, and that nothing else opens before it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailadmin.accounts import recovery_codes, services
from mailadmin.accounts.models import Account, RecoveryCode, Session, SignIn
from mailadmin.audit.models import Entry
from mailboxes.services import set_mailbox_password
from tests.factories import actor_of, system
from tests.refusals import nothing_written, refused
from tests.test_permissions import TABLE

from .second_step import FACTOR, HOME, OWN, give_code, give_passkey, give_password, is_signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_party")]


# -- Before the factor is given ---------------------------------------------------------------------------
def test_the_password_alone_signs_nobody_in(charlie, with_app, waiting):
    with_app(charlie)

    client = waiting()

    assert "_auth_user_id" not in client.session
    assert not Session.objects.filter(account=charlie).exists()
    assert not SignIn.objects.filter(succeeded=True).exists()


def test_a_session_with_the_factor_pending_can_do_nothing_but_give_it(things, charlie, waiting):
    """Every page of the table, by every method, is what it is to a stranger; and nothing is written."""
    client, stranger = waiting(), Client()
    found = {}
    with nothing_written():
        for name, row in TABLE.items():
            url = reverse(name, args=[things.get(arg, arg) for arg in row.args])
            if name in ("accounts:factor", "accounts:factor_passkey", "accounts:sign_in", "accounts:sign_out"):
                continue
            for method in ("GET", "POST"):
                answers = [each.generic(method, url) for each in (client, stranger)]
                if len({(answer.status_code, answer.get("Location")) for answer in answers}) > 1:
                    found[name, method] = [answer.status_code for answer in answers]
    assert found == {}
    assert client.get(FACTOR).status_code == 200


def test_the_session_key_changes_at_each_step(charlie, with_app, waiting):
    app = with_app(charlie)
    client = Client()
    client.get("/sign-in/")
    give_password(client, charlie.address)
    pending = client.session.session_key

    give_code(client, app.code())

    assert client.session.session_key != pending
    assert client.session.get("pending_sign_in") is None
    thief = Client()
    thief.cookies["sessionid"] = pending
    assert thief.get(FACTOR).status_code == 302


def test_without_a_password_there_is_no_second_step(client, charlie, with_app):
    app = with_app(charlie)

    for response in (client.get(FACTOR), give_code(client, app.code()), give_passkey(client, "{}")):
        assert (response.status_code, response["Location"]) == (302, "/sign-in/")
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", ["late", "password", "off", "reset", "gone"])
def test_it_is_over_if_it_takes_too_long_or_the_account_changed(
    charlie, charlies_mailbox, alice, with_app, waiting, change, monkeypatch
):
    app = with_app(charlie)
    client = waiting()
    if change == "late":
        now = timezone.now() + timedelta(minutes=11)
        monkeypatch.setattr(timezone, "now", lambda: now)
    elif change == "password":
        set_mailbox_password(mailbox=charlies_mailbox, password="another password 7", actor=system())
    elif change == "off":
        Account.objects.update(is_active=False)
    elif change == "reset":
        services.reset_second_factor(account=charlie, reason="Lost", actor=actor_of(alice))
    else:
        Account.objects.filter(pk=charlie.pk).delete()

    response = give_code(client, app.code())

    assert (response.status_code, response["Location"]) == (302, "/sign-in/")
    assert not is_signed_in(client)


# -- Authenticator app ------------------------------------------------------------------------------------
def test_a_code_signs_in_and_leads_to_where_the_person_was_going(charlie, with_app):
    app, client = with_app(charlie), Client()
    wanted = reverse("accounts:password")

    step = give_password(client, charlie.address, next=wanted)
    response = give_code(client, app.code(), next=wanted)

    assert step["Location"] == f"{FACTOR}?next=%2Faccount%2Fpassword%2F"
    assert (response.status_code, response["Location"]) == (302, wanted)
    assert is_signed_in(client)
    assert Session.objects.filter(account=charlie).count() == 1
    whole = SignIn.objects.filter(identifier=charlie.address)
    assert list(whole.values_list("client_address", "succeeded")) == [(HOME, True)]


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test", "/sign-in/factor/", "/domains/"])
def test_it_leads_to_no_other_place(charlie, with_app, waiting, wanted):
    app = with_app(charlie)

    assert give_code(waiting(), app.code(), next=wanted)["Location"] == OWN


def test_an_administrator_signs_in_likewise(root, with_app):
    app, client = with_app(root), Client()
    give_password(client, root.address)

    assert give_code(client, app.code())["Location"] == "/"
    assert client.get("/administrators/").status_code == 200


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_off_by_one_step(charlie, with_app, waiting, steps):
    app = with_app(charlie)
    app.wait(30)

    assert give_code(waiting(), app.code(steps)).status_code == 302


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_and_by_no_more(charlie, with_app, waiting, steps):
    app = with_app(charlie)
    app.wait(90)
    client = waiting()

    response = give_code(client, app.code(steps))

    assert response.context["code_form"].errors.as_data()["code"][0].code == "totp_wrong"
    assert not is_signed_in(client)


def test_a_code_counts_once(charlie, with_app, waiting):
    app = with_app(charlie)
    code = app.code()
    give_code(waiting(), code)
    thief = waiting()

    response = give_code(thief, code)

    assert response.context["code_form"].errors.as_data()["code"][0].code == "totp_used"
    assert not is_signed_in(thief)


def test_nor_does_an_older_one_count_after_it(charlie, with_app, waiting):
    app = with_app(charlie)
    app.wait(60)
    give_code(waiting(), app.code(1))
    thief = waiting()

    for steps in (-1, 0, 1):
        assert give_code(thief, app.code(steps)).status_code == 200
    assert not is_signed_in(thief)


def test_the_code_that_set_it_up_does_not_sign_in(charlie, with_app, waiting):
    app = with_app(charlie)
    app.wait(-30)

    response = give_code(waiting(), app.code())

    assert response.context["code_form"].errors.as_data()["code"][0].code == "totp_used"


@pytest.mark.parametrize("secret", ["not base32!", "1", "====", "é", "A" * 255, " JBSW Y3DP "])
def test_a_secret_that_another_program_spoilt_lets_nobody_in(charlie, waiting, secret):
    charlie.mailbox.totp_secret = secret
    charlie.mailbox.save()

    assert give_code(waiting(), "000000").status_code == 200


# -- Recovery codes ---------------------------------------------------------------------------------------
@pytest.fixture
def codes(charlie, with_app):
    with_app(charlie)
    return services.make_recovery_codes(account=charlie, actor=actor_of(charlie))


@pytest.mark.parametrize(
    "typed", [str, str.upper, lambda code: code.replace("-", " "), lambda code: code.replace("-", "")]
)
def test_a_recovery_code_lets_in_once_however_it_is_typed(codes, waiting, typed):
    client, thief = waiting(), waiting()

    assert give_code(client, typed(codes[3]), use="recovery").status_code == 302
    assert is_signed_in(client)
    response = give_code(thief, codes[3], use="recovery")
    assert response.context["code_form"].errors.as_data()["code"][0].code == "recovery_code_wrong"
    assert not is_signed_in(thief)
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_the_use_of_one_is_in_the_audit(codes, waiting, charlie):
    give_code(waiting(), codes[0])

    entry = Entry.objects.get(action="factor.recovery_code")
    assert (entry.actor, entry.object_key, entry.client_address) == (charlie.address, charlie.address, HOME)
    assert (entry.before, entry.after) == ({"recovery_codes": 10}, {"recovery_codes": 9})


def test_who_has_few_left_is_told(codes, waiting, charlie):
    digests = [recovery_codes.digest(code) for code in codes[:6]]
    RecoveryCode.objects.filter(code_digest__in=digests).update(used_at=timezone.now())
    client = waiting()

    give_code(client, codes[9])

    told = [str(message) for message in client.get(OWN).context["messages"]]
    assert told == ["You have 3 recovery codes left. Make new ones soon."]


def test_another_persons_code_does_not_count(codes, root, with_app):
    with_app(root)
    client = Client()
    give_password(client, root.address)

    assert give_code(client, codes[0]).status_code == 200
    assert not is_signed_in(client)


def test_a_code_of_an_app_that_nobody_has_is_just_wrong(charlie, with_passkey):
    with_passkey(charlie)

    with refused("totp_wrong", "code"):
        services.check_code(account=charlie, code="123456", client_address=HOME)
