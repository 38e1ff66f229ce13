"""What the pages of this room share."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from domains.models import Domain, DomainUsage
from mailadmin.pages.trail import Crumb


def crumbs(domain: Domain | None = None, here: str = "") -> list[Crumb]:
    trail = [Crumb(_("Domains"), reverse("domains:list"))]
    if domain is not None:
        trail.append(Crumb(str(domain), reverse("domains:detail", args=[domain.pk]) if here else ""))
    return [*trail, Crumb(here)] if here else trail


def usage_of(domain: Domain) -> DomainUsage:
    """Its counts; a domain that another program made has none until the next recount."""
    return getattr(domain, "usage", None) or DomainUsage(domain=domain)
