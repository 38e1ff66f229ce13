"""What is made by one call, and what those calls have in common."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db.models import Model
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed

from mailadmin.api.fields import Text
from mailadmin.api.resources import LIST_METHODS, Resource
from mailadmin.errors import refuse
from people.models import Template

Row = TypeVar("Row", bound=Model)


def optional(text: str = "", **options: Any) -> Text:
    return Text(required=False, allow_blank=True, help_text=text, **options)


class MadeOnce(Resource[Row]):
    """What is made and read, and never edited or deleted through its own URL."""

    def edit(self, row: Row, fields: dict[str, Any]) -> NoReturn:
        raise MethodNotAllowed(str(self.request.method))

    def remove(self, row: Row) -> NoReturn:
        raise MethodNotAllowed(str(self.request.method))


def template_named(name: str, actor: Any) -> Template:
    template = Template.objects.visible_to(actor).filter(name=name).first()
    if template is None:
        refuse("template", _("There is no template %(name)s."), "template_unknown", name=name)
    return template


def read_paths(name: str, view: Any) -> list[Any]:
    """`NAME/` and `NAME/ID/`, which is only read."""
    whole, one = (
        view.as_view(http_method_names=LIST_METHODS),
        view.as_view(http_method_names=["get", "head", "options"]),
    )
    return [path(f"{name}/", whole, name=f"{name}_list"), path(f"{name}/<int:key>/", one, name=name)]
