"""Addresses and domains: their one normal form, what is refused, and how people see them.

Stored in lower case, domains as A-labels (IDNA 2008, RFC 5891), local parts as an unquoted Dot-string (RFC 5321,
section 4.1.2). Each function raises ValidationError with a text for people and a code for programs.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

import idna
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LOCAL_PART_OCTETS = 64  # RFC 5321, 4.5.3.1.1
ADDRESS_OCTETS = 254  # RFC 5321, 4.5.3.1.3: a path of 256 less its angle brackets
TARGETS_AT_MOST = 1000  # Postfix's virtual_alias_expansion_limit

# RFC 5322 atext without "/" and "|" (they mean a file and a command to mail programs), without "%" and "!" (Postfix
# refuses them from outside, as routes), without quotes and "`".
_ATOM = r"[A-Za-z0-9#$&*+\-=?^_{}~]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_SEPARATORS = re.compile(r"[\s,]+")


def normalise_domain(text: str) -> str:
    """'Exämple.ORG.' -> 'xn--exmple-cua.org'."""
    name = text.strip(" ").removesuffix(".")
    if not name:
        raise ValidationError(_("Enter a domain name."), code="domain_empty")
    if _is_ip(name):
        raise ValidationError(_("“%(name)s” is an IP address, not a domain name."), "domain_is_ip", {"name": name})
    try:
        ascii_name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise ValidationError(
            _("“%(name)s” is not a valid domain name: letters, digits and inner hyphens between single dots."),
            "domain_invalid",
            {"name": name[:255]},
        ) from None
    labels = ascii_name.split(".")
    if len(labels) == 1 and not settings.SINGLE_LABEL_DOMAINS:
        raise ValidationError(_("A domain name needs a dot, as in example.org."), code="domain_single_label")
    if labels[-1].isdigit():
        raise ValidationError(_("A top-level domain is not a number."), code="domain_numeric")
    return ascii_name


def normalise_local_part(text: str) -> str:
    """'John.Doe' -> 'john.doe'."""
    local_part = unicodedata.normalize("NFC", text.strip(" "))  # one spelling of each letter, as RFC 6532 asks
    if not local_part:
        raise ValidationError(_("Enter the part before the @."), code="local_part_empty")
    if not local_part.isascii():
        if not settings.SMTPUTF8:
            raise ValidationError(
                _("Letters outside ASCII are not allowed before the @ on this server."),
                code="local_part_unicode",
            )
        # Postfix folds case: an address that folds into other letters would be looked up as another one.
        if not local_part.isprintable() or local_part.lower() != local_part.casefold():
            raise ValidationError(_("A letter before the @ cannot be used in an address."), code="local_part_invalid")
    shape = "".join(character if character.isascii() else "x" for character in local_part)
    # A lookup table's source takes a leading # for a comment.
    if not _LOCAL_PART.fullmatch(shape) or shape.startswith("#"):
        raise ValidationError(
            _("Before the @ only letters, digits, inner dots and %(others)s are allowed."),
            "local_part_invalid",
            {"others": "#$&*+-=?^_{}~"},
        )
    if len(local_part.encode()) > LOCAL_PART_OCTETS:
        raise ValidationError(_("The part before the @ has 64 octets at most."), code="local_part_long")
    return local_part.lower()


def normalise_address(text: str, *, catch_all: bool = False) -> str:
    """'John@Exämple.org' -> 'john@xn--exmple-cua.org'; '@example.org' only where a catch-all may stand."""
    local_part, at, domain = text.strip(" ").rpartition("@")
    if not at:
        raise ValidationError(_("“%(text)s” is not an address: it has no @."), "address_no_at", {"text": text[:255]})
    domain = normalise_domain(domain)
    if not local_part and catch_all:
        return f"@{domain}"
    address = f"{normalise_local_part(local_part)}@{domain}"
    if len(address.encode()) > ADDRESS_OCTETS:
        raise ValidationError(_("An address has 254 octets at most."), code="address_long")
    return address


def normalise_targets(targets: list[str] | str, *, catch_all: bool = False) -> list[str]:
    """The targets of an alias, each once, in the order given. Commands, files and includes are refused."""
    if isinstance(targets, str):
        targets = split_targets(targets)
    errors: list[ValidationError] = []
    normal: dict[str, None] = {}
    for target in targets:
        try:
            normal[_normalise_target(target, catch_all=catch_all)] = None
        except ValidationError as error:
            errors.append(error)
    if errors:
        raise ValidationError(errors[:10])
    if not normal:
        raise ValidationError(_("Enter at least one target address."), code="target_missing")
    if len(normal) > TARGETS_AT_MOST:
        raise ValidationError(_("An alias has %(most)d targets at most."), "target_too_many", {"most": TARGETS_AT_MOST})
    return list(normal)


def _normalise_target(target: str, *, catch_all: bool) -> str:
    if target.startswith(("|", "/", ":", '"|')):
        raise ValidationError(
            _("“%(target)s” is a command, a file or an include, not an address."),
            "target_not_address",
            {"target": target[:255]},
        )
    try:
        return normalise_address(target, catch_all=catch_all)
    except ValidationError as error:
        raise ValidationError(
            _("%(target)s: %(reason)s"),
            error.code if hasattr(error, "code") else "target_invalid",
            {"target": target[:255], "reason": " ".join(error.messages)},
        ) from None


def split_targets(goto: str) -> list[str]:
    return [part for part in _SEPARATORS.split(goto) if part]


def join_targets(addresses: list[str]) -> str:
    return ",".join(addresses)


def split_address(address: str) -> tuple[str, str]:
    """(local part, domain); the local part of a catch-all is empty."""
    local_part, _at, domain = address.rpartition("@")
    return local_part, domain


def show_domain(name: str) -> str:
    """As people write it: U-labels."""
    if "xn--" not in name:
        return name
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


def show_address(address: str) -> str:
    local_part, domain = split_address(address)
    return f"{local_part}@{show_domain(domain)}" if "xn--" in domain else address


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
