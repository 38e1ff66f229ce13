"""Who may open a page. The sign-in itself is asked for by LoginRequiredMiddleware, before any of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from mailadmin.accounts.actors import Actor
from mailadmin.accounts.models import Account
from mailadmin.accounts.sessions import is_recently_authenticated

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
        return self.before() or super().dispatch(request, *args, **kwargs)

    def may_enter(self) -> bool:
        return True

    def before(self) -> HttpResponseBase | None:
        """What comes before the page for who may enter it; None: the page."""
        return None


class RecentlyAuthenticated(SignedIn):
    """A sensitive page: asks for the password again if it was given more than REAUTHENTICATION_MINUTES ago, and leads
    back. May be put beside the other classes here; who may not enter is told so first."""

    def before(self) -> HttpResponseBase | None:
        if is_recently_authenticated(self.request.session):
            return super().before()
        if self.request.method == "POST":
            messages.info(self.request, _("Nothing has been changed yet: please do it again."))
        query = urlencode({"next": self.after_confirmation()})
        return HttpResponseRedirect(f"{reverse('accounts:confirm')}?{query}")

    def after_confirmation(self) -> str:
        """A page that can be opened: an act by POST alone starts again from the page that it stood on."""
        shows = "get" in self.http_method_names and hasattr(self, "get")
        return self.request.get_full_path() if shows else page_of_form(self.request) or reverse("accounts:own")


def page_of_form(request: HttpRequest) -> str:
    """The path of the page of ours that the request was sent from, else empty."""
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


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
