"""What every operation of the OpenAPI document has in common: parameters, headers, refusals, the shape of a dry run."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from .paging import ROWS, ROWS_AT_MOST
from .problems import MEDIA_TYPE
from .requests import KEY_PATTERN, WAIT_SECONDS_AT_MOST

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
# What the parameters of lists are, by name; a resource says its own in `filter_schemas`.
FILTERS: dict[str, Schema] = {
    "q": {**TEXT, "maxLength": 255, "description": "What they begin with."},
    "active": {**BOOLEAN, "description": "Only those that are switched on, or off."},
    "domain": {**TEXT, "maxLength": 255, "description": "Only those of this domain."},
}
NAMES: Schema = {**TEXT, "description": "Only these fields, with commas between their names."}
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": ROWS_AT_MOST, "default": ROWS}
AFTER: Schema = {**TEXT, "description": "Where the page begins: as in the link to the next page."}
DRY_RUN: Schema = {**BOOLEAN, "default": False, "description": "Say what it would do, and do nothing."}

IDEMPOTENCY_KEY = {
    **TEXT,
    "pattern": KEY_PATTERN,
    "description": "For 24 hours the same request with the same key gets the first answer again.",
}
PREFER = {**TEXT, "description": f"`wait=SECONDS`, {WAIT_SECONDS_AT_MOST} at most: answer when it is live, else 202."}
IF_MATCH = {**TEXT, "description": "An ETag: only if it is still so. `*`: only if it is there."}
IF_NONE_MATCH = {**TEXT, "description": "ETags: 304 if it is still so."}
IF_NONE_THERE = {**TEXT, "description": "`*`: only if it is not there yet."}

HEADERS: dict[str, Schema] = {
    "ETag": {**TEXT, "description": "Of what was sent; for If-None-Match and If-Match."},
    "Location": {**TEXT, "format": "uri-reference", "description": "Of what was made; with 202, of the job."},
    "RateLimit": {**TEXT, "description": '`"token";r=REQUESTS_LEFT;t=SECONDS_TILL_MORE`'},
    "RateLimit-Policy": {**TEXT, "description": '`"token";q=REQUESTS;w=SECONDS`'},
    "Retry-After": {"type": "integer", "minimum": 1, "description": "Seconds."},
    "WWW-Authenticate": TEXT,
    "Preference-Applied": {**TEXT, "description": "Of Prefer."},
    "Idempotency-Replayed": {"type": "string", "enum": ["true"], "description": "It is the first answer again."},
}
LIMITS = ("RateLimit", "RateLimit-Policy")
TOLD = (*LIMITS, "Preference-Applied", "Idempotency-Replayed")
# Of each status that is no refusal, with whatever method.
HEADERS_OF = {
    200: (*TOLD, "ETag"),
    201: (*TOLD, "ETag", "Location"),
    202: (*TOLD, "ETag", "Location"),
    204: TOLD,
    304: (*LIMITS, "ETag"),
}
ANSWERS = {
    "200": "Done, or shown. With `dry_run`: what the request would do.",
    "201": "Created. It is where `Location` says.",
    "202": "Done, and not live yet: `Location` is the job.",
    "204": "Deleted.",
    "304": "It is still what If-None-Match says.",
}
REFUSALS = {
    400: "A parameter, a header or a field is wrong.",
    401: "The token is missing, unknown, switched off or expired.",
    403: "The token may not do that, or not from there.",
    404: "There is no such thing, or it is another's.",
    406: "Only JSON can be had.",
    409: "There is one already, `existing` if the token may see it; or something is in its way.",
    412: "It is not, or not any more, what If-Match or If-None-Match says.",
    413: "The body is too large.",
    415: "The body is no application/json.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many requests for this token.",
    503: "The database is busy; nothing was done.",
}
HEADERS_OF_REFUSAL = {401: ("WWW-Authenticate",), 429: (*LIMITS, "Retry-After"), 503: (*LIMITS, "Retry-After")}
OF_EVERY_REQUEST = (400, 401, 403, 406, 429, 503)
OF_WRITES = (409, 412, 413, 415, 422)

ERRORS: Schema = {
    "type": "object",
    "description": "By field; nested ones as in `aliases.0`.",
    "additionalProperties": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"code": TEXT, "message": TEXT},
            "required": ["code", "message"],
            "additionalProperties": False,
        },
    },
}
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `code` is for programs and stays as it is; `detail` is for people.",
    "properties": {
        "type": {**TEXT, "format": "uri-reference"},
        "title": TEXT,
        "status": {"type": "integer"},
        "code": TEXT,
        "detail": TEXT,
        "errors": ERRORS,
        "existing": {**TEXT, "format": "uri-reference", "description": "What has the name already."},
    },
    "required": ["type", "title", "status", "code", "detail"],
}
_ANYTHING: Schema = {"type": ["object", "null"], "additionalProperties": True}
REHEARSAL: Schema = {
    "type": "object",
    "description": "What the request would do.",
    "properties": {
        "dry_run": {"type": "boolean", "const": True},
        "status": {"type": "integer", "description": "What would have been answered."},
        "result": {"description": "And with what."},
        "changes": {
            "type": "array",
            "description": "Every row before and after, secrets masked.",
            "items": {
                "type": "object",
                "properties": {
                    "action": TEXT,
                    "object_type": TEXT,
                    "key": TEXT,
                    "before": _ANYTHING,
                    "after": _ANYTHING,
                },
            },
        },
        "pending": {"type": "array", "description": "The mail hosts' work.", "items": {"type": "object"}},
        "warnings": {"type": "array", "items": TEXT},
    },
    "required": ["dry_run", "status", "result", "changes", "pending", "warnings"],
}


def parameter(name: str, schema: Schema, where: Any = OpenApiParameter.QUERY) -> OpenApiParameter:
    shape = {key: value for key, value in schema.items() if key != "description"}
    required = where == OpenApiParameter.PATH
    return OpenApiParameter(name, shape, where, required=required, description=schema.get("description", ""))


def header(name: str, schema: Schema) -> OpenApiParameter:
    return parameter(name, schema, OpenApiParameter.HEADER)


def schema_of(registry: ComponentRegistry, name: str, schema: Schema) -> Schema:
    return _ref(registry, ResolvedComponent.SCHEMA, name, schema)


def headers_of(registry: ComponentRegistry, names: tuple[str, ...]) -> Schema:
    return {name: _ref(registry, ResolvedComponent.HEADER, name, _header(name)) for name in names}


def refusal(registry: ComponentRegistry, status: int) -> Schema:
    names = HEADERS_OF_REFUSAL.get(status, LIMITS)
    content = {MEDIA_TYPE: {"schema": schema_of(registry, "Problem", PROBLEM)}}
    told = {"description": REFUSALS[status], "headers": headers_of(registry, names), "content": content}
    return _ref(registry, ResolvedComponent.RESPONSE, HTTPStatus(status).phrase.replace(" ", ""), told)


def _header(name: str) -> Schema:
    schema = HEADERS[name]
    shape = {key: value for key, value in schema.items() if key != "description"}
    return {"description": schema.get("description", name), "schema": shape}


def _ref(registry: ComponentRegistry, kind: str, name: str, schema: Schema) -> Schema:
    component = ResolvedComponent(name, kind, schema, object=name)
    registry.register_on_missing(component)
    return component.ref
