"""A passkey without a browser: answers as navigator.credentials does (WebAuthn Level 2, sections 6.1 and 6.5)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Authenticator:
    """`counter` None is that of many passkeys: always 0."""

    def __init__(self, *, counter: int | None = 0) -> None:
        self.credential_id = secrets.token_bytes(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.counter = counter

    def create(self, challenge: str, *, host: str, origin: str) -> str:
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(host, attested=True)}
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", challenge, origin),
            attestationObject=cbor2.dumps(attestation),
            transports=["internal", "unheard-of"],
        )

    def get(self, challenge: str, *, host: str, origin: str) -> str:
        if self.counter is not None:
            self.counter += 1
        client_data, data = self._client_data("webauthn.get", challenge, origin), self._data(host)
        signed = data + hashlib.sha256(client_data).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=data, signature=signature)

    def _answer(self, **response: Any) -> str:
        encoded = {name: text(value) if isinstance(value, bytes) else value for name, value in response.items()}
        credential_id = text(self.credential_id)
        return json.dumps(
            {
                "id": credential_id,
                "rawId": credential_id,
                "type": "public-key",
                "response": encoded,
                "clientExtensionResults": {},
            }
        )

    @staticmethod
    def _client_data(kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _data(self, host: str, *, attested: bool = False) -> bytes:
        flags = PRESENT | VERIFIED | (ATTESTED if attested else 0)
        data = hashlib.sha256(host.encode()).digest() + bytes([flags]) + (self.counter or 0).to_bytes(4, "big")
        if not attested:
            return data
        size = len(self.credential_id).to_bytes(2, "big")
        return data + bytes(16) + size + self.credential_id + self._public_key()

    def _public_key(self) -> bytes:
        """COSE (RFC 9053, section 7.1): EC2, ES256, P-256."""
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
