from __future__ import annotations

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters

from app_passwords.models import AppPassword
from domains.rules import can_change_addresses
from mailadmin.accounts.access import RecentlyAuthenticated
from mailadmin.addresses import show_domain
from mailadmin.pages.acts import Act, ConfirmView, ServiceFormView
from mailadmin.pages.fields import own_domains
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.switches import SwitchOff, SwitchOn
from mailadmin.pages.trail import Crumb
from mailboxes import services
from mailboxes.forms import MailboxCreateForm, MailboxForm, MailboxPasswordForm, RenameForm
from mailboxes.models import ArchivedMailbox, Mailbox
from mailboxes.rules import can_change_mailbox

from .lists import crumbs

hide_passwords = method_decorator(sensitive_post_parameters("password", "again"), name="dispatch")


@hide_passwords
class MailboxCreate(ServiceFormView):
    form_class = MailboxCreateForm
    template_name = "mailboxes/create.html"
    title = gettext_lazy("Add a mailbox")
    button = gettext_lazy("Add the mailbox")

    def may(self) -> bool:
        return self.actor.is_superadmin or own_domains(self.actor).exists()

    def get_initial(self) -> dict[str, Any]:
        return {"domain": self.request.GET.get("domain", "")}

    def save(self, form: ServiceForm) -> Mailbox:
        changes = form.changes
        quota_bytes = changes.pop("quota_bytes")
        return services.create_mailbox(**changes, quota_bytes=quota_bytes, actor=self.actor)

    def done(self, result: Mailbox) -> str:
        return _("The mailbox %(address)s is there.") % {"address": result}

    def live_keys(self, result: Mailbox) -> list[str]:
        return [result.pk]

    def done_url(self, result: Mailbox) -> str:
        return reverse("mailboxes:detail", args=[result.pk])

    def back_url(self) -> str:
        return reverse("mailboxes:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(here=_("Add"))


class OneMailbox(Act):
    """The mailbox that the URL names, seen or 404."""

    def get_object(self) -> Mailbox:
        visible = Mailbox.objects.visible_to(self.actor).select_related("domain")
        return get_object_or_404(visible, pk=self.kwargs["address"])

    def may(self) -> bool:
        return can_change_mailbox(self.actor, self.object)

    def back_url(self) -> str:
        return reverse("mailboxes:detail", args=[self.kwargs["address"]])

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(self.object, str(self.title))


class MailboxEdit(OneMailbox, ServiceFormView):
    form_class = MailboxForm
    title = gettext_lazy("Change the mailbox")

    def save(self, form: ServiceForm) -> Mailbox:
        return services.edit_mailbox(
            mailbox=self.object,
            changes=form.changes,
            expected_revision=form.expected_revision,
            actor=self.actor,
        )

    def done(self, result: Mailbox) -> str:
        return _("The mailbox %(address)s is saved.") % {"address": result}

    def live_keys(self, result: Mailbox) -> list[str]:
        return [result.pk]


@hide_passwords
class MailboxPassword(RecentlyAuthenticated, OneMailbox, ServiceFormView):
    """With the password given lately: it opens somebody's mail."""

    form_class = MailboxPasswordForm
    title = gettext_lazy("Set a new password")
    button = gettext_lazy("Set the password")

    @property
    def lead(self) -> str:
        told = [_("The old one stops working at once, and open sessions end.")]
        if count := AppPassword.objects.of(self.object).working().count():
            text = ngettext("%(count)d app password goes on working.", "%(count)d app passwords go on working.", count)
            told.append(text % {"count": count})
        return " ".join(told)

    def save(self, form: ServiceForm) -> Mailbox:
        return services.set_mailbox_password(
            mailbox=self.object,
            password=form.cleaned_data["password"],
            must_change=form.cleaned_data["must_change"],
            actor=self.actor,
        )

    def done(self, result: Mailbox) -> str:
        return _("The password of %(address)s is set.") % {"address": result}


class MailboxRename(OneMailbox, ServiceFormView):
    form_class = RenameForm
    title = gettext_lazy("Rename or move")
    lead = gettext_lazy("Mail, forwarding and password move along, and aliases that point here follow.")
    button = gettext_lazy("Rename")

    def save(self, form: ServiceForm) -> Mailbox:
        return services.rename_mailbox(mailbox=self.object, **form.changes, actor=self.actor)

    def done(self, result: Mailbox) -> str:
        return _("The mailbox is now %(address)s.") % {"address": result}

    def live_keys(self, result: Mailbox) -> list[str]:
        return [result.pk]

    def done_url(self, result: Mailbox) -> str:
        return reverse("mailboxes:detail", args=[result.pk])


class MailboxOn(OneMailbox, SwitchOn):
    def consequences(self) -> list[str]:
        told = [_("It receives mail again, and its password works.")]
        if not self.object.domain.active:
            told.append(_("Its domain is off: until that is on, no mail arrives."))
        return told

    def act(self) -> None:
        services.set_mailbox_active(mailbox=self.object, active=True, actor=self.actor)

    def done(self) -> str:
        return _("The mailbox %(address)s is on.") % {"address": self.object}


class MailboxOff(OneMailbox, SwitchOff):
    def consequences(self) -> list[str]:
        return off_consequences()

    def act(self) -> None:
        services.set_mailbox_active(mailbox=self.object, active=False, actor=self.actor)

    def done(self) -> str:
        return _("The mailbox %(address)s is off.") % {"address": self.object}


def off_consequences() -> list[str]:
    return [
        _("Mail to it is refused, its forwarding stops, and nobody can sign in with it."),
        _("The mail that is there stays."),
    ]


class MailboxDelete(OneMailbox, ConfirmView):
    button = gettext_lazy("Delete the mailbox")
    danger = True

    @property
    def title(self) -> str:
        return _("Delete %(address)s?") % {"address": self.object}

    def consequences(self) -> list[str]:
        return delete_consequences()

    def gone_addresses(self) -> list[str]:
        return [self.object.pk]

    def act(self) -> None:
        services.delete_mailbox(mailbox=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The mailbox %(address)s is deleted. Its mail is kept in the archive.") % {"address": self.object}

    def live_keys(self) -> list[str]:
        return [self.kwargs["address"]]

    def done_url(self) -> str:
        return reverse("mailboxes:list")


def delete_consequences() -> list[str]:
    return [
        _("Mail to it is refused from then on."),
        ngettext(
            "It is kept with its mail for %(days)d day, and can be restored until then.",
            "It is kept with its mail for %(days)d days, and can be restored until then.",
            settings.ARCHIVE_DAYS,
        )
        % {"days": settings.ARCHIVE_DAYS},
    ]


class MailboxRestore(ConfirmView):
    button = gettext_lazy("Restore")

    def get_object(self) -> ArchivedMailbox:
        visible = ArchivedMailbox.objects.visible_to(self.actor).restorable()
        return get_object_or_404(visible, pk=self.kwargs["pk"])

    def may(self) -> bool:
        return can_change_addresses(self.actor, self.object.domain_name)

    @property
    def title(self) -> str:
        return _("Restore %(address)s?") % {"address": self.object}

    def consequences(self) -> list[str]:
        until = formats.date_format(timezone.localtime(self.object.purge_after), "Y-m-d H:i")
        return [
            _("It is back in %(domain)s with its mail, its password and its forwarding.")
            % {"domain": show_domain(self.object.domain_name)},
            _("Aliases that pointed at it before do not come back."),
            _("Left alone, it is removed for good after %(time)s.") % {"time": until},
        ]

    def act(self) -> None:
        services.restore_mailbox(archived=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The mailbox %(address)s is restored.") % {"address": self.object}

    def live_keys(self) -> list[str]:
        return [self.object.address]

    def done_url(self) -> str:
        return reverse("mailboxes:detail", args=[self.object.address])

    def back_url(self) -> str:
        return reverse("mailboxes:archive")

    def breadcrumbs(self) -> list[Crumb]:
        return [Crumb(_("Deleted mailboxes"), reverse("mailboxes:archive")), Crumb(_("Restore"))]
