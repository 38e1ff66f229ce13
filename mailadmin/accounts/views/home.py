"""The first page of the portal, and the one that leads to all that keeps an account safe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from aliases.models import Alias
from app_passwords.models import AppPassword
from mailadmin.accounts import activity, changes
from mailadmin.accounts.access import SignedIn
from mailadmin.accounts.factors import has_second_factor
from mailadmin.accounts.models import Account
from mailadmin.accounts.sessions import living
from mailadmin.addresses import show_address
from mailadmin.pages.trail import own_crumbs
from mailboxes.models import Mailbox, MailboxUsage
from vacations.services import vacation_of

NEARLY_FULL = 0.9
SOON = timedelta(days=14)


class OwnAccount(SignedIn, TemplateView):
    """For mailbox users the start page."""

    http_method_names = ["get", "head", "options"]
    template_name = "accounts/own.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mailbox = self.account.mailbox
        return super().get_context_data(
            **kwargs,
            title=str(self.account),
            lead=(mailbox.name if mailbox else self.account.get_role_display()),
            **activity.of(self.account),
            **(_of_mailbox(mailbox, self.account) if mailbox else _of_administrator(self.account)),
        )


def _of_administrator(account: Account) -> dict[str, Any]:
    return {"domains": account.domains.order_by("name"), "rows": security_rows(account)}


def _of_mailbox(mailbox: Mailbox, account: Account) -> dict[str, Any]:
    usage = MailboxUsage.objects.filter(address=mailbox.address).first()
    forwarding = Alias.objects.filter(address=mailbox.address).first()
    targets = forwarding.targets if forwarding else [mailbox.address]
    used = usage.bytes if usage else 0
    return {
        "mailbox": mailbox,
        "usage": usage,
        "is_nearly_full": mailbox.quota_bytes > 0 and used >= NEARLY_FULL * mailbox.quota_bytes,
        "vacation": vacation_of(mailbox),
        "targets": [target for target in targets if target != mailbox.address],
        "keeps_copy": mailbox.address in targets,
        "has_second_factor": has_second_factor(account),
        "expires_soon": _expires_soon(mailbox),
        "changes": changes.by_others(mailbox),
        "server": settings.MAIL_SERVER_NAME,
    }


def _expires_soon(mailbox: Mailbox) -> bool:
    ends_at = mailbox.password_ends_at
    return ends_at is not None and ends_at - timezone.now() < SOON


class Security(SignedIn, TemplateView):
    http_method_names = ["get", "head", "options"]
    template_name = "accounts/security.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            title=_("Password and security"),
            lead=_("What keeps others out of your account, and lets you in again."),
            breadcrumbs=own_crumbs(self.account, _("Password and security")),
            rows=security_rows(self.account),
        )


def security_rows(account: Account) -> list[dict[str, Any]]:
    rows = [_password_row(account), _factor_row(account), _recovery_row(account)]
    if account.mailbox is not None:
        rows.append(_app_passwords_row(account.mailbox))
    return [*rows, _sessions_row(account)]


def _password_row(account: Account) -> dict[str, Any]:
    ends_at = account.mailbox.password_ends_at if account.mailbox else None
    state = _("It does not expire.")
    if ends_at is not None:
        state = _("It expires on %(day)s.") % {"day": date_format(timezone.localtime(ends_at), "DATE_FORMAT")}
    return {"icon": "key", "title": _("Password"), "state": state, "url": reverse("accounts:password")}


def _factor_row(account: Account) -> dict[str, Any]:
    is_on = has_second_factor(account)
    state = _("On: a stolen password is not enough.") if is_on else _("Off: whoever learns your password is in.")
    return {"icon": "shield", "title": _("Second factor"), "state": state, "url": reverse("accounts:factors")}


def _recovery_row(account: Account) -> dict[str, Any]:
    wanted, confirmed = account.wanted_recovery_address, account.recovery_to
    if confirmed:
        state = _("%(address)s gets a link if you forget your password.")
    elif wanted:
        state = _("%(address)s is not confirmed yet.")
    else:
        state = _("None: if you forget your password, only an administrator can help.")
    state = state % {"address": show_address(wanted)} if wanted else state
    return {"icon": "restore", "title": _("Recovery address"), "state": state, "url": reverse("accounts:recovery")}


def _app_passwords_row(mailbox: Mailbox) -> dict[str, Any]:
    count = AppPassword.objects.of(mailbox).count()
    state = ngettext("%(count)d mail program has its own.", "%(count)d mail programs have their own.", count)
    state = state % {"count": count} if count else _("None: your mail programs use the password of the mailbox.")
    return {"icon": "phone", "title": _("App passwords"), "state": state, "url": reverse("app_passwords:own")}


def _sessions_row(account: Account) -> dict[str, Any]:
    count = living().filter(account=account).count()
    state = ngettext("%(count)d browser is signed in.", "%(count)d browsers are signed in.", count)
    return {
        "icon": "monitor",
        "title": _("Sessions"),
        "state": state % {"count": count},
        "url": reverse("accounts:sessions"),
    }
