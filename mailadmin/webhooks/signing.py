"""Signatures as Standard Webhooks has them (https://www.standardwebhooks.com). The worker has to read the secrets, so
they are kept sealed, not hashed."""

from __future__ import annotations

import base64
import secrets

from django.utils import timezone
from standardwebhooks import Webhook

from mailadmin.sealing import seal, unseal

from .models import Delivery, Endpoint

PREFIX = "whsec_"
SECRET_BYTES = 32
_PURPOSE = "webhook secret"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sealed(secret: str) -> str:
    return seal(secret, purpose=_PURPOSE)


def headers(endpoint: Endpoint, delivery: Delivery) -> dict[str, str]:
    """Signed now, by the secret, and by the former one while it is rotated. Raises sealing.Unreadable."""
    now = timezone.now()
    kept = [endpoint.secret, endpoint.former_secret] if endpoint.is_rotating else [endpoint.secret]
    signers = [Webhook(unseal(each, purpose=_PURPOSE)) for each in kept]
    return {
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(each.sign(delivery.message_id, now, delivery.payload) for each in signers),
    }
