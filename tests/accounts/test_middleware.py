"""The address of the client behind proxies, and the settings that name them."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse

from mailadmin.accounts.checks import sign_in_limits, trusted_proxies
from mailadmin.accounts.middleware import TrustedProxyMiddleware

PROXY, INNER, CLIENT = "192.0.2.10", "10.0.0.7", "9.9.9.9"


@pytest.fixture
def seen(settings, rf):
    settings.TRUSTED_PROXIES = [PROXY, "10.0.0.0/8", "2001:db8::/32"]

    def ask(peer, forwarded_for=None, proto=None):
        headers = {"HTTP_X_FORWARDED_FOR": forwarded_for, "HTTP_X_FORWARDED_PROTO": proto}
        request = rf.get("/", REMOTE_ADDR=peer, **{name: value for name, value in headers.items() if value})
        TrustedProxyMiddleware(lambda request: HttpResponse())(request)
        return request

    return ask


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        (CLIENT, None, CLIENT),
        (CLIENT, "198.51.100.1", CLIENT),
        (PROXY, None, PROXY),
        (PROXY, CLIENT, CLIENT),
        (PROXY, f"198.51.100.1, {CLIENT}", CLIENT),
        (PROXY, f"{CLIENT}, {INNER}", CLIENT),
        (PROXY, f"198.51.100.1,{CLIENT},{INNER}", CLIENT),
        (PROXY, f"{INNER}", INNER),
        (PROXY, f"garbage, {CLIENT}", CLIENT),
        (PROXY, "garbage", PROXY),
        (PROXY, f"{CLIENT}, garbage", PROXY),
        (PROXY, "2001:DB9::1", "2001:db9::1"),
        ("2001:db8::1", CLIENT, CLIENT),
        (f"::ffff:{PROXY}", CLIENT, CLIENT),
        ("", CLIENT, ""),
    ],
)
def test_client_address(seen, peer, forwarded_for, address):
    request = seen(peer, forwarded_for)

    assert request.META["REMOTE_ADDR"] == address
    assert "HTTP_X_FORWARDED_FOR" not in request.META


@pytest.mark.parametrize(
    ("peer", "proto", "secure"),
    [(PROXY, "https", True), (PROXY, "http", False), (CLIENT, "https", False), (PROXY, "https, http", False)],
)
def test_scheme_is_believed_of_a_proxy_alone(seen, peer, proto, secure):
    assert seen(peer, CLIENT, proto).is_secure() is secure


def test_proxy_behind_a_unix_socket(seen, settings):
    settings.TRUSTED_PROXIES = ["unix"]

    assert seen("", CLIENT).META["REMOTE_ADDR"] == CLIENT
    assert seen(PROXY, CLIENT).META["REMOTE_ADDR"] == PROXY


def test_proxy_that_is_not_named_is_warned_of_once(settings, rf, caplog):
    settings.TRUSTED_PROXIES = []
    middleware = TrustedProxyMiddleware(lambda request: HttpResponse())
    for peer in (CLIENT, INNER, INNER):
        middleware(rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="198.51.100.1"))

    assert caplog.messages == [f"X-Forwarded-For of {INNER} is ignored. Is it your proxy? Set TRUSTED_PROXIES."]


def test_wrong_setting_stops_the_start(settings):
    settings.TRUSTED_PROXIES = ["proxy.example.org"]

    with pytest.raises(ImproperlyConfigured):
        TrustedProxyMiddleware(lambda request: HttpResponse())


@pytest.mark.parametrize(
    ("proxies", "ids"),
    [
        ([], []),
        (["127.0.0.1", "10.0.0.0/8", "::1", "unix"], []),
        (["proxy.example.org", "127.0.0.1"], ["accounts.E001"]),
        (["10.0.0.1/8"], ["accounts.E001"]),
        (["0.0.0.0/0"], ["accounts.E002"]),
    ],
)
def test_check_of_trusted_proxies(settings, proxies, ids):
    settings.TRUSTED_PROXIES = proxies

    assert [message.id for message in trusted_proxies()] == ids


def test_check_of_the_limits(settings):
    assert sign_in_limits() == []

    settings.SIGN_IN_FAILURES_PER_PAIR = settings.SIGN_IN_FAILURES_PER_ACCOUNT + 1

    assert [message.id for message in sign_in_limits()] == ["accounts.W001"]
