from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from mailadmin.pages.acts import BulkView
from mailadmin.pages.trail import Crumb
from mailboxes import services
from mailboxes.models import Mailbox

from .acts import delete_consequences, off_consequences
from .lists import crumbs


class MailboxBulk(BulkView):
    model = Mailbox

    def back_url(self) -> str:
        return reverse("mailboxes:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(here=str(self.button))


class MailboxBulkOn(MailboxBulk):
    button = gettext_lazy("Switch on")

    def act(self, row: Mailbox) -> None:
        services.set_mailbox_active(mailbox=row, active=True, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Switch %(count)d mailbox on?", "Switch %(count)d mailboxes on?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d mailbox is on.", "%(count)d mailboxes are on.", count) % {"count": count}


class MailboxBulkOff(MailboxBulk):
    button = gettext_lazy("Switch off")
    danger = True

    def act(self, row: Mailbox) -> None:
        services.set_mailbox_active(mailbox=row, active=False, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Switch %(count)d mailbox off?", "Switch %(count)d mailboxes off?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d mailbox is off.", "%(count)d mailboxes are off.", count) % {"count": count}

    def consequences(self) -> list[str]:
        return off_consequences()


class MailboxBulkDelete(MailboxBulk):
    button = gettext_lazy("Delete the mailboxes")
    danger = True

    def act(self, row: Mailbox) -> None:
        services.delete_mailbox(mailbox=row, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Delete %(count)d mailbox?", "Delete %(count)d mailboxes?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d mailbox is deleted.", "%(count)d mailboxes are deleted.", count) % {"count": count}

    def consequences(self) -> list[str]:
        return delete_consequences()

    def gone_addresses(self) -> list[str]:
        return self.keys
