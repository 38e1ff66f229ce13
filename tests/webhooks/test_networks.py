"""To which addresses events go, and to which they never do."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from mailadmin.accounts.clients import parse_address
from mailadmin.webhooks.networks import Refused, checked_addresses, is_allowed, lookup

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a01:4f8::1"]
REFUSED = [
    *("127.0.0.1", "127.9.9.9", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "192.88.99.1"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%lo", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1"),
    # IPv4 in another dress: mapped, compatible, NAT64 with both prefixes, 6to4, Teredo.
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1"),
    *("2002:7f00:1::", "2002:808:808::", "2001::1", "100::1", "5f00::1", "4000::1"),
    *("not an address", ""),
]


@pytest.mark.parametrize("text", PUBLIC)
def test_the_public_internet_is_allowed(text: str) -> None:
    assert is_allowed(parse_address(text))


@pytest.mark.parametrize("text", REFUSED)
def test_all_else_is_refused(text: str) -> None:
    assert not is_allowed(parse_address(text))


def test_a_network_that_the_site_names_is_allowed_and_its_neighbour_is_not(settings: Any) -> None:
    settings.WEBHOOKS_ALLOWED_NETWORKS = [ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd12::/64")]

    found = {text: is_allowed(parse_address(text)) for text in ("10.1.2.3", "10.2.0.1", "fd12::5", "fd13::5")}

    assert found == {"10.1.2.3": True, "10.2.0.1": False, "fd12::5": True, "fd13::5": False}
    assert is_allowed(parse_address("::ffff:10.1.2.3"))


def test_a_name_with_one_refused_address_among_others_is_refused() -> None:
    addresses = {"good.example": ["93.184.216.34", "2606:4700::1111"], "mixed.example": ["93.184.216.34", "10.0.0.1"]}

    assert checked_addresses("good.example", 443, lambda host, _port: addresses[host]) == addresses["good.example"]
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        checked_addresses("mixed.example", 443, lambda host, _port: addresses[host])


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1", "::1"])
def test_what_the_system_takes_for_this_machine_is_refused(host: str) -> None:
    """Numbers in other notations are what getaddrinfo makes of them."""
    assert lookup(host, 443)
    with pytest.raises(Refused):
        checked_addresses(host, 443)
