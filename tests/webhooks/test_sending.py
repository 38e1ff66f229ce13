"""One request, over real TLS to a real server on the loopback, which behaves well or badly."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from mailadmin.webhooks import sending
from mailadmin.webhooks.sending import ANSWER_AT_MOST, post
from tests.servers.process import LOOPBACK, free_port
from tests.servers.receiver import Receiver, reply

HEADERS = {"webhook-id": "msg_1"}


def here(host: str, port: int) -> list[str]:
    return [LOOPBACK]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 2.0)


def test_it_is_posted_as_it_is(receiver: Receiver) -> None:
    answer = post(receiver.url(), '{"é":1}', HEADERS)

    assert (answer.status, answer.error, answer.text) == (204, "", "")
    (got,) = receiver.received
    assert (got.path, got.body) == ("/events?from=mail", '{"é":1}'.encode())
    assert got.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "accept-encoding": "identity",
        "content-length": "8",
        "content-type": "application/json",
        "user-agent": "mailadmin",
        "webhook-id": "msg_1",
    }


def test_the_certificate_is_asked_for_the_name_and_the_connection_goes_to_the_checked_address(
    receiver: Receiver,
) -> None:
    """The name does not exist: that it arrives shows that nobody looked it up a second time."""
    answer = post(receiver.url("receiver.example"), "{}", HEADERS, resolve=here)

    assert answer.status == 204
    assert receiver.received[0].headers["host"] == f"receiver.example:{receiver.port}"


def test_a_certificate_of_another_name_is_refused(receiver: Receiver) -> None:
    answer = post(receiver.url("other.example"), "{}", HEADERS, resolve=here)

    assert answer.status is None
    assert "certificate is not valid for 'other.example'" in answer.error
    assert receiver.received == []


def test_a_certificate_that_nobody_we_trust_has_signed_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    answer = post(receiver.url(), "{}", HEADERS)

    assert answer.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in answer.error
    assert receiver.received == []


# -- Where it does not go
def test_a_private_address_is_refused_when_the_connection_is_made(receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOKS_ALLOWED_NETWORKS = []

    answer = post(receiver.url(), "{}", HEADERS)

    assert answer.error == "Refused: 127.0.0.1 is at 127.0.0.1, a network to which nothing is sent."
    assert receiver.received == []


def test_a_name_that_was_public_and_is_private_now_is_refused(receiver: Receiver, settings: Any) -> None:
    """DNS rebinding: each connection asks anew, once, and goes to what it was told."""
    settings.WEBHOOKS_ALLOWED_NETWORKS = []
    told = [["93.184.216.34"], [LOOPBACK]]
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return told[len(asked) - 1]

    assert sending.checked_addresses("receiver.example", 443, rebinding) == ["93.184.216.34"]
    answer = post(receiver.url("receiver.example"), "{}", HEADERS, resolve=rebinding)

    assert answer.error == "Refused: receiver.example is at 127.0.0.1, a network to which nothing is sent."
    assert len(asked) == 2
    assert receiver.received == []


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [reply(302, Location=receiver.url())]

    answer = post(receiver.url(), "{}", HEADERS)

    assert (answer.status, answer.error) == (302, "HTTP 302: redirects are not followed.")
    assert len(receiver.received) == 1


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    assert post(receiver.url(), "{}", HEADERS).status == 204


def test_a_cookie_is_not_kept(receiver: Receiver) -> None:
    receiver.answers = [reply(200, Set_Cookie="a=b")]

    post(receiver.url(), "{}", HEADERS)
    post(receiver.url(), "{}", HEADERS)

    assert [got.headers.get("cookie") for got in receiver.received] == [None, None]


# -- What it takes of an answer
def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for ever: no wait between two of them is long."""
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.02)


def drip_a_header(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    drip(handler)


def drip_a_body(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 500 Broken\r\nContent-Length: 1000000\r\n\r\nIt is ")
    drip(handler)


def flood(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b"x" * 65536)


@pytest.mark.usefixtures("hurried")
def test_a_header_that_drips_is_cut_off(receiver: Receiver) -> None:
    receiver.answers = [drip_a_header]

    answer = post(receiver.url(), "{}", HEADERS)

    assert (answer.status, answer.error) == (None, "No answer within 2 seconds.")


@pytest.mark.usefixtures("hurried")
def test_a_body_that_drips_is_cut_off_and_what_came_is_kept(receiver: Receiver) -> None:
    receiver.answers = [drip_a_body]

    answer = post(receiver.url(), "{}", HEADERS)

    assert (answer.status, answer.error) == (500, "HTTP 500")
    assert answer.text.startswith("It is xx")


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.usefixtures("allowed")
def test_a_server_that_says_nothing_is_left(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CONNECT_SECONDS", 0.1)

    answer = post(f"https://127.0.0.1:{silent}/", "{}", HEADERS)

    assert answer.status is None
    assert "timed out" in answer.error


@pytest.mark.usefixtures("allowed")
def test_a_server_that_is_not_there_is_told_of() -> None:
    answer = post(f"https://127.0.0.1:{free_port()}/", "{}", HEADERS)

    assert answer.status is None
    assert "Connection refused" in answer.error


def test_of_an_endless_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.answers = [flood]

    answer = post(receiver.url(), "{}", HEADERS)

    assert (answer.status, len(answer.text)) == (200, ANSWER_AT_MOST)


def test_an_answer_that_is_no_text_is_made_one(receiver: Receiver) -> None:
    receiver.answers = [reply(400, b"a\x00\x1b[31m\xff\xe9")]

    assert post(receiver.url(), "{}", HEADERS).text == "a  [31m\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("text", "seconds"), [("120", 120), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("soon", 0), ("-5", 0), ("1e9", 0)]
)
def test_retry_after_is_read(text: str, seconds: int, receiver: Receiver) -> None:
    receiver.answers = [reply(503, Retry_After=text)]

    assert post(receiver.url(), "{}", HEADERS).retry_after_seconds == seconds


def test_what_is_no_http_is_told_of(receiver: Receiver) -> None:
    receiver.answers = [lambda handler: handler.wfile.write(b"220 mail.example.org ESMTP\r\n") and None]

    answer = post(receiver.url(), "{}", HEADERS)

    assert answer.status is None
    assert "BadStatusLine" in answer.error
