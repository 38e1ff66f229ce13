"""The second step by a passkey: whose answers count, and where."""

from datetime import timedelta

import pytest
from django.utils import timezone

from mailadmin.accounts.passkeys import RelyingParty

from .conftest import PARTY
from .second_step import FACTOR, OWN, challenge_of, give_code, give_passkey, is_signed_in, refuses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_party")]


@pytest.mark.parametrize("counter", [0, 7, None])
def test_a_passkey_signs_in(charlie, with_passkey, waiting, counter):
    authenticator = with_passkey(charlie, counter=counter)
    client = waiting()

    response = give_passkey(client, authenticator.get(challenge_of(client), host=PARTY.host, origin=PARTY.origin))

    assert (response.status_code, response["Location"]) == (302, OWN)
    assert is_signed_in(client)
    passkey = charlie.passkeys.get()
    assert passkey.sign_count == (authenticator.counter or 0)
    assert timezone.now() - passkey.last_used_at < timedelta(seconds=10)


def test_an_answer_counts_once(charlie, with_passkey, waiting):
    """Also where the authenticator counts nothing: its question is gone."""
    authenticator = with_passkey(charlie, counter=None)
    client = waiting()
    answer = authenticator.get(challenge_of(client), host=PARTY.host, origin=PARTY.origin)
    give_passkey(client, answer)

    thief = waiting()
    refused_at_once = give_passkey(thief, answer)
    assert [error.code for error in refused_at_once.context["form"].non_field_errors().as_data()] == ["passkey_wrong"]
    challenge_of(thief)
    refuses(thief, answer)


def test_a_question_may_be_answered_once(charlie, with_passkey, waiting):
    authenticator, client = with_passkey(charlie, counter=None), waiting()
    challenge = challenge_of(client)
    refuses(client, "{}")

    answer = authenticator.get(challenge, host=PARTY.host, origin=PARTY.origin)

    refuses(client, answer)


@pytest.mark.parametrize(
    "place",
    [
        {"host": "evil.test", "origin": "https://evil.test"},
        {"host": PARTY.host, "origin": "https://evil.test"},
        {"host": "evil.test", "origin": PARTY.origin},
    ],
)
def test_an_answer_that_another_page_got_is_refused(charlie, with_passkey, waiting, place):
    authenticator, client = with_passkey(charlie), waiting()

    refuses(client, authenticator.get(challenge_of(client), **place))


def test_a_copy_whose_counter_lags_is_refused(charlie, with_passkey, waiting):
    authenticator, client = with_passkey(charlie, counter=5), waiting()
    give_passkey(client, authenticator.get(challenge_of(client), host=PARTY.host, origin=PARTY.origin))
    authenticator.counter = 3
    thief = waiting()

    refuses(thief, authenticator.get(challenge_of(thief), host=PARTY.host, origin=PARTY.origin))


def test_another_persons_passkey_is_refused(charlie, alice, with_passkey, waiting):
    with_passkey(charlie)
    other, client = with_passkey(alice), waiting()

    refuses(client, other.get(challenge_of(client), host=PARTY.host, origin=PARTY.origin), "passkey_unknown")


def test_a_signature_by_another_key_is_refused(charlie, alice, with_passkey, waiting):
    authenticator, other, client = with_passkey(charlie), with_passkey(alice), waiting()
    authenticator.key = other.key

    refuses(client, authenticator.get(challenge_of(client), host=PARTY.host, origin=PARTY.origin))


@pytest.mark.parametrize("answer", ["", "x", "[]", '{"id": "AA"}', "9" * 63_000, "[" * 60_000, '{"id": null}'])
def test_what_no_browser_sends_is_refused(charlie, with_passkey, waiting, answer):
    with_passkey(charlie)
    client = waiting()
    challenge_of(client)

    assert give_passkey(client, answer).status_code == 200
    assert not is_signed_in(client)


def test_a_browser_without_javascript_is_not_locked_out(charlie, with_app, with_passkey, waiting, settings):
    app = with_app(charlie)
    with_passkey(charlie)
    client = waiting()
    for _number in range(settings.SIGN_IN_FAILURES_PER_PAIR + 1):
        refuses_after_question(client, "", "passkey_missing")

    assert give_code(client, app.code()).status_code == 302


def refuses_after_question(client, answer, code):
    challenge_of(client)
    refuses(client, answer, code)


def test_at_an_address_without_a_name_a_passkey_is_not_offered(charlie, with_passkey, waiting, settings):
    with_passkey(charlie)
    client = waiting()
    settings.SITE_URL, settings.ALLOWED_HOSTS = "", ["127.0.0.1"]

    page = client.get(FACTOR, headers={"Host": "127.0.0.1:8000"}).content.decode()

    assert "data-passkey" not in page
    assert "Your passkeys cannot be used at this address of the site." in page
    assert 'href="/sign-in/factor/?use=recovery"' in page


# -- The party that passkeys belong to --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("site_url", "host_header", "party", "can"),
    [
        ("https://Mail.example.org", "evil.test", ("mail.example.org", "https://mail.example.org"), True),
        ("https://mail.example.org:443", "x", ("mail.example.org", "https://mail.example.org"), True),
        ("https://mail.example.org:8443", "x", ("mail.example.org", "https://mail.example.org:8443"), True),
        ("http://mail.example.org", "x", ("mail.example.org", "http://mail.example.org"), False),
        ("", "localhost:8000", ("localhost", "http://localhost:8000"), True),
        ("", "127.0.0.1:8000", ("127.0.0.1", "http://127.0.0.1:8000"), False),
        ("", "[::1]:8000", ("::1", "http://[::1]:8000"), False),
    ],
)  # fmt: skip
def test_the_party_is_the_site_whatever_a_client_says(settings, rf, site_url, host_header, party, can):
    settings.SITE_URL, settings.ALLOWED_HOSTS = site_url, ["*"]

    found = RelyingParty.of_request(rf.get("/", headers={"Host": host_header}))

    assert (found.host, found.origin) == party
    assert found.can_have_passkeys is can
