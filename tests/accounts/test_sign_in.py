"""The one sign-in page, for each kind of account, and when a session ends."""

import pytest
from django.contrib.auth import get_user
from django.urls import reverse

from domains.services import set_domain_active
from mailadmin.accounts import schemes, services
from mailadmin.accounts.models import Account, Role, SignIn
from mailadmin.audit.models import Entry
from mailboxes.models import Mailbox
from mailboxes.services import delete_mailbox, rename_mailbox, set_mailbox_active, set_mailbox_password
from tests.factories import PASSWORD, make_administrator, make_domain, make_mailbox, make_superadmin, system

pytestmark = pytest.mark.django_db

MD5_CRYPT = "$1$ghYFGNhW$NKSmgigIE29vkSCsZyaef0"  # of OLD
OLD = "pässwörd 1"
REFUSED = "Address and password do not match."


def sign_in(client, identifier, password=PASSWORD, **more):
    return client.post(reverse("accounts:sign_in"), {"identifier": identifier, "password": password, **more})


def signed_in(client):
    return get_user(client).is_authenticated


def errors_of(response):
    return [str(error) for error in response.context["form"].non_field_errors()]


# -- Who gets in ------------------------------------------------------------------------------------------
def test_superadmin_lands_on_the_overview(client):
    make_superadmin("root@example.net")

    response = sign_in(client, "root@example.net")

    assert (response.status_code, response.url) == (302, reverse("pages:home"))
    assert get_user(client).role == Role.SUPERADMIN


def test_domain_administrator_signs_in(client):
    bob = make_administrator("bob@example.net", make_domain())

    sign_in(client, "bob@example.net")

    assert get_user(client) == bob


def test_mailbox_user_lands_on_the_own_account(client):
    alice = make_mailbox("alice@example.org")

    response = sign_in(client, "alice@example.org")

    assert (response.status_code, response.url) == (302, reverse("accounts:own"))
    assert get_user(client).mailbox == alice
    assert get_user(client).role == Role.MAILBOX_USER


def test_second_sign_in_of_a_mailbox_user_finds_the_same_account(client):
    make_mailbox("alice@example.org")

    sign_in(client, "alice@example.org")
    client.logout()
    sign_in(client, "alice@example.org")

    assert Account.objects.count() == 1
    assert signed_in(client)


@pytest.mark.parametrize("typed", ["Alice@Example.ORG", "  alice@example.org ", "alice@example.org."])
def test_address_is_found_however_it_is_typed(client, typed):
    make_mailbox("alice@example.org")

    sign_in(client, typed)

    assert signed_in(client)


def test_idn_address_is_found_in_both_spellings(client):
    make_mailbox("alice@xn--exmple-cua.org")

    sign_in(client, "alice@exämple.org")

    assert signed_in(client)


@pytest.mark.parametrize(
    ("password", "role"), [("the administrator's own", Role.SUPERADMIN), (PASSWORD, Role.MAILBOX_USER)]
)
def test_one_address_with_two_passwords_is_two_accounts(client, password, role):
    make_mailbox("root@example.org")
    services.create_administrator(
        email="root@example.org", password="the administrator's own", role=Role.SUPERADMIN, actor=system()
    )

    sign_in(client, "root@example.org", password)

    assert get_user(client).role == role


@pytest.mark.parametrize("identifier", ["alice@example.org", "nobody@example.org", "no address", "a\\b@x"])
def test_wrong_password_and_unknown_address_get_the_same_answer(client, identifier):
    make_mailbox("alice@example.org")

    response = sign_in(client, identifier, "wrong password")

    assert response.status_code == 200
    assert errors_of(response) == [REFUSED]
    assert not signed_in(client)


@pytest.mark.parametrize("password", ["a\0b", "x" * 2000, "\x01"])
def test_unusual_password_is_refused_without_an_error(client, password):
    make_mailbox("alice@example.org")

    assert sign_in(client, "alice@example.org", password).status_code == 200
    assert not signed_in(client)


def test_page_asks_for_both_fields(client):
    response = sign_in(client, "", "")

    assert set(response.context["form"].errors) == {"identifier", "password"}
    assert SignIn.objects.count() == 0


def test_page_may_not_be_cached_or_framed(client):
    response = client.get(reverse("accounts:sign_in"))

    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"


def test_csrf_failure_is_a_page_for_people(client):
    client.handler.enforce_csrf_checks = True

    response = sign_in(client, "alice@example.org")

    assert response.status_code == 403
    assert response.templates[0].name == "errors/csrf.html"


# -- Who does not -----------------------------------------------------------------------------------------
def test_inactive_mailbox_does_not_get_in(client):
    alice = make_mailbox("alice@example.org")
    set_mailbox_active(mailbox=alice, active=False, actor=system())

    assert errors_of(sign_in(client, "alice@example.org")) == [REFUSED]


def test_mailbox_of_an_inactive_domain_does_not_get_in(client):
    alice = make_mailbox("alice@example.org")
    set_domain_active(domain=alice.domain, active=False, actor=system())

    assert errors_of(sign_in(client, "alice@example.org")) == [REFUSED]


def test_mailbox_whose_domain_is_gone_does_not_get_in(client):
    alice = make_mailbox("alice@example.org")
    alice.domain.__class__.objects.filter(pk="example.org").delete()

    assert errors_of(sign_in(client, "alice@example.org")) == [REFUSED]


def test_administrator_switched_off_does_not_get_in(client):
    bob = make_administrator("bob@example.net")
    services.set_administrator_active(account=bob, active=False, actor=system())

    assert errors_of(sign_in(client, "bob@example.net")) == [REFUSED]


def test_account_of_a_mailbox_user_switched_off_does_not_get_in(client):
    make_mailbox("alice@example.org")
    sign_in(client, "alice@example.org")
    client.logout()
    Account.objects.update(is_active=False)

    assert errors_of(sign_in(client, "alice@example.org")) == [REFUSED]


def test_administrator_without_a_password_does_not_get_in(client):
    services.create_administrator(email="bob@example.net", password=None, actor=system())

    assert errors_of(sign_in(client, "bob@example.net", "!")) == [REFUSED]


# -- A weaker hash is replaced ----------------------------------------------------------------------------
def test_weaker_hash_is_replaced_at_sign_in(client):
    alice = make_mailbox("alice@example.org", password_hash=MD5_CRYPT)

    sign_in(client, "alice@example.org", OLD)

    alice.refresh_from_db()
    assert alice.password.startswith("{ARGON2ID}")
    assert schemes.verify(OLD, alice.password)
    assert client.get(reverse("accounts:own")).status_code == 200


def test_replaced_hash_is_in_the_audit_without_the_hash(client):
    make_mailbox("alice@example.org", password_hash=MD5_CRYPT)

    sign_in(client, "alice@example.org", OLD)

    entry = Entry.objects.get(action="mailbox.rehash")
    assert (entry.actor, entry.object_key, entry.domain_name) == (
        "alice@example.org",
        "alice@example.org",
        "example.org",
    )
    assert set(entry.before) == set(entry.after) == {"password"}
    assert "$" not in f"{entry.before}{entry.after}"


def test_wrong_password_leaves_the_weaker_hash(client):
    alice = make_mailbox("alice@example.org", password_hash=MD5_CRYPT)

    sign_in(client, "alice@example.org", "wrong password")

    alice.refresh_from_db()
    assert alice.password == MD5_CRYPT


def test_good_hash_stays(client):
    alice = make_mailbox("alice@example.org")

    sign_in(client, "alice@example.org")

    assert Mailbox.objects.get().password == alice.password
    assert not Entry.objects.filter(action="mailbox.rehash").exists()


def test_password_changed_meanwhile_is_not_lost():
    alice = make_mailbox("alice@example.org", password_hash=MD5_CRYPT)
    new = schemes.hash_password("another password")
    Mailbox.objects.update(password=new)

    assert services.rehash_mailbox(mailbox=alice, password=OLD, client_address="") is None
    assert Mailbox.objects.get().password == new


def test_two_sign_ins_at_once_both_succeed():
    first, second = make_mailbox("alice@example.org", password_hash=MD5_CRYPT), Mailbox.objects.get()

    assert services.rehash_mailbox(mailbox=first, password=OLD, client_address="")
    assert services.rehash_mailbox(mailbox=second, password=OLD, client_address="")


def test_scheme_of_the_site_that_cannot_hold_the_password_leaves_the_old_hash(settings):
    long = "x" * 100
    alice = make_mailbox("alice@example.org", password_hash=schemes.hash_password(long))
    settings.MAILBOX_PASSWORD_SCHEME = "BLF-CRYPT"

    assert services.rehash_mailbox(mailbox=alice, password=long, client_address="") == alice
    assert schemes.verify(long, Mailbox.objects.get().password)


def test_administrators_older_hash_is_replaced(client, settings):
    root = make_superadmin("root@example.net")
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[::-1]
    root.set_password(PASSWORD)
    root.save()
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[::-1]
    assert root.password.startswith("pbkdf2")

    sign_in(client, "root@example.net")

    assert Account.objects.get().password.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert signed_in(client)


# -- Where it leads ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/administrators/?q=x", "/account/password/"])
def test_next_leads_to_a_page_of_ours(client, path):
    make_superadmin("root@example.net")

    assert sign_in(client, "root@example.net", next=path).url == path


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/", "//evil.test/", "/\\evil.test/", "javascript:alert(1)", "http:evil.test", "/sign-in/", ""],
)
def test_next_leads_nowhere_else(client, elsewhere):
    make_superadmin("root@example.net")

    assert sign_in(client, "root@example.net", next=elsewhere).url == reverse("pages:home")


def test_mailbox_user_is_not_sent_to_a_page_for_administrators(client):
    make_mailbox("alice@example.org")

    assert sign_in(client, "alice@example.org", next="/administrators/").url == reverse("accounts:own")


def test_who_is_signed_in_is_sent_on(client):
    client.force_login(make_superadmin())

    assert client.get("/sign-in/?next=/administrators/").url == "/administrators/"
    assert client.get("/sign-in/?next=/sign-in/").url == reverse("pages:home")


def test_a_page_without_session_leads_to_the_sign_in(client):
    assert client.get("/administrators/").url == "/sign-in/?next=/administrators/"


# -- Signing out, and sessions that end -------------------------------------------------------------------
@pytest.fixture
def alice(client):
    mailbox = make_mailbox("alice@example.org")
    sign_in(client, "alice@example.org")
    assert client.get(reverse("accounts:own")).status_code == 200
    return mailbox


def test_sign_out_is_a_post(client, alice):
    assert client.get(reverse("accounts:sign_out")).status_code == 405
    assert signed_in(client)

    assert client.post(reverse("accounts:sign_out")).url == reverse("accounts:sign_in")
    assert not signed_in(client)
    assert client.post(reverse("accounts:sign_out")).url == reverse("accounts:sign_in")


def test_session_ends_when_the_password_is_changed(client, alice):
    set_mailbox_password(mailbox=alice, password="quite another password", actor=system())

    assert client.get(reverse("accounts:own")).status_code == 302


def test_session_ends_when_another_program_writes_the_hash(client, alice):
    Mailbox.objects.update(password=MD5_CRYPT)

    assert client.get(reverse("accounts:own")).status_code == 302


def test_session_ends_when_the_mailbox_is_switched_off(client, alice):
    set_mailbox_active(mailbox=alice, active=False, actor=system())

    assert client.get(reverse("accounts:own")).status_code == 302


def test_session_ends_when_the_domain_is_switched_off(client, alice):
    set_domain_active(domain=alice.domain, active=False, actor=system())

    assert client.get(reverse("accounts:own")).status_code == 302


def test_session_ends_when_the_mailbox_is_deleted(client, alice):
    delete_mailbox(mailbox=alice, actor=system())

    assert client.get(reverse("accounts:own")).status_code == 302


def test_session_ends_when_another_program_deletes_the_mailbox(client, alice):
    Mailbox.objects.filter(pk=alice.pk)._raw_delete("default")

    assert client.get(reverse("accounts:own")).status_code == 302


def test_session_goes_on_when_the_mailbox_is_renamed(client, alice):
    rename_mailbox(mailbox=alice, address="alice.doe@example.org", actor=system())

    assert client.get(reverse("accounts:own")).context["mailbox"].pk == "alice.doe@example.org"


@pytest.mark.parametrize("end", ["password", "off", "deleted"])
def test_session_of_an_administrator_ends(client, end):
    make_superadmin("other@example.net")
    root = make_superadmin("root@example.net")
    sign_in(client, "root@example.net")
    assert client.get(reverse("accounts:own")).status_code == 200

    if end == "password":
        services.set_administrator_password(account=root, password="quite another password", actor=system())
    elif end == "off":
        services.set_administrator_active(account=root, active=False, actor=system())
    else:
        services.delete_administrator(account=root, actor=system())

    assert client.get(reverse("accounts:own")).status_code == 302


def test_session_key_changes_at_sign_in(client):
    make_superadmin("root@example.net")
    client.get(reverse("accounts:sign_in"))
    client.session["mine"] = 1
    client.session.save()
    before = client.session.session_key

    sign_in(client, "root@example.net")

    assert client.session.session_key != before


def test_account_is_read_in_one_query(client, alice, django_assert_num_queries):
    # The session, the account with mailbox and domain; the page's own is a form.
    with django_assert_num_queries(2):
        client.get(reverse("accounts:confirm"))


# -- Language ---------------------------------------------------------------------------------------------
@pytest.fixture
def two_languages(settings):
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]


@pytest.mark.usefixtures("two_languages")
def test_language_is_kept_on_the_account_and_comes_back_with_the_sign_in(client, alice):
    response = client.post(reverse("accounts:language"), {"language": "fr", "next": "/account/"})

    assert response.url == "/account/"
    assert Account.objects.get().language == "fr"
    client.cookies.clear()
    assert sign_in(client, "alice@example.org").cookies["django_language"].value == "fr"


def test_unknown_language_changes_nothing(client, alice):
    client.post(reverse("accounts:language"), {"language": "xx", "next": "https://evil.test/"})

    assert Account.objects.get().language == ""


@pytest.mark.usefixtures("two_languages")
def test_language_can_be_chosen_before_the_sign_in(client):
    assert 'value="fr"' in client.get(reverse("accounts:sign_in")).content.decode()
    response = client.post(reverse("accounts:language"), {"language": "fr", "next": "//evil.test/"})

    assert response.url == "/"
    assert client.cookies["django_language"].value == "fr"
    assert client.get(reverse("accounts:language")).status_code == 405


def test_language_is_not_asked_for_where_there_is_one(client, settings):
    settings.LANGUAGES = [("en", "English")]

    assert 'name="language"' not in client.get(reverse("accounts:sign_in")).content.decode()
