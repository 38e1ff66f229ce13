from __future__ import annotations

from typing import Any

from crispy_forms.layout import HTML, Column, Fieldset, Row
from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mailadmin.accounts.passwords import advice
from mailadmin.pages.fields import ADDRESS_ATTRS, PasswordField, QuotaField, TargetsField, domain_field
from mailadmin.pages.forms import ServiceForm
from mailadmin.pages.lists import DomainField, FilterForm
from people.models import State, Template
from people.reading import COMING, DAYS_AT_MOST, LEAVING, REPLY_WORDS
from people.services.persons import FIELDS as PERSON_FIELDS
from vacations.forms import MomentField

HALF = "col-sm-6"
# Of a new template: what there is to say, to be changed or taken out.
BEGINNING = """\
addresses: ["{first}.{last}", "{first_initial}{last}"]
on_collision: next
aliases: []
groups: []
quota_mb: 1000
offboarding:
  reply_subject: ""
  reply_body: ""
  forward_days: 30
  archive_days: 90
  purge_days: 30
  reserve_days: 365
"""


class DomainFilters(FilterForm):
    domain = DomainField()


class OffboardingFilters(DomainFilters):
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *State.choices])


class AddressField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, required=False, widget=forms.TextInput(attrs=ADDRESS_ATTRS), **options)


def text_field(label: Any, length: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, **options)


class OnboardingForm(ServiceForm):
    service_names = {"quota_bytes": "quota", "local_part": "address"}

    given_name = text_field(_("Given name"), 120)
    family_name = text_field(_("Family name"), 120)
    department = text_field(_("Department"), 120, help_text=_("It also chooses the template."))
    title = text_field(_("Title"), 120)
    employee_number = text_field(_("Employee number"), 64)
    external_id = text_field(_("External id"), 255, help_text=_("The personnel system's own key."))
    template = forms.ModelChoiceField(
        Template.objects.none(), label=_("Template"), required=False, empty_label=_("The one that fits")
    )
    address = AddressField(label=_("Address"), help_text=_("Empty: made of the names, as the template says."))
    aliases = TargetsField(label=_("More addresses"), required=False, help_text=_("Empty: as the template says."))
    groups = TargetsField(
        label=_("Distribution aliases"),
        required=False,
        help_text=_("Aliases that are there, and get this mailbox as a target. Empty: as the template says."),
    )
    quota = QuotaField(required=False, help_text=_("In MB; empty: as the template says."))
    language = forms.ChoiceField(label=_("Language"), required=False)
    recovery_address = AddressField(
        label=_("Recovery address"), help_text=_("A private one: the link to choose a password goes there.")
    )
    password = PasswordField(required=False, help_text=_("Empty: the person chooses one, by the link."))

    def prepare(self) -> None:
        self.fields["domain"] = domain_field(self.actor)
        template: Any = self.fields["template"]
        template.queryset = Template.objects.visible_to(self.actor)
        language: Any = self.fields["language"]
        language.choices = [("", _("As the template says")), *settings.LANGUAGES]
        self.fields["given_name"].widget.attrs["autofocus"] = True
        for name in ("aliases", "groups"):
            self.fields[name].widget.attrs["rows"] = 2
        self.fields["password"].help_text += f" {advice()}"

    @property
    def call(self) -> dict[str, Any]:
        """What to call the service with; what is left empty is for the template to say."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in ("", [], None)}
        if "quota" in given:
            given["quota_bytes"] = given.pop("quota")
        alone = ("domain", "address", "template", "recovery_address", "password")
        return {
            **{name: given[name] for name in alone if name in given},
            "person": {name: given[name] for name in PERSON_FIELDS if name in given and name != "language"},
            # Whoever typed it knows it: it is good until the person has chosen another one.
            "wishes": {name: given[name] for name in COMING if name in given} | {"must_change": True},
        }

    def layout(self) -> list[Any]:
        return [
            Fieldset(
                "",
                Row(Column("given_name", css_class=HALF), Column("family_name", css_class=HALF)),
                Row(Column("department", css_class=HALF), Column("title", css_class=HALF)),
                Row(Column("employee_number", css_class=HALF), Column("external_id", css_class=HALF)),
            ),
            Fieldset(
                gettext("Mailbox"),
                Row(Column("domain", css_class=HALF), Column("template", css_class=HALF)),
                Row(Column("address", css_class=HALF), Column("quota", css_class=HALF)),
                "aliases",
                "groups",
            ),
            Fieldset(
                gettext("Sign-in"),
                Row(Column("recovery_address", css_class=HALF), Column("language", css_class=HALF)),
                "password",
            ),
        ]


def days_field(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=DAYS_AT_MOST)


def words_help(words: tuple[str, ...]) -> str:
    return gettext("It may contain %(words)s.") % {"words": ", ".join(f"{{{word}}}" for word in words)}


class OffboardingForm(ServiceForm):
    has_revision = False

    at = MomentField(label=_("Leaves"), help_text=_("Empty: now."))
    successor = AddressField(label=_("Successor"), help_text=_("Who gets the mail from then on. Empty: nobody."))
    forward_days = days_field(_("Forward for, days"))
    reply_subject = text_field(_("Subject"), 200)
    reply_body = forms.CharField(
        label=_("Text"), required=False, strip=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 5})
    )
    archive_days = days_field(_("Delete the mailbox after, days"))
    purge_days = days_field(_("Then keep its mail for, days"))
    reserve_days = days_field(_("Then keep the address free for, days"))

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {}

    def prepare(self) -> None:
        self.fields["reply_body"].help_text = words_help(REPLY_WORDS) + " " + gettext("Empty: no reply.")

    @property
    def wishes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in LEAVING}

    def layout(self) -> list[Any]:
        third = "col-sm-4"
        return [
            Fieldset(gettext("When"), HTML('{% include "vacations/_zone.html" %}'), Row(Column("at", css_class=HALF))),
            Fieldset(
                gettext("Mail"),
                Row(Column("successor", css_class=HALF), Column("forward_days", css_class=HALF)),
            ),
            Fieldset(gettext("Automatic reply"), "reply_subject", "reply_body"),
            Fieldset(
                gettext("Afterwards"),
                Row(*(Column(name, css_class=third) for name in ("archive_days", "purge_days", "reserve_days"))),
            ),
        ]


class TemplateForm(ServiceForm):
    denied_field = "domain"

    name = forms.CharField(label=_("Name"), max_length=64)
    department = text_field(_("Department"), 120, help_text=_("Empty: for all that have no template of their own."))
    source = forms.CharField(
        label=_("What it says"),
        strip=False,
        initial=BEGINNING,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono", "spellcheck": "false"}),
        help_text=_("YAML. All fields are described in the documentation."),
    )
    given_name = text_field(_("Given name"), 120, initial="Jane")
    family_name = text_field(_("Family name"), 120, initial="Doe")

    def prepare(self) -> None:
        domain: Any = domain_field(self.actor, required=False)
        self.fields["domain"] = domain
        if isinstance(domain, forms.ChoiceField) and self.actor.is_superadmin:
            names: list[Any] = [choice for choice in domain.widget.choices if choice[0]]
            domain.choices = [("", _("All domains")), *names]

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        return {**super().present(instance), "domain": instance.domain_id}

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in super().changes.items() if name not in ("given_name", "family_name")}

    @property
    def example(self) -> dict[str, str]:
        """Whom the preview is about."""
        names = {name: self.cleaned_data[name] for name in ("given_name", "family_name")}
        return {**names, "employee_number": "1234"}

    def layout(self) -> list[Any]:
        return [
            Fieldset("", "name", Row(Column("domain", css_class=HALF), Column("department", css_class=HALF)), "source"),
            Fieldset(
                gettext("Try it on"),
                Row(Column("given_name", css_class=HALF), Column("family_name", css_class=HALF)),
            ),
        ]
