from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from mailadmin.accounts.models import Account
from mailadmin.pages.trail import Crumb, own_crumbs


def security_crumbs(account: Account, *titles: Any) -> list[Crumb]:
    """Of a page behind “Password and security”."""
    return [
        *own_crumbs(account),
        Crumb(_("Password and security"), reverse("accounts:security")),
        *(Crumb(title) for title in titles),
    ]
