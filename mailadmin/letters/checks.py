"""What a site should set before people need it: said by `manage.py check --deploy`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.checks import Warning as Caution


@register(deploy=True)
def site_url(**kwargs: Any) -> list[CheckMessage]:
    if not settings.SITE_URL:
        return [
            Caution(
                "SITE_URL is not set: nobody can be sent a link, so that a forgotten password needs an administrator.",
                hint="The address under which people open these pages: SITE_URL=https://mail.example.org",
                id="letters.W001",
            )
        ]
    if settings.HTTPS and not settings.SITE_URL.startswith("https://"):
        return [
            Caution(
                f"SITE_URL is {settings.SITE_URL}, though HTTPS is on: the links that people are sent begin in clear.",
                hint="Begin it with https://.",
                id="letters.W002",
            )
        ]
    return []
