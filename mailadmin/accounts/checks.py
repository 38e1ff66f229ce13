"""Settings of this room that cannot be meant, said at the start and by `manage.py check`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution

from mailadmin.accounts.clients import parse_proxies


@register("settings")
def trusted_proxies(**kwargs: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for text in settings.TRUSTED_PROXIES:
        try:
            (network,) = parse_proxies([text]) or (None,)
        except ValueError:
            messages.append(
                Error(
                    f"TRUSTED_PROXIES: {text!r} is neither an IP address nor a network.",
                    hint="Separate by commas: TRUSTED_PROXIES=127.0.0.1,10.0.0.0/8. 'unix' is a Unix socket.",
                    id="accounts.E001",
                )
            )
            continue
        if network is not None and network.prefixlen == 0:
            messages.append(
                Error(
                    f"TRUSTED_PROXIES: {text!r} trusts everybody, so that everybody can choose an address.",
                    hint="Name the addresses of your reverse proxies only.",
                    id="accounts.E002",
                )
            )
    return messages


@register("settings")
def sign_in_limits(**kwargs: Any) -> list[CheckMessage]:
    limits = (
        settings.SIGN_IN_FAILURES_PER_PAIR,
        settings.SIGN_IN_FAILURES_PER_ACCOUNT,
        settings.SIGN_IN_FAILURES_PER_ADDRESS,
    )
    if list(limits) == sorted(limits):
        return []
    return [
        Caution(
            "The limits of failed sign-ins do not grow from SIGN_IN_FAILURES_PER_PAIR over "
            "SIGN_IN_FAILURES_PER_ACCOUNT to SIGN_IN_FAILURES_PER_ADDRESS, so that one of them never counts.",
            hint="The defaults are 5, 25 and 100.",
            id="accounts.W001",
        )
    ]
