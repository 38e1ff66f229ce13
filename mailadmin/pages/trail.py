"""Where a page stands: its breadcrumbs, and the way back to where somebody came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


@dataclass(frozen=True)
class Crumb:
    label: Any
    url: str = ""  # empty: the page itself


def way_back(request: HttpRequest, otherwise: str) -> str:
    """The page of ours that `next` names, else `otherwise`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts=None, require_https=request.is_secure()
    ):
        return wanted
    return otherwise
