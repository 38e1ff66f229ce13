"""What the rows of a domain and of an address yield in the lookup tables. Pure: the delta and the full build both call
this, so they cannot disagree.

    virtual_domains    domain -> domain            virtual_mailbox_domains
    relay_domains      domain -> domain            relay_domains
    transport          domain -> transport         transport_maps
    virtual_mailboxes  address -> Maildir          virtual_mailbox_maps
    virtual_aliases    address -> addresses        virtual_alias_maps
    sender_login       address -> sign-in names    smtpd_sender_login_maps
"""

from __future__ import annotations

import re
from typing import NamedTuple

from domains.models import VIRTUAL
from mailadmin.addresses import split_address, split_targets

DOMAIN_TABLES = ("virtual_domains", "relay_domains", "transport")
ADDRESS_TABLES = ("virtual_mailboxes", "virtual_aliases", "sender_login")
TABLES = DOMAIN_TABLES + ADDRESS_TABLES

Entries = dict[str, str]  # for one key: table -> value

# postmap(1) reads "key whitespace value", takes a leading # for a comment, and folds keys to lower case.
_USABLE = re.compile(r"[^\s\x00-\x1f\x7fA-Z#][^\s\x00-\x1f\x7fA-Z]*").fullmatch


class DomainState(NamedTuple):
    name: str
    active: bool
    backup_mx: bool
    transport: str

    @property
    def is_relayed(self) -> bool:
        return self.backup_mx or (self.transport != VIRTUAL and self.transport.startswith(("smtp", "relay")))


class AddressState(NamedTuple):
    """The two rows that an address may have; None where there is no such row."""

    address: str
    goto: str | None
    alias_active: bool
    maildir: str | None
    mailbox_active: bool | None


def is_usable(key: str) -> bool:
    """Whether a lookup table can hold the key at all; other programs may have written anything."""
    return _USABLE(key) is not None and (key.isascii() or key == key.casefold())


def is_usable_value(value: str) -> bool:
    """Whether a lookup table gives the value back as it is: one line, nothing trimmed."""
    return value.isprintable() and value == value.strip() != ""


def domain_entries(domain: DomainState | None) -> Entries:
    if domain is None or not domain.active or not is_usable(domain.name):
        return {}
    entries = {"relay_domains" if domain.is_relayed else "virtual_domains": domain.name}
    if domain.transport not in ("", VIRTUAL) and not re.search(r"\s", domain.transport):
        entries["transport"] = domain.transport
    return entries


def address_entries(state: AddressState, domain: DomainState | None) -> Entries:
    """The entries of an address by its own rows."""
    if domain is None or not domain.active or not is_usable(state.address):
        return {}
    if state.maildir is None:
        return _alias_entries(state)
    entries = {}
    targets = _forwarding_targets(state)
    if targets:
        entries["virtual_aliases"] = ", ".join(targets)
    if state.mailbox_active and not domain.is_relayed and is_usable_value(state.maildir):
        entries["virtual_mailboxes"] = state.maildir
        entries["sender_login"] = state.address
    return entries


def expanded_entries(alias_domain: str, target_address: str, target: Entries) -> Entries:
    """The entries of the same local part in an alias domain, by those of the target address.

    Address by address, so that no unknown one is accepted and bounced later.
    """
    local_part, _domain = split_address(target_address)
    if not local_part:  # the catch-all
        return {"virtual_aliases": target["virtual_aliases"]} if "virtual_aliases" in target else {}
    if not target.keys() & {"virtual_aliases", "virtual_mailboxes"}:
        return {}
    entries = {"virtual_aliases": target_address}
    if "sender_login" in target:
        entries["sender_login"] = target["sender_login"]
    return entries


def _alias_entries(state: AddressState) -> Entries:
    targets = split_targets(state.goto or "") if state.alias_active else []
    if not targets:
        return {}
    entries = {"virtual_aliases": ", ".join(targets)}
    if not state.address.startswith("@"):  # whoever receives for an address may send as it
        entries["sender_login"] = ", ".join(targets)
    return entries


def _forwarding_targets(state: AddressState) -> list[str]:
    """Where a mailbox's mail goes. An active one without an active row of its own still keeps its mail, which a
    catch-all would take; one that is off forwards, if its row is on, but does not receive."""
    if state.mailbox_active and (not state.alias_active or state.goto == state.address):
        return [state.address]
    targets = split_targets(state.goto or "") if state.alias_active else []
    if state.mailbox_active:
        return targets or [state.address]
    return [target for target in targets if target != state.address]
