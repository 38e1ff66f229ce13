from __future__ import annotations

from django.conf import settings
from django.db.models import Sum
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aliases.targets import references_to_domain
from domains import services
from domains.forms import DomainCreateForm, DomainForm
from domains.models import AliasDomain, Domain, DomainUsage
from domains.rules import can_change_domain
from mailadmin.accounts.access import SuperadminRequired
from mailadmin.addresses import show_domain
from mailadmin.pages.acts import REFERENCES_SHOWN, Act, ConfirmView, ServiceFormView
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.switches import SwitchOff, SwitchOn
from mailadmin.pages.trail import Crumb

from .trail import crumbs


class DomainCreate(SuperadminRequired, ServiceFormView):
    form_class = DomainCreateForm
    title = gettext_lazy("Add a domain")
    button = gettext_lazy("Add the domain")

    def save(self, form: ServiceForm) -> Domain:
        return services.create_domain(**form.changes, actor=self.actor)

    def done(self, result: Domain) -> str:
        return _("The domain %(name)s is there.") % {"name": result}

    def live_keys(self, result: Domain) -> list[str]:
        return [result.pk]

    def done_url(self, result: Domain) -> str:
        return reverse("domains:detail", args=[result.pk])

    def back_url(self) -> str:
        return reverse("domains:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(here=_("Add"))


class OneDomain(Act):
    """The domain that the URL names, seen or 404; changing it is for superadmins."""

    def get_object(self) -> Domain:
        return get_object_or_404(Domain.objects.visible_to(self.actor), pk=self.kwargs["name"])

    def may(self) -> bool:
        return can_change_domain(self.actor, self.object.pk)

    def back_url(self) -> str:
        return reverse("domains:detail", args=[self.object.pk])

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(self.object, str(self.title))


class DomainEdit(OneDomain, ServiceFormView):
    form_class = DomainForm
    title = gettext_lazy("Change the domain")

    def save(self, form: ServiceForm) -> Domain:
        return services.edit_domain(
            domain=self.object,
            changes=form.changes,
            expected_revision=form.expected_revision,
            actor=self.actor,
        )

    def done(self, result: Domain) -> str:
        return _("The domain %(name)s is saved.") % {"name": result}

    def live_keys(self, result: Domain) -> list[str]:
        return [result.pk]


class DomainOn(OneDomain, SwitchOn):
    def consequences(self) -> list[str]:
        return [_("Its mail is accepted again, and its people can sign in: all is as it was before.")]

    def act(self) -> None:
        services.set_domain_active(domain=self.object, active=True, actor=self.actor)

    def done(self) -> str:
        return _("The domain %(name)s is on.") % {"name": self.object}


class DomainOff(OneDomain, SwitchOff):
    def consequences(self) -> list[str]:
        return off_consequences()

    def act(self) -> None:
        services.set_domain_active(domain=self.object, active=False, actor=self.actor)

    def done(self) -> str:
        return _("The domain %(name)s is off.") % {"name": self.object}


def off_consequences() -> list[str]:
    told = [
        _("Mail to all its addresses is refused, and nobody of it can sign in to read or send mail."),
        _("Nothing is deleted. Switched on again, all is exactly as before."),
    ]
    if settings.MAPS_TYPE == "sql":
        told.append(
            _(
                "This mail server asks the database with Postfixadmin's own queries. Those for mailboxes and aliases "
                "do not look at whether the domain is active: sign-ins, and forwards out of it, go on unless the "
                "configuration that mailadmin renders is used."
            )
        )
    return told


class DomainDelete(OneDomain, ConfirmView):
    button = gettext_lazy("Delete the domain")
    danger = True

    @property
    def title(self) -> str:
        return _("Delete %(name)s?") % {"name": self.object}

    def consequences(self) -> list[str]:
        return delete_consequences([self.object])

    def act(self) -> None:
        self.name = str(self.object)
        services.delete_domain(domain=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The domain %(name)s is deleted.") % {"name": self.name}

    def done_url(self) -> str:
        return reverse("domains:list")


def delete_consequences(domains: list[Domain]) -> list[str]:
    names = [domain.pk for domain in domains]
    sums = DomainUsage.objects.filter(pk__in=names).aggregate(boxes=Sum("mailboxes"), aliases=Sum("aliases"))
    told = [
        ngettext(
            "%(count)d mailbox goes to the archive and is kept for %(days)d days.",
            "%(count)d mailboxes go to the archive and are kept for %(days)d days.",
            sums["boxes"] or 0,
        )
        % {"count": sums["boxes"] or 0, "days": settings.ARCHIVE_DAYS},
        ngettext("%(count)d alias is deleted.", "%(count)d aliases are deleted.", sums["aliases"] or 0)
        % {"count": sums["aliases"] or 0},
        _("Mail to every address of it is refused from then on."),
    ]
    for name in names:
        told += _pointing_at(name)
    return told


def _pointing_at(name: str) -> list[str]:
    """What of other domains points into this one."""
    told = []
    if alias_domains := list(AliasDomain.objects.filter(target_id=name)[:REFERENCES_SHOWN]):
        told.append(
            _("It cannot be deleted yet: the alias domain %(names)s points at it.")
            % {"names": ", ".join(map(str, alias_domains))}
        )
    if references := references_to_domain(name):
        told.append(
            ngettext(
                "%(count)d alias of another domain has a target in %(name)s and loses it: %(addresses)s",
                "%(count)d aliases of other domains have targets in %(name)s and lose them: %(addresses)s",
                len(references),
            )
            % {
                "count": len(references),
                "name": show_domain(name),
                "addresses": ", ".join(map(str, references[:REFERENCES_SHOWN])),
            }
        )
    return told
