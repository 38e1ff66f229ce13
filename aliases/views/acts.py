from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aliases import services
from aliases.forms import AliasCreateForm, AliasForm
from aliases.models import Alias
from aliases.rules import can_change_alias
from mailadmin.pages.acts import Act, BulkView, ConfirmView, ServiceFormView
from mailadmin.pages.fields import own_domains
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.switches import SwitchOff, SwitchOn
from mailadmin.pages.trail import Crumb


def crumbs(here: str) -> list[Crumb]:
    return [Crumb(_("Aliases"), reverse("aliases:list")), Crumb(here)]


class AliasCreate(ServiceFormView):
    form_class = AliasCreateForm
    title = gettext_lazy("Add an alias")
    button = gettext_lazy("Add the alias")

    def may(self) -> bool:
        return self.actor.is_superadmin or own_domains(self.actor).exists()

    def get_initial(self) -> dict[str, Any]:
        return {"domain": self.request.GET.get("domain", "")}

    def save(self, form: ServiceForm) -> Alias:
        return services.create_alias(**form.changes, actor=self.actor)

    def done(self, result: Alias) -> str:
        return _("The alias %(address)s is there.") % {"address": result}

    def live_keys(self, result: Alias) -> list[str]:
        return [result.pk]

    def back_url(self) -> str:
        return reverse("aliases:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(_("Add"))


class OneAlias(Act):
    """The alias that the URL names, seen or 404; a mailbox's row is no alias, but its forwarding."""

    def get_object(self) -> Alias:
        visible = Alias.objects.visible_to(self.actor).listed().select_related("domain")
        return get_object_or_404(visible, pk=self.kwargs["address"])

    def may(self) -> bool:
        return can_change_alias(self.actor, self.object.pk)

    def back_url(self) -> str:
        return reverse("aliases:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(str(self.object))


class AliasEdit(OneAlias, ServiceFormView):
    form_class = AliasForm

    @property
    def title(self) -> str:
        if self.object.is_catch_all:
            return _("Catch-all of %(domain)s") % {"domain": self.object.domain}
        return str(self.object)

    def save(self, form: ServiceForm) -> Alias:
        return services.edit_alias(
            alias=self.object,
            changes=form.changes,
            expected_revision=form.expected_revision,
            actor=self.actor,
        )

    def done(self, result: Alias) -> str:
        return _("The alias %(address)s is saved.") % {"address": result}

    def live_keys(self, result: Alias) -> list[str]:
        return [result.pk]


class AliasOn(OneAlias, SwitchOn):
    def consequences(self) -> list[str]:
        return [_("Its mail goes to its targets again.")]

    def act(self) -> None:
        services.set_alias_active(alias=self.object, active=True, actor=self.actor)

    def done(self) -> str:
        return _("The alias %(address)s is on.") % {"address": self.object}


class AliasOff(OneAlias, SwitchOff):
    def consequences(self) -> list[str]:
        return off_consequences()

    def act(self) -> None:
        services.set_alias_active(alias=self.object, active=False, actor=self.actor)

    def done(self) -> str:
        return _("The alias %(address)s is off.") % {"address": self.object}


def off_consequences() -> list[str]:
    return [_("Mail to it is refused, unless the domain has a catch-all, which then takes it.")]


class AliasDelete(OneAlias, ConfirmView):
    button = gettext_lazy("Delete the alias")
    danger = True

    @property
    def title(self) -> str:
        return _("Delete %(address)s?") % {"address": self.object}

    def consequences(self) -> list[str]:
        return off_consequences()

    def gone_addresses(self) -> list[str]:
        return [self.object.pk]

    def act(self) -> None:
        services.delete_alias(alias=self.object, actor=self.actor)

    def done(self) -> str:
        return _("The alias %(address)s is deleted.") % {"address": self.object}

    def live_keys(self) -> list[str]:
        return [self.kwargs["address"]]


class AliasBulk(BulkView):
    model = Alias

    def back_url(self) -> str:
        return reverse("aliases:list")

    def breadcrumbs(self) -> list[Crumb]:
        return crumbs(str(self.button))


class AliasBulkOn(AliasBulk):
    button = gettext_lazy("Switch on")

    def act(self, row: Alias) -> None:
        services.set_alias_active(alias=row, active=True, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Switch %(count)d alias on?", "Switch %(count)d aliases on?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d alias is on.", "%(count)d aliases are on.", count) % {"count": count}


class AliasBulkOff(AliasBulk):
    button = gettext_lazy("Switch off")
    danger = True

    def act(self, row: Alias) -> None:
        services.set_alias_active(alias=row, active=False, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Switch %(count)d alias off?", "Switch %(count)d aliases off?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d alias is off.", "%(count)d aliases are off.", count) % {"count": count}

    def consequences(self) -> list[str]:
        return off_consequences()


class AliasBulkDelete(AliasBulk):
    button = gettext_lazy("Delete the aliases")
    danger = True

    def act(self, row: Alias) -> None:
        services.delete_alias(alias=row, actor=self.actor)

    def question(self, count: int) -> str:
        return ngettext("Delete %(count)d alias?", "Delete %(count)d aliases?", count) % {"count": count}

    def done(self, count: int) -> str:
        return ngettext("%(count)d alias is deleted.", "%(count)d aliases are deleted.", count) % {"count": count}

    def consequences(self) -> list[str]:
        return off_consequences()

    def gone_addresses(self) -> list[str]:
        return self.keys
