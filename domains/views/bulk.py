from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from domains import services
from domains.models import Domain
from mailadmin.pages.acts import BulkView
from mailadmin.pages.trail import Crumb

from .acts import delete_consequences, off_consequences
from .trail import crumbs


class DomainBulk(BulkView):
    model = Domain

    def back_url(self) -> str:
        return reverse("domains:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(here=str(self.button))


class DomainBulkOn(DomainBulk):
    button = gettext_lazy("Switch on")

    def act(self, row: Domain) -> None:
        services.set_domain_active(domain=row, active=True, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Switch %(count)d domain on?", "Switch %(count)d domains on?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d domain is on.", "%(count)d domains are on.", count) % {"count": count}


class DomainBulkOff(DomainBulk):
    button = gettext_lazy("Switch off")
    danger = True

    def act(self, row: Domain) -> None:
        services.set_domain_active(domain=row, active=False, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Switch %(count)d domain off?", "Switch %(count)d domains off?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d domain is off.", "%(count)d domains are off.", count) % {"count": count}

    def consequences(self) -> list[str]:
        return off_consequences()


class DomainBulkDelete(DomainBulk):
    button = gettext_lazy("Delete the domains")
    danger = True

    def act(self, row: Domain) -> None:
        services.delete_domain(domain=row, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Delete %(count)d domain?", "Delete %(count)d domains?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d domain is deleted.", "%(count)d domains are deleted.", count) % {"count": count}

    def consequences(self) -> list[str]:
        return delete_consequences(self.rows)
