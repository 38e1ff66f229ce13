from __future__ import annotations

from abc import abstractmethod
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View

from app_passwords import services
from app_passwords.forms import AppPasswordForm
from app_passwords.models import AppPassword
from mailadmin.accounts.access import AdministratorRequired, MailboxUserRequired, RecentlyAuthenticated
from mailadmin.accounts.factors import mailbox_has_second_factor
from mailadmin.pages.acts import Act, ConfirmView, ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb, own_crumbs
from mailboxes.models import Mailbox
from mailboxes.rules import can_change_mailbox
from mailboxes.services import set_app_passwords_only
from mailboxes.views.lists import crumbs

TITLE = gettext_lazy("App passwords")


class ListView(View):
    """The app passwords of one mailbox."""

    http_method_names = ["get", "head", "options"]
    template_name: str

    @property
    @abstractmethod
    def mailbox(self) -> Mailbox:
        """As `Own` or `Administered` finds it."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = services.with_use(AppPassword.objects.of(self.mailbox))
        context = {"mailbox": self.mailbox, "app_passwords": rows, "title": TITLE, **self.extra()}
        return render(request, self.template_name, context)

    @abstractmethod
    def extra(self) -> dict[str, Any]:
        """What the template needs beside them."""


class AboutMailbox(Act):
    """An act on the app passwords of `mailbox`."""

    @property
    @abstractmethod
    def mailbox(self) -> Mailbox:
        """As `Own` or `Administered` finds it."""


class Question(AboutMailbox, ConfirmView):
    def live_keys(self) -> list[str]:
        return [self.mailbox.pk]


class Revoke(Question):
    button = gettext_lazy("Revoke it")
    danger = True

    def get_object(self) -> AppPassword:
        return get_object_or_404(AppPassword.objects.of(self.mailbox), pk=self.kwargs["pk"])

    @property
    def title(self) -> str:
        return _("Revoke “%(name)s”?") % {"name": self.object}

    def consequences(self) -> list[str]:
        return [
            _("The mail program that uses it can no longer sign in, at once and for good."),
            _("All mail programs of this mailbox are signed out; the others sign in again by themselves."),
        ]

    def act(self) -> None:
        services.revoke_app_password(app_password=self.object, mailbox=self.mailbox, actor=self.actor)

    def done(self) -> str:
        return _("The app password “%(name)s” is revoked.") % {"name": self.object}


class RevokeAll(Question):
    title = gettext_lazy("Revoke all app passwords?")
    button = gettext_lazy("Revoke all of them")
    danger = True

    def consequences(self) -> list[str]:
        count = AppPassword.objects.of(self.mailbox).count()
        revoked = ngettext("%(count)d app password is revoked.", "%(count)d app passwords are revoked.", count)
        return [
            revoked % {"count": count},
            _("No mail program of this mailbox that uses one can sign in, at once and for good."),
        ]

    def act(self) -> None:
        services.revoke_all_app_passwords(mailbox=self.mailbox, actor=self.actor)

    def done(self) -> str:
        return _("All app passwords of %(address)s are revoked.") % {"address": self.mailbox}


class OnlyOff(Question):
    button = gettext_lazy("Switch it off")

    def consequences(self) -> list[str]:
        return [
            _("Mail programs and webmail are let in by the mailbox's own password as well, without the second factor."),
            _("App passwords go on working."),
        ]

    def act(self) -> None:
        set_app_passwords_only(mailbox=self.mailbox, on=False, actor=self.actor)

    def done(self) -> str:
        return _("Mail programs of %(address)s are let in by its own password as well.") % {"address": self.mailbox}


# -- One's own
class Own(MailboxUserRequired):
    @property
    def mailbox(self) -> Mailbox:
        assert self.account.mailbox is not None  # noqa: S101  # of a mailbox user
        return self.account.mailbox


class OwnAppPasswords(Own, ListView):
    template_name = "app_passwords/own.html"

    def extra(self) -> dict[str, Any]:
        return {
            "lead": _("One for each mail program, in place of your password: each can be revoked alone."),
            "has_second_factor": mailbox_has_second_factor(self.mailbox),
            "breadcrumbs": own_crumbs(self.account, TITLE),
        }


class OwnAct(RecentlyAuthenticated, Own, AboutMailbox):
    """With the password given lately."""

    def back_url(self) -> str:
        return reverse("app_passwords:own")

    def breadcrumbs(self) -> list[Crumb]:
        return [*own_crumbs(self.account), Crumb(TITLE, self.back_url()), Crumb(str(self.title))]


class AppPasswordAdd(OwnAct, ServiceFormView):
    """The answer to the form is the page that shows the new one, this once: it is kept nowhere on its way there."""

    form_class = AppPasswordForm
    title = gettext_lazy("Make an app password")
    button = gettext_lazy("Make the app password")

    def form_valid(self, form: ServiceForm) -> HttpResponse:
        try:
            app_password, secret = self.save(form)
        except ValidationError as error:
            return self.refused(form, error)
        context = self.page(
            title=_("Your app password for “%(name)s”") % {"name": app_password},
            lead=self.done((app_password, secret)),
            app_password=app_password,
            secret=secret,
            server=settings.MAIL_SERVER_NAME,
        )
        return render(self.request, "app_passwords/made.html", context)

    def save(self, form: ServiceForm) -> tuple[AppPassword, str]:
        return services.create_app_password(mailbox=self.mailbox, **form.changes, actor=self.actor)

    def done(self, result: tuple[AppPassword, str]) -> str:
        return _("Enter it in the mail program now, in place of your password. It is not shown again.")


class OwnRevoke(OwnAct, Revoke):
    pass


class OwnRevokeAll(OwnAct, RevokeAll):
    pass


class OnlyOn(OwnAct, Question):
    title = gettext_lazy("Let mail programs in by app passwords alone?")
    button = gettext_lazy("Switch it on")

    def consequences(self) -> list[str]:
        count = AppPassword.objects.of(self.mailbox).working().count()
        working = ngettext(
            "You have %(count)d app password that works. A mail program that uses none stops working.",
            "You have %(count)d app passwords that work. A mail program that uses none stops working.",
            count,
        )
        return [
            _("Your own password opens this portal alone, and only together with your second factor."),
            working % {"count": count},
            _("Webmail that asks for your own password no longer opens."),
        ]

    def act(self) -> None:
        set_app_passwords_only(mailbox=self.mailbox, on=True, actor=self.actor)

    def done(self) -> str:
        return _("Mail programs are let in by app passwords alone.")


class OwnOnlyOff(OwnAct, OnlyOff):
    title = gettext_lazy("Let mail programs in by your own password again?")


# -- Of the mailboxes that somebody administers
class Administered(AdministratorRequired):
    kwargs: dict[str, Any]

    @cached_property
    def mailbox(self) -> Mailbox:
        visible = Mailbox.objects.visible_to(self.actor).select_related("domain")
        return get_object_or_404(visible, pk=self.kwargs["address"])


class MailboxAppPasswords(Administered, ListView):
    template_name = "app_passwords/mailbox.html"

    def extra(self) -> dict[str, Any]:
        lead = _("What the mail programs of %(address)s sign in by. Only its owner makes them.")
        return {
            "lead": lead % {"address": self.mailbox},
            "may_change": can_change_mailbox(self.actor, self.mailbox),
            "breadcrumbs": crumbs(self.mailbox, str(TITLE)),
        }


class AdministeredAct(Administered, AboutMailbox):
    def may(self) -> bool:
        return can_change_mailbox(self.actor, self.mailbox)

    def back_url(self) -> str:
        return reverse("app_passwords:mailbox", args=[self.kwargs["address"]])

    def breadcrumbs(self) -> list[Crumb]:
        return [*crumbs(self.mailbox, str(TITLE))[:-1], Crumb(TITLE, self.back_url()), Crumb(str(self.title))]


class MailboxRevoke(AdministeredAct, Revoke):
    pass


class MailboxRevokeAll(AdministeredAct, RevokeAll):
    pass


class MailboxOnlyOff(AdministeredAct, OnlyOff):
    def get_object(self) -> Mailbox:
        return self.mailbox

    @property
    def title(self) -> str:
        return _("Let mail programs of %(address)s in by its own password again?") % {"address": self.mailbox}
