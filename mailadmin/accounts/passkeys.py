"""WebAuthn (W3C, Level 2): what a browser is asked, and whether its answer is right. Nothing is written here.

A passkey belongs to one host name, and only a page of that very origin can use it, so that it cannot be phished.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from mailadmin.accounts.models import Account, Passkey

# An answer has some hundred octets; one with an attestation that nobody asked for has some thousand.
ANSWER_LENGTH_AT_MOST = 64_000
DEFAULT_PORTS = {"http": 80, "https": 443}
TIMEOUT_MILLISECONDS = 120_000


@dataclass(frozen=True)
class RelyingParty:
    """Us, as browsers know us. By SITE_URL; only where that is unset by the Host header, which ALLOWED_HOSTS limits."""

    host: str
    origin: str

    @classmethod
    def of_request(cls, request: HttpRequest) -> RelyingParty:
        parts = urlsplit((settings.SITE_URL or f"{request.scheme}://{request.get_host()}").lower())
        host, port = parts.hostname or "", parts.port
        name = f"[{host}]" if ":" in host else host
        shown = name if port in (None, DEFAULT_PORTS.get(parts.scheme)) else f"{name}:{port}"
        return cls(host=host, origin=f"{parts.scheme}://{shown}")

    @property
    def can_have_passkeys(self) -> bool:
        """They belong to a host name, never to an IP address; and without TLS a browser has them for itself alone."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.origin.startswith("https:") or self.host == "localhost" or self.host.endswith(".localhost")
        return False


def new_challenge() -> str:
    return bytes_to_base64url(webauthn.helpers.generate_challenge())


def options_to_add(account: Account, party: RelyingParty, challenge: str) -> str:
    """JSON for navigator.credentials.create(). An authenticator that is in the list already is not asked again."""
    options = webauthn.generate_registration_options(
        rp_id=party.host,
        rp_name=party.host,
        user_id=str(account.pk).encode(),
        user_name=account.address,
        user_display_name=account.address,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            # The password was given: a key without PIN or fingerprint is a second factor as well.
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(account),
    )
    return webauthn.options_to_json(options)


def options_to_use(account: Account, party: RelyingParty, challenge: str) -> str:
    """JSON for navigator.credentials.get()."""
    options = webauthn.generate_authentication_options(
        rp_id=party.host,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT_MILLISECONDS,
        allow_credentials=_descriptors(account),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def _descriptors(account: Account) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(passkey.credential_id),
            transports=[AuthenticatorTransport(name) for name in passkey.transports] or None,
        )
        for passkey in account.passkeys.all()
    ]


def parse_answer(text: str) -> dict[str, Any]:
    """What the page's script sends. ValidationError for what it never would."""
    if not text:
        raise ValidationError(_("The browser gave no passkey. It needs JavaScript."), code="passkey_missing")
    try:
        answer = json.loads(text) if len(text) <= ANSWER_LENGTH_AT_MOST else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise _refusal()
    return answer


def verify_added(answer: dict[str, Any], *, party: RelyingParty, challenge: str) -> VerifiedRegistration:
    try:
        return webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.host,
            expected_origin=party.origin,
        )
    except MALFORMED:
        raise _refusal() from None


def verify_used(
    answer: dict[str, Any], *, passkey: Passkey, party: RelyingParty, challenge: str
) -> VerifiedAuthentication:
    """A counter that does not grow is refused too: the passkey was copied."""
    try:
        return webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
        )
    except MALFORMED:
        raise _refusal() from None


def transports_of(answer: dict[str, Any]) -> list[str]:
    """How the browser reached it (usb, internal, ...), as far as we know these words."""
    response = answer.get("response")
    names = response.get("transports") if isinstance(response, dict) else None
    known = {transport.value for transport in AuthenticatorTransport}
    return [name for name in names if isinstance(name, str) and name in known] if isinstance(names, list) else []


# The library raises its own for a wrong answer, and what its parsers happen to raise for one that is none.
MALFORMED = (
    WebAuthnException,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


def _refusal() -> ValidationError:
    return ValidationError(_("This passkey was not accepted. Try again."), code="passkey_wrong")
