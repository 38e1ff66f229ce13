"""Where a request comes from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# In TRUSTED_PROXIES: the proxy speaks to us through a socket in the file system, so it has no address.
UNIX_SOCKET = "unix"


def parse_address(text: str) -> IPAddress | None:
    """An IPv4 address that came in through an IPv6 socket is that IPv4 address."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def parse_proxies(texts: Iterable[str]) -> list[IPNetwork]:
    """ValueError for what is neither an address nor a network."""
    return [ipaddress.ip_network(text.strip()) for text in texts if text.strip() != UNIX_SOCKET]


def is_within(address: IPAddress | None, networks: Iterable[IPNetwork]) -> bool:
    return address is not None and any(address in network for network in networks)


def client_network(text: str) -> str:
    """What the lockout counts: an IPv4 address, or the /64 that one IPv6 client has to itself."""
    address = parse_address(text)
    if address is None:
        return ""
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))
