from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from bulk.models import Action, Existing, Kind
from mailadmin.pages.forms import ServiceForm


class ImportForm(ServiceForm):
    kind = forms.ChoiceField(label=gettext_lazy("What is in the file"), choices=Kind.choices, widget=forms.RadioSelect)
    existing = forms.ChoiceField(
        label=gettext_lazy("A row that is there already"),
        choices=Existing.choices,
        initial=Existing.REFUSE,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=gettext_lazy("File"), max_length=255, widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"})
    )

    def prepare(self) -> None:
        kinds = [(kind, label) for kind, label in Kind.choices if self.actor.is_superadmin or kind != Kind.DOMAINS]
        for name, choices in (("kind", kinds), ("existing", Existing.choices)):
            self.fields[name].choices = [(value, capfirst(label)) for value, label in choices]  # type: ignore[attr-defined]
        self.fields["kind"].initial = Kind.MAILBOXES
        self.fields["file"].help_text = _(
            "CSV as a spreadsheet saves it, in UTF-8, with the names of the columns in the first line. At most"
            " %(megabytes)d MB and %(lines)d lines."
        ) % {"megabytes": settings.IMPORT_MAX_BYTES // 1_000_000, "lines": settings.IMPORT_MAX_LINES}


class LineFilters(forms.Form):
    """What narrows the lines of an import, from the address of the page. A value that is wrong narrows nothing."""

    action = forms.ChoiceField(
        choices=[("", pgettext_lazy("lines of an import", "All")), *Action.choices], required=False
    )
    after = forms.IntegerField(min_value=0, max_value=10**9, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.is_valid()
