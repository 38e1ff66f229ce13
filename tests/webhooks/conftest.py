from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailadmin.webhooks.models import Delivery, Endpoint
from mailadmin.webhooks.services import create_endpoint, ping_endpoint
from tests.factories import system
from tests.servers.certificate import Certificate, make_authority, make_signed
from tests.servers.receiver import Receiver

LOOPBACK_NETWORK = ipaddress.ip_network("127.0.0.0/8")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def certificate(authority: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    directory: Path = tmp_path_factory.mktemp("certificate")
    return make_signed(directory, authority, "DNS:localhost", "DNS:receiver.example", "IP:127.0.0.1")


@pytest.fixture
def allowed(settings: Any) -> None:
    """The site's own networks may be sent to: here, the loopback."""
    settings.WEBHOOKS_ALLOWED_NETWORKS = [LOOPBACK_NETWORK]


@pytest.fixture
def trusted(authority: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a site trusts its own authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))


@pytest.fixture
def receiver(certificate: Certificate, allowed: None, trusted: None) -> Iterator[Receiver]:
    server = Receiver(certificate)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def endpoint(db: None, receiver: Receiver) -> Endpoint:
    """It wants all events."""
    return make_endpoint("hr", receiver.url())


def make_endpoint(name: str, url: str, **fields: Any) -> Endpoint:
    made, _secret = create_endpoint(name=name, url=url, **fields, actor=system())
    return made


def ping(endpoint: Endpoint) -> Delivery:
    return ping_endpoint(endpoint=endpoint, actor=system())
