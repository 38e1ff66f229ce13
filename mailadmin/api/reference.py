"""The OpenAPI document for people to read: operations by resource, each with what it takes and what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from .openapi import document

METHODS = ("get", "post", "put", "patch", "delete")
BOUNDS = {"maxLength": "{} characters at most", "minimum": "from {}", "maximum": "to {}", "maxItems": "{} at most"}


@dataclass(frozen=True)
class Field:
    name: str
    where: str  # path, query, header or body
    type: str
    required: bool
    description: str


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    fields: list[Field]
    example: str
    answers: list[tuple[str, str]]


@cache
def resources() -> dict[str, list[Operation]]:
    """By the first part of their paths."""
    described = json.loads(document())
    found: dict[str, list[Operation]] = {}
    for path, methods in described["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = _Reader(described).operation(path, method, methods[method])
                found.setdefault(methods[method]["tags"][0], []).append(operation)
    return found


class _Reader:
    def __init__(self, described: dict[str, Any]) -> None:
        self.described = described

    def operation(self, path: str, method: str, operation: dict[str, Any]) -> Operation:
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        examples = [each["value"] for each in body.get("examples", {}).values()]
        return Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation.get("summary", ""),
            description=operation.get("description", ""),
            fields=[*self._parameters(operation), *self._body(body.get("schema", {}))],
            example=json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else "",
            answers=[(code, self._found(answer)["description"]) for code, answer in operation["responses"].items()],
        )

    def _parameters(self, operation: dict[str, Any]) -> list[Field]:
        return [
            self._field(each["name"], each["in"], {**each["schema"], **each}, each.get("required", False))
            for each in operation.get("parameters", [])
        ]

    def _body(self, schema: dict[str, Any]) -> list[Field]:
        schema = self._found(schema)
        required = schema.get("required", [])
        properties = schema.get("properties", {})
        return [self._field(name, "body", each, name in required) for name, each in properties.items()]

    def _field(self, name: str, where: str, schema: dict[str, Any], required: bool) -> Field:
        return Field(name, where, self._type(schema), required, schema.get("description", ""))

    def _type(self, schema: dict[str, Any]) -> str:
        """`array of string`, `integer or null: from 0`, `a or b`."""
        schema = self._found(schema)
        if choices := schema.get("enum"):
            return " or ".join(str(each) for each in choices)
        kinds = schema.get("type", "object")
        kind = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
        if "items" in schema:
            kind += f" of {self._type(schema['items'])}"
        bounds = ", ".join(text.format(schema[name]) for name, text in BOUNDS.items() if name in schema)
        return f"{kind}: {bounds}" if bounds else kind

    def _found(self, schema: dict[str, Any]) -> dict[str, Any]:
        """What a `$ref` says, wherever it stands."""
        if several := schema.get("allOf") or schema.get("oneOf") or schema.get("anyOf"):
            return {**self._found(several[0]), **schema}
        if "$ref" not in schema:
            return schema
        found = self.described
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found
