"""How the OpenAPI document is made of the views: of their class attributes, so that no view has to repeat itself."""

from __future__ import annotations

import hashlib
from functools import cache
from threading import Lock
from typing import Any

from django.utils import translation
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import OpenApiParameter

from . import components
from .components import Schema, header, headers_of, parameter, refusal, schema_of
from .scopes import CREATE, WRITE

WRITES = ("POST", "PUT", "PATCH", "DELETE")
VERBS = {"POST": "create", "PUT": "put", "PATCH": "change", "DELETE": "delete"}
SUMMARIES = {
    "list": "List the {many}",
    "show": "Show the {one}",
    "create": "Create the {one}",
    "put": "Create the {one}, or change it to be so",
    "change": "Change the {one}",
    "delete": "Delete the {one}",
}


_making = Lock()


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "mailadmin.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:
        return {"type": "http", "scheme": "bearer", "description": "As `manage.py token add` prints it, once."}


class Generator(SchemaGenerator):
    """The key in a path is called what it is in the body."""

    def coerce_path(self, path: str, method: str, view: Any) -> str:
        path = super().coerce_path(path, method, view)
        return path.replace("{key}", f"{{{view.key_field}}}") if hasattr(view, "key_field") else path


@cache
def document() -> bytes:
    """The same for everybody, and made once: it takes a while. By one thread: drf-spectacular finds its extensions when
    it is first asked, and would tell a second one that there are none."""
    with _making, translation.override("en"):
        made = Generator().get_schema(request=None, public=True)
    return bytes(OpenApiJsonRenderer().render(made, renderer_context={}))


@cache
def document_tag() -> str:
    return f'"{hashlib.sha256(document()).hexdigest()[:16]}"'


class Description(AutoSchema):
    """Of an ApiView: what every request may say and every answer is. Of a Resource its bodies as well."""

    view: Any

    @property
    def is_resource(self) -> bool:
        return hasattr(self.view, "key_field")

    @property
    def verb(self) -> str:
        if self.method != "GET":
            return VERBS[self.method]
        if not self.is_resource:
            return "show" if self.path.endswith("}/") else "read"
        return "show" if self.view.is_single or self.path.endswith("}/") else "list"

    def get_operation_id(self) -> str:
        return "_".join([*self._tokenize_path(), self.verb]).replace("-", "_")

    def get_summary(self) -> str | None:
        if not self.is_resource:
            return None
        meta = self.view.model._meta
        return SUMMARIES[self.verb].format(one=meta.verbose_name, many=meta.verbose_name_plural)

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        verb = self.view.verb_of(self.method)
        verbs = [verb] if verb else [CREATE, WRITE]
        scopes = " or ".join(f"`{self.view.scope}:{verb}`" for verb in verbs)
        told = getattr(self.view, self.method.lower()).__doc__ or type(self.view).__doc__ or ""
        return f"{told}\n\nScope: {scopes}.".strip()

    # -- What is sent

    def get_override_parameters(self) -> list[Any]:
        if self.method in WRITES:
            return [*self._path_parameters(), *self._parameters_of_writes()]
        if not self.is_resource:
            return self._path_parameters()
        return [*self._path_parameters(), parameter("fields", components.NAMES), *self._parameters_of_reads()]

    def _path_parameters(self) -> list[OpenApiParameter]:
        if not self.is_resource or f"{{{self.view.key_field}}}" not in self.path:
            return []
        schema = {**self._key_schema(), "description": "As in the body, percent-encoded."}
        return [parameter(self.view.key_field, schema, OpenApiParameter.PATH)]

    def _key_schema(self) -> Schema:
        field = force_instance(self.view.serializer_class).fields.get(self.view.key_field)
        if field is None:
            return components.TEXT
        schema = self._map_serializer_field(field, "request")
        self._insert_field_validators(field, schema)
        return {key: value for key, value in schema.items() if key in ("type", "format", "maxLength", "minLength")}

    def _parameters_of_writes(self) -> list[OpenApiParameter]:
        matches = {"If-Match": components.IF_MATCH, "If-None-Match": components.IF_NONE_THERE}
        return [
            parameter("dry_run", components.DRY_RUN),
            header("Idempotency-Key", components.IDEMPOTENCY_KEY),
            header("Prefer", components.PREFER),
            *(header(name, schema) for name, schema in matches.items() if self.is_resource and self.method != "POST"),
        ]

    def _parameters_of_reads(self) -> list[OpenApiParameter]:
        if self.verb == "show":
            return [header("If-None-Match", components.IF_NONE_MATCH)]
        orders = [sign + name for name in self.view.order_choices() for sign in ("", "-")]
        filters = {name: {**components.FILTERS.get(name, components.TEXT)} for name in self.view.filters}
        return [
            parameter("limit", components.LIMIT),
            parameter("after", components.AFTER),
            parameter("order", {**components.TEXT, "enum": orders, "default": orders[0]}),
            *(parameter(name, schema) for name, schema in {**filters, **self.view.filter_schemas}.items()),
        ]

    def get_request_serializer(self) -> Any:
        """What is not given in a PUT is left as it is, and its key is in the path."""
        if self.is_resource and self.method == "PUT":
            return self.view.serializer_class(partial=True)
        return super().get_request_serializer()

    # -- What is answered

    def get_response_serializers(self) -> Any:
        if not self.is_resource:
            return super().get_response_serializers()
        shown = self.view.serializer_class
        return {
            "list": {200: self._page_of(self._shown())},
            "show": {200: shown, 304: None},
            "create": {201: shown, 202: shown},
            "put": {200: shown, 201: shown, 202: shown},
            "change": {200: shown, 202: shown},
            "delete": {202: None, 204: None},
        }[self.verb]

    def _page_of(self, shown: Schema) -> Schema:
        results = {"type": "array", "items": dict(shown)}
        following = {"type": ["string", "null"], "format": "uri", "description": "The next page; null on the last."}
        return {
            "type": "object",
            "properties": {"results": results, "next": following},
            "required": ["results", "next"],
            "additionalProperties": False,
        }

    def _shown(self) -> Schema:
        return dict(self.resolve_serializer(force_instance(self.view.serializer_class), "response").ref)

    def _get_response_bodies(self, direction: Any = "response") -> Schema:
        """And the refusals, whatever the view says of itself."""
        bodies = super()._get_response_bodies(direction)
        if self.method in WRITES:
            self._add_rehearsal(bodies)
        else:
            self._page_lists(bodies)
        for status, body in bodies.items():
            names = components.HEADERS_OF.get(int(status), ()) if status.isdecimal() else ()
            body["headers"] = {**headers_of(self.registry, self._told(names)), **body.get("headers", {})}
            body["description"] = components.ANSWERS.get(status, body["description"])
        return {**bodies, **{str(each): refusal(self.registry, each) for each in self._refusals()}}

    def _page_lists(self, bodies: Schema) -> None:
        """Where a view says that it answers many, it answers a page of them."""
        for media in bodies.get("200", {}).get("content", {}).values():
            if media["schema"].get("type") == "array":
                media["schema"] = self._page_of(media["schema"]["items"])

    def _add_rehearsal(self, bodies: Schema) -> None:
        """With 200, beside what else may come with it."""
        rehearsed = schema_of(self.registry, "Rehearsal", components.REHEARSAL)
        body = bodies.setdefault("200", {"description": ""})
        media = body.setdefault("content", {}).setdefault("application/json", {"schema": rehearsed})
        if media["schema"] != rehearsed:
            media["schema"] = {"anyOf": [media["schema"], rehearsed]}

    def _told(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if self.method in WRITES else tuple(each for each in names if each in (*components.LIMITS, "ETag"))

    def _refusals(self) -> list[int]:
        here = [404] if "{" in self.path else []
        return sorted([*components.OF_EVERY_REQUEST, *here, *(components.OF_WRITES if self.method in WRITES else ())])

    # -- Components

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return super().get_serializer_name(serializer, direction).removesuffix("Fields")

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Schema:
        """Unknown fields are refused; with `fields` none has to be in the answer."""
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "response":
            schema.pop("required", None)
        if not type(serializer).__dict__.get("__doc__"):  # it would be that of the base class
            schema.pop("description", None)
        return {**schema, "additionalProperties": False}
