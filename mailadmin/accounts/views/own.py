from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from app_passwords.models import AppPassword
from mailadmin.accounts import services
from mailadmin.accounts.forms.own import OwnPasswordForm
from mailadmin.accounts.models import Account
from mailadmin.accounts.obligations import must_change_password
from mailadmin.accounts.sessions import mark_authenticated
from mailadmin.pages.acts import ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.trail import Crumb

from .crumbs import security_crumbs
from .locked import TellsLocked


@method_decorator(sensitive_post_parameters(), name="dispatch")
class OwnPassword(TellsLocked, ServiceFormView):
    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    button = gettext_lazy("Change password")

    def may_enter(self) -> bool:
        return True

    @cached_property
    def is_obliged(self) -> bool:
        return must_change_password(self.account)

    def get_template_names(self) -> list[str]:
        return ["accounts/password_obliged.html"] if self.is_obliged else [self.template_name]

    @property
    def title(self) -> str:
        return _("Choose a new password") if self.is_obliged else _("Change password")

    @property
    def lead(self) -> str:
        if self.account.password_change_required:
            return _("Somebody else set your password. Choose one that nobody but you knows.")
        if self.is_obliged:
            return _("Your password has expired, and mail programs cannot use it any more. Choose a new one to go on.")
        told = [_("The new one counts at once, in mail programs as well. You stay signed in here alone.")]
        mailbox = self.account.mailbox
        if mailbox and (count := AppPassword.objects.of(mailbox).working().count()):
            text = ngettext("%(count)d app password goes on working.", "%(count)d app passwords go on working.", count)
            told.append(text % {"count": count})
        return " ".join(told)

    def breadcrumbs(self) -> list[Crumb]:
        return security_crumbs(self.account, self.title)

    def back_url(self) -> str:
        return reverse("accounts:own" if not self.account.is_administrator or not self.is_obliged else "pages:home")

    def save(self, form: ServiceForm) -> Account:
        data = form.cleaned_data
        return services.change_own_password(
            account=self.account,
            current=data["current"],
            new=data["new"],
            keep_key=self.request.session.session_key,
            actor=self.actor,
        )

    def done(self, result: Account) -> str:
        # The other sessions are gone; this one goes on under a new key and knows the new hash.
        update_session_auth_hash(self.request, result)
        mark_authenticated(self.request.session)
        return _("Your password is changed. You are signed out everywhere else.")
