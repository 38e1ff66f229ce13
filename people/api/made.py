"""What is made by one call, and what those calls have in common."""

from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext as _

from mailadmin.accounts.actors import Actor
from mailadmin.api.fields import Text
from mailadmin.api.resources import LIST_METHODS
from mailadmin.errors import refuse
from people.models import Template


def optional(text: str = "", **options: Any) -> Text:
    return Text(required=False, allow_blank=True, help_text=text, **options)


def template_named(name: str, actor: Actor) -> Template | None:
    """None without a name: the one that fits is taken."""
    template = Template.objects.visible_to(actor).filter(name=name).first() if name else None
    if name and template is None:
        refuse("template", _("There is no template %(name)s."), "template_unknown", name=name)
    return template


def read_paths(name: str, view: Any) -> list[Any]:
    """`NAME/` and `NAME/ID/`, which is only read."""
    whole, one = (view.as_view(http_method_names=methods) for methods in (LIST_METHODS, ["get", "head", "options"]))
    return [path(f"{name}/", whole, name=f"{name}_list"), path(f"{name}/<int:key>/", one, name=name)]
