"""Form fields that several rooms need: a domain to choose, a quota, targets, a password."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from domains.models import AliasDomain, Domain
from mailadmin.accounts.actors import Actor
from mailadmin.addresses import normalise_domain, show_address, split_targets

CHOICES_AT_MOST = 50
MEGABYTES_AT_MOST = 10**12
ADDRESS_ATTRS = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def own_domains(actor: Actor) -> QuerySet[Domain]:
    """The domains that this actor may put addresses in: those that are not an alias domain."""
    return Domain.objects.visible_to(actor).exclude(Exists(AliasDomain.objects.filter(name=OuterRef("name"))))


def domain_field(actor: Actor, **options: Any) -> forms.Field:
    """A list to choose from, or a text where the list would be too long to be read."""
    options.setdefault("label", gettext_lazy("Domain"))
    domains = own_domains(actor)
    choices = list(domains.order_by("name")[: CHOICES_AT_MOST + 1])
    if len(choices) > CHOICES_AT_MOST:
        return DomainText(domains, **options)
    return DomainChoice(choices, **options)


class DomainText(forms.CharField):
    """Cleans to a Domain."""

    def __init__(self, domains: QuerySet[Domain], **options: Any) -> None:
        super().__init__(max_length=254, widget=forms.TextInput(attrs=ADDRESS_ATTRS), **options)
        self.domains = domains

    def clean(self, value: Any) -> Domain | None:
        text = super().clean(value)
        if not text:
            return None
        domain = self.domains.filter(pk=normalise_domain(text)).first()
        if domain is None:
            raise ValidationError(_("There is no such domain among yours."), code="domain_unknown")
        return domain


class DomainChoice(forms.ChoiceField):
    """Cleans to a Domain."""

    def __init__(self, domains: list[Domain], **options: Any) -> None:
        self.domains = {domain.pk: domain for domain in domains}
        # Chosen, not left at whatever comes first in the alphabet; but where there is one, there is no choice.
        nothing = [("", gettext_lazy("Choose a domain"))] if len(domains) != 1 else []
        super().__init__(choices=[*nothing, *((domain.pk, str(domain)) for domain in domains)], **options)

    def clean(self, value: Any) -> Domain | None:
        return self.domains.get(super().clean(value))


class QuotaField(forms.DecimalField):
    """Typed in MB of QUOTA_MULTIPLIER bytes, as Postfixadmin counts; cleans to bytes, empty to None."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Quota"))
        options.setdefault("max_value", MEGABYTES_AT_MOST)
        super().__init__(decimal_places=6, **options)
        self.widget.attrs.update({"step": "any", "inputmode": "decimal"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int) or value <= 0:
            return value
        number = (Decimal(value) / settings.QUOTA_MULTIPLIER).quantize(Decimal("0.000001"))
        return format(number.normalize(), "f")

    def clean(self, value: Any) -> int | None:
        number = super().clean(value)
        return None if number is None else int((number * settings.QUOTA_MULTIPLIER).to_integral_value())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class TargetsField(forms.CharField):
    """Addresses, one on each line; cleans to a list of what was typed. Whether they are addresses the service says."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Targets"))
        options.setdefault("help_text", gettext_lazy("One address on each line, here or elsewhere."))
        widget = forms.Textarea(attrs={"rows": 5, "class": "mono", **ADDRESS_ATTRS})
        super().__init__(max_length=300_000, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(show_address(target) for target in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return split_lines(super().clean(value))


def split_lines(text: str) -> list[str]:
    """One target of each line; a line of several is split as the table's column is, unless it is no address."""
    targets = []
    for line in text.splitlines():
        line = line.strip()
        targets += [line] if line.startswith(("|", '"', ":", "/")) else split_targets(line)
    return [target for target in targets if target]


class PasswordField(forms.CharField):
    """As typed: blanks at the ends belong to the password. Never shown again."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", gettext_lazy("Password"))
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(strip=False, widget=widget, **options)
