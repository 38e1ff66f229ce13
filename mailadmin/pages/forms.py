"""Forms that one service call answers. They check shapes alone: what is allowed is the service's to say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as _

from mailadmin.accounts.actors import Actor
from mailadmin.revisions import revision


def codes(error: ValidationError) -> Iterator[str]:
    """The codes of an error and of all that it holds."""
    parts = error.error_dict.values() if hasattr(error, "error_dict") else [error.error_list]
    for errors in parts:
        yield from (str(single.code) for single in errors)


class ServiceForm(forms.Form):
    """`instance` is the row that the form changes, None for a new one; `actor` narrows what can be chosen."""

    # The service's name of a field, where the form's is another: an error there belongs to the field here.
    service_names: ClassVar[dict[str, str]] = {}
    # The form goes with the state of the row that it showed, so that a change by someone else is not undone.
    has_revision: ClassVar[bool] = True
    # The field in which something can be typed that this actor may not do.
    denied_field: ClassVar[str | None] = None

    def __init__(self, *args: Any, actor: Actor, instance: Model | None = None, **kwargs: Any) -> None:
        self.actor = actor
        self.instance = instance
        if instance is not None:
            kwargs["initial"] = {**self.present(instance), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        if instance is not None and self.has_revision:
            self.fields["revision"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=revision(instance)
            )
        self.prepare()

    def prepare(self) -> None:
        """For choices that depend on the actor or the row."""

    @classmethod
    def present(cls, instance: Any) -> dict[str, Any]:
        """What the fields show for a row: by default the attributes of the same names."""
        return {name: getattr(instance, name) for name in cls.base_fields if hasattr(instance, name)}

    def layout(self) -> list[Any]:
        return [name for name in self.fields if name != "revision"]

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True  # the template's <form> has the token
        helper.layout = Layout(*self.layout(), *(["revision"] if "revision" in self.fields else []))
        return helper

    @property
    def changes(self) -> dict[str, Any]:
        """What was typed, by the service's names."""
        names = {form_name: name for name, form_name in self.service_names.items()}
        return {names.get(name, name): value for name, value in self.cleaned_data.items() if name != "revision"}

    @property
    def expected_revision(self) -> str | None:
        return self.cleaned_data.get("revision") or None

    def refuse(self, error: ValidationError) -> None:
        """Show a service's refusal where it belongs; what names a field that the form lacks, above all fields."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            field = self.service_names.get(name, name)
            shown = field in self.fields and not self.fields[field].widget.is_hidden
            self.add_error(field if shown else None, ValidationError(errors))

    def deny(self) -> None:
        self.add_error(self.denied_field, ValidationError(_("You may not do this."), code="denied"))

    def focus_first_error(self) -> None:
        """The page opens where something must be mended, and a screen reader reads it out: without JavaScript too."""
        wrong = next((name for name in self.fields if name in self.errors), None)
        for name, field in self.fields.items():
            if name == wrong:
                field.widget.attrs["autofocus"] = True
            elif wrong:
                field.widget.attrs.pop("autofocus", None)  # of two the browser would take the first

    def show_present(self, instance: Model) -> None:
        """After a `stale` refusal: what is there now stands beside what was typed, and sending again overwrites it."""
        self.instance = instance
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("revision")] = revision(instance)
        self.data = data
        for name, value in self.present(instance).items():
            if name in self.fields and self.cleaned_data.get(name) != value:
                self._note_present(name, value)

    def _note_present(self, name: str, value: Any) -> None:
        field = self.fields[name]
        shown = field.prepare_value(value)
        if isinstance(value, bool):
            shown = _("yes") if value else _("no")
        elif isinstance(field, forms.ChoiceField):
            shown = next((label for choice, label in field.widget.choices if choice == value), value)
        now = _("Now: %(value)s") % {"value": shown if shown != "" else _("(empty)")}
        field.help_text = format_html('<span class="now">{}</span> {}', now, field.help_text)
        # Made when the form was cleaned, with the old text.
        self._bound_fields_cache.pop(name, None)  # type: ignore[attr-defined]  # the stubs lack it
