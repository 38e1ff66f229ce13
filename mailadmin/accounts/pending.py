"""A sign-in whose password was right and whose second factor is still to come.

Nobody is signed in meanwhile: an anonymous session knows for ten minutes whose factor is awaited, and that opens the
page that asks for it and nothing else.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_backends
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from mailadmin.accounts.models import Account

PENDING_FOR = timedelta(minutes=10)
KEY = "pending_sign_in"
# The links that were opened in this browser (views.links): one that confirms a recovery address leads to the sign-in.
LINKS = "links"


def begin(request: HttpRequest, account: Account) -> None:
    """Under a new session key, with nothing of the session before but the links."""
    end(request)
    request.session[KEY] = {
        "account": account.pk,
        "password": account.get_session_auth_hash(),
        "until": int((timezone.now() + PENDING_FOR).timestamp()),
    }
    request.session.set_expiry(timezone.now() + PENDING_FOR)


def account_of(request: HttpRequest) -> Account | None:
    """Whose factor is awaited. None as well if it took too long, or the password is another one by now, or the account
    is off."""
    pending = request.session.get(KEY)
    if not isinstance(pending, dict) or pending["until"] <= timezone.now().timestamp():
        return None
    account = get_backends()[0].get_user(pending["account"])
    if not isinstance(account, Account):
        return None
    is_same = constant_time_compare(pending["password"], account.get_session_auth_hash())
    return account if is_same else None


def end(request: HttpRequest) -> None:
    links = request.session.get(LINKS)
    request.session.flush()
    if links:
        request.session[LINKS] = links
