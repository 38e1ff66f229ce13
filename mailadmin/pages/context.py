"""What every page's template may ask for."""

from __future__ import annotations

from django.http import HttpRequest

THEMES = ("light", "dark")


def site(request: HttpRequest) -> dict[str, str]:
    """The theme chosen by the toggle; empty: as the browser prefers."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in THEMES else ""}
