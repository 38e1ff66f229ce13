"""Which addresses events are sent to: those of the public internet, and what WEBHOOKS_ALLOWED_NETWORKS names.

A name is looked up and checked when the connection is made, and the connection goes to the address that was checked: a
name that is answered otherwise the next time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from django.conf import settings

from mailadmin.accounts.clients import IPAddress, is_within, parse_address

Resolver = Callable[[str, int], list[str]]
# Behind these an IPv4 address can hide (NAT64, 6to4 and its relays), or nothing is meant to be at all; and of
# 192.0.0.0/24 the library of some Python versions knows parts alone.
REFUSED = [
    ipaddress.ip_network(text)
    for text in (
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "192.88.99.0/24"),
        *("fec0::/10", "3fff::/20", "192.0.0.0/24"),
    )
]


class Refused(OSError):
    """The name leads to where nothing is sent."""


def checked_addresses(host: str, port: int, resolve: Resolver | None = None) -> list[str]:
    """The addresses of the host. Raises Refused if one of them is not allowed, OSError if there is none."""
    texts = (resolve or lookup)(host, port)
    for text in texts:
        if not is_allowed(parse_address(text)):
            raise Refused(f"{host} is at {text}, a network to which nothing is sent.")
    return texts


def lookup(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_kind, sockaddr in found))


def is_allowed(address: IPAddress | None) -> bool:
    return address is not None and (is_public(address) or is_within(address, settings.WEBHOOKS_ALLOWED_NETWORKS))


def is_public(address: IPAddress) -> bool:
    special = address.is_multicast or address.is_reserved or is_within(address, REFUSED)
    return address.is_global and not special
