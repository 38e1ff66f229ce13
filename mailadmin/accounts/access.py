"""Who may open a page. The sign-in itself is asked for by LoginRequiredMiddleware, before any of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account

if TYPE_CHECKING:
    from django.views import View

    Base = View
else:
    Base = object


class SignedIn(Base):
    """Anyone who is signed in: `self.account`, and `self.actor` for the services."""

    actor: Actor
    account: Account

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, Account):
            raise PermissionDenied
        self.account = request.user
        self.actor = Actor.of_request(request)
        if not self.may_enter():
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def may_enter(self) -> bool:
        return True


class AdministratorRequired(SignedIn):
    """Superadmins and domain administrators; a mailbox user gets 403."""

    def may_enter(self) -> bool:
        return self.account.is_administrator


class SuperadminRequired(SignedIn):
    def may_enter(self) -> bool:
        return self.actor.is_superadmin


class MailboxUserRequired(SignedIn):
    """The pages about one's own mailbox."""

    def may_enter(self) -> bool:
        return not self.account.is_administrator
