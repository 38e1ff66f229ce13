"""The pages of the second factor: each is wired to its service, and shows a secret once."""

import html
import io
import re

import pyotp
import pytest
from django.core.management import CommandError, call_command

from mailadmin.accounts import services
from mailadmin.accounts.factors import has_second_factor, mailbox_has_second_factor
from mailadmin.accounts.models import Account, RecoveryCode, SignIn
from mailadmin.accounts.sessions import AUTHENTICATED_AT
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from tests.refusals import nothing_written

from .authenticator import Authenticator
from .conftest import PARTY

pytestmark = pytest.mark.django_db
FACTORS = "/account/second-factor/"
APP, CODES, ADD_PASSKEY = f"{FACTORS}app/", f"{FACTORS}recovery-codes/", f"{FACTORS}passkeys/add/"
CODE = re.compile(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>")


@pytest.fixture(autouse=True)
def site_url(settings):
    settings.SITE_URL = PARTY.origin


@pytest.fixture
def client(signed_in, charlie):
    return signed_in(charlie)


def text_of(response):
    return html.unescape(response.content.decode())


def told(client, url=FACTORS):
    return [str(message) for message in client.get(url).context["messages"]]


def secret_on(response):
    return re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', text_of(response))[1].replace(" ", "")


# -- Authenticator app ------------------------------------------------------------------------------------
def test_an_app_is_set_up_by_its_picture_or_its_key(client, charlie):
    page = client.get(APP)
    secret = secret_on(page)
    assert len(secret) == 32
    uri = f"otpauth://totp/testserver.test:charlie%40example.org?secret={secret}&issuer=testserver.test"
    assert page.context["uri"] == uri
    assert page.context["qr_code"].startswith("data:image/svg+xml")

    response = client.post(APP, {"code": pyotp.TOTP(secret).now()})

    charlie.mailbox.refresh_from_db()
    assert charlie.mailbox.totp_secret == secret
    codes = CODE.findall(text_of(response))
    assert len(set(codes)) == 10
    services.check_code(account=charlie, code=codes[0], client_address="192.0.2.1")


def test_the_page_shows_the_same_key_until_it_is_confirmed(client):
    secret = secret_on(client.get(APP))

    assert secret_on(client.get(APP)) == secret
    response = client.post(APP, {"code": "12345"})
    assert response.context["form"].errors.as_data()["code"][0].code == "totp_wrong"
    assert secret_on(response) == secret
    assert 'value="12345"' not in text_of(response)
    client.post(APP, {"code": pyotp.TOTP(secret).now()})
    assert secret_on(client.get(APP)) != secret


def test_a_browser_cannot_choose_the_key(client, charlie):
    secret_on(client.get(APP))
    chosen = pyotp.random_base32()

    client.post(APP, {"code": pyotp.TOTP(chosen).now(), "secret": chosen, "totp_secret": chosen})

    assert not has_second_factor(Account.objects.get(pk=charlie.pk))


def test_removing_it_asks_first(client, charlie, with_app):
    with_app(charlie)

    assert client.get(f"{APP}remove/").context["consequences"] == [
        "It is your last second factor: a sign-in asks for the password alone.",
        "Your recovery codes are deleted with it.",
    ]
    client.post(f"{APP}remove/")
    assert not has_second_factor(Account.objects.get(pk=charlie.pk))
    assert told(client) == ["The authenticator app is removed. Delete its entry in the app as well."]
    assert client.get(f"{APP}remove/")["Location"] == FACTORS


def test_a_mailbox_that_takes_the_password_alone_is_told_so(client, charlie, with_app):
    hint = "your password alone still opens your mail there"
    assert hint not in text_of(client.get(FACTORS))
    with_app(charlie)
    assert hint in text_of(client.get(FACTORS))
    Mailbox.objects.filter(pk=charlie.mailbox_id).update(app_passwords_only=True)

    assert hint not in text_of(client.get(FACTORS))
    assert client.get(f"{APP}remove/").context["consequences"][2:] == [
        "Mail programs go on signing in by app passwords alone, until you switch that off."
    ]


def test_where_it_is_required_the_last_stays(client, charlie, with_app, settings):
    settings.SECOND_FACTOR_REQUIRED = ["mailbox_user"]
    with_app(charlie)

    with nothing_written():
        response = client.post(f"{APP}remove/")

    assert response.context["errors"] == [
        "A second factor is required here: add another one before you remove the last."
    ]


def test_who_must_have_one_can_do_nothing_but_set_it_up(client, charlie, settings):
    settings.SECOND_FACTOR_REQUIRED = ["mailbox_user"]
    assert client.get("/account/")["Location"] == f"{FACTORS}?next=%2Faccount%2F"
    assert "Your role needs a second factor." in text_of(client.get(FACTORS))

    secret = secret_on(client.get(APP))
    response = client.post(APP, {"code": pyotp.TOTP(secret).now()})

    assert len(CODE.findall(text_of(response))) == 10
    assert client.get("/account/").status_code == 200


# -- Passkeys ---------------------------------------------------------------------------------------------
def test_a_passkey_is_added_by_the_answer_to_the_page(client, charlie):
    page = client.get(ADD_PASSKEY)
    challenge = re.search(r'"challenge": "([\w-]+)"', page.context["options"])[1]
    answer = Authenticator().create(challenge, host=PARTY.host, origin=PARTY.origin)

    response = client.post(ADD_PASSKEY, {"name": "Blue key", "answer": answer})

    assert charlie.passkeys.get().name == "Blue key"
    assert len(CODE.findall(text_of(response))) == 10
    with nothing_written():
        again = client.post(ADD_PASSKEY, {"name": "Another", "answer": answer})
    assert [error.code for error in again.context["form"].non_field_errors().as_data()] == ["passkey_wrong"]


def test_without_javascript_the_page_says_so(client):
    response = client.post(ADD_PASSKEY, {"name": "Blue key", "answer": ""})

    assert response.context["form"].non_field_errors() == ["The browser gave no passkey. It needs JavaScript."]


def test_a_passkey_without_a_name_is_refused_at_the_name(client):
    assert list(client.post(ADD_PASSKEY, {"name": " ", "answer": "{}"}).context["form"].errors) == ["name"]


def test_removing_a_passkey(client, charlie, alice, with_passkey):
    with_passkey(charlie, "Phone")
    with_passkey(alice, "Hers")

    assert client.post(f"{FACTORS}passkeys/{alice.passkeys.get().pk}/remove/").status_code == 404
    client.post(f"{FACTORS}passkeys/{charlie.passkeys.get().pk}/remove/")
    assert (charlie.passkeys.count(), alice.passkeys.count()) == (0, 1)
    assert told(client) == ["The passkey “Phone” is removed."]


def test_where_the_site_has_no_name_the_pages_say_that_there_are_no_passkeys(client, settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "", ["127.0.0.1"]

    page = client.get(FACTORS, headers={"Host": "127.0.0.1:8000"})

    assert f'href="{ADD_PASSKEY}"' not in text_of(page)
    assert "Passkeys need a host name and https" in text_of(page)


# -- Recovery codes ---------------------------------------------------------------------------------------
def test_new_codes_are_shown_once(client, charlie, with_app):
    with_app(charlie)
    assert not CODE.findall(text_of(client.get(CODES)))

    codes = CODE.findall(text_of(client.post(CODES)))

    assert len(set(codes)) == 10
    for url in (FACTORS, CODES):
        assert not set(codes) & set(re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", text_of(client.get(url))))
    assert codes[0] not in str(client.session.items())
    services.check_code(account=charlie, code=codes[9], client_address="192.0.2.1")
    assert client.get(FACTORS).context["codes_left"] == 9


def test_they_can_be_saved_as_a_file(client, charlie, with_app):
    with_app(charlie)

    page = text_of(client.post(CODES))

    file = re.search(
        r'download="recovery-codes-testserver.test.txt" href="data:text/plain;charset=utf-8,([^"]+)"', page
    )
    assert all(code in file[1] for code in CODE.findall(page))
    assert "\n" not in file[1]


def test_a_page_with_a_secret_is_kept_by_nobody(client, charlie, with_app):
    with_app(charlie)

    for response in (client.get(APP), client.post(CODES)):
        assert "no-store" in response["Cache-Control"]


# -- The password again -----------------------------------------------------------------------------------
@pytest.mark.parametrize("url", [APP, f"{APP}remove/", ADD_PASSKEY, CODES, f"{FACTORS}passkeys/1/remove/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_each_act_needs_the_password_of_lately(client, charlie, with_app, url, method):
    with_app(charlie)
    session = client.session
    session[AUTHENTICATED_AT] -= 16 * 60
    session.save()

    with nothing_written():
        response = getattr(client, method)(url)

    assert (response.status_code, response["Location"][:17]) == (302, "/account/confirm/")
    assert client.get(FACTORS).status_code == 200


# -- Reset by somebody above ------------------------------------------------------------------------------
RESET = "/mailboxes/charlie@example.org/second-factor/reset/"


def test_a_mailboxs_page_leads_to_the_reset_of_its_factor(signed_in, alice, charlie, with_app):
    client = signed_in(alice)
    assert RESET not in text_of(client.get("/mailboxes/charlie@example.org/"))
    with_app(charlie)
    assert RESET in text_of(client.get("/mailboxes/charlie@example.org/"))

    response = client.post(RESET, {"reason": "Lost the phone"})

    assert response["Location"] == "/mailboxes/charlie@example.org/"
    charlie.mailbox.refresh_from_db()
    assert not mailbox_has_second_factor(charlie.mailbox)
    assert Entry.objects.get(action="factor.reset").after == {"reason": "Lost the phone"}


def test_without_a_reason_it_is_refused(signed_in, alice, charlie, with_app):
    with_app(charlie)
    client = signed_in(alice)

    with nothing_written():
        for reason in ("", "  ", "x" * 501):
            assert list(client.post(RESET, {"reason": reason}).context["form"].errors) == ["reason"]


def test_a_superadmin_resets_an_administrators_and_no_superadmins(signed_in, root, alice, with_app):
    with_app(alice)
    with_app(root)
    client = signed_in(root)
    of_alice = f"/administrators/{alice.pk}/second-factor/reset/"
    assert of_alice in text_of(client.get(f"/administrators/{alice.pk}/"))
    assert "second-factor" not in text_of(client.get(f"/administrators/{root.pk}/"))

    client.post(of_alice, {"reason": "Lost the phone"})

    assert not has_second_factor(Account.objects.get(pk=alice.pk))
    assert client.get(f"/administrators/{root.pk}/second-factor/reset/").status_code == 403
    with nothing_written():
        assert client.post(f"/administrators/{root.pk}/second-factor/reset/", {"reason": "x"}).status_code == 403


def test_the_command_line_resets_everybodys(root, charlie, with_app):
    with_app(root)
    with_app(charlie)

    call_command(
        "admin",
        "edit",
        root.email,
        "--reset-second-factor",
        "The key is at the bottom of the sea",
        stdout=io.StringIO(),
    )
    call_command("mailbox", "edit", charlie.address, "--reset-second-factor", "Lost", stdout=io.StringIO())

    assert not has_second_factor(Account.objects.get(pk=root.pk))
    assert not has_second_factor(Account.objects.select_related("mailbox").get(pk=charlie.pk))
    entries = Entry.objects.filter(action="factor.reset").order_by("id")
    assert [entry.after["reason"] for entry in entries] == ["The key is at the bottom of the sea", "Lost"]


@pytest.mark.parametrize("reason", ["", " ", "x" * 501])
def test_the_command_line_needs_a_reason_too(root, with_app, reason):
    with_app(root)

    with nothing_written(), pytest.raises(CommandError):
        call_command("admin", "edit", root.email, "--reset-second-factor", reason, stdout=io.StringIO())


# -- The overview -----------------------------------------------------------------------------------------
def test_the_overview_says_what_there_is(client, charlie, with_app, with_passkey, django_assert_num_queries):
    with_app(charlie)
    with_passkey(charlie, "One")
    with django_assert_num_queries(4):  # session, account, passkeys, codes
        client.get(FACTORS)
    with_passkey(charlie, "Two")
    with_passkey(charlie, "Three")

    with django_assert_num_queries(4):
        page = client.get(FACTORS)

    assert page.context["has_app"]
    assert [passkey.name for passkey in page.context["passkeys"]] == ["One", "Two", "Three"]
    assert not SignIn.objects.exists()
    RecoveryCode.objects.all().delete()
    assert "only an administrator can let you in" in text_of(client.get(FACTORS))
