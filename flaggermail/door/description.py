# SPDX-License-Identifier: EUPL-1.2
"""The description of the door (OpenAPI 3.1), made from the classes that read requests and make answers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from flaggermail import __version__
from flaggermail.commands.door import command_of
from flaggermail.desk.answers import Schemas, ViewAnswer
from flaggermail.documents.octets import MediaType
from flaggermail.door import catalogue
from flaggermail.door.problems import API_VERSION, PROBLEM_TYPE
from flaggermail.mail.message import Json
from flaggermail.services import UnitOfWork

_REF = "#/components/schemas/"
_ANY: dict[str, Json] = {"type": "object"}
_NULLABLE = ["string", "null"]
_PROBLEM: dict[str, Json] = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "where": {"type": _NULLABLE}, "wanted": {"type": _NULLABLE},
        "refused": {"type": ["object", "null"]}, "hint": {"type": ["object", "null"]},
        "earlier": {"type": "object"},
    },
    "required": ["detail", "status", "title", "type", "wanted", "where"],
    "additionalProperties": False,
}  # fmt: skip
_DONE: dict[str, Json] = {
    "type": "object",
    "properties": {
        "key": {"type": "string"}, "state": {"type": "string"},
        "warnings": {"type": "array", "items": {"type": "string"}}, "did": {"type": "object"},
        "version": {"type": "integer"},
    },
    "required": ["did", "key", "state", "version", "warnings"],
}  # fmt: skip
_WHO = "The person is the account at the other end of the Unix socket; nothing in a request names one."
_BY_GET = (400, 403, 404, 405, 408, 409, 414, 422, 429, 431, 503)
_BY_POST = (*_BY_GET, 411, 413, 415, 417)
_HEADERS: dict[str, Json] = {"API-Version": {"schema": {"const": API_VERSION}, "required": True}}


def document() -> dict[str, Json]:
    """Returns the description of every address of the door."""
    schemas = Schemas(_REF)
    held: dict[str, Json] = {"Problem": _PROBLEM, "Done": _DONE}
    paths: dict[str, Json] = {
        "/health": {"get": _operation("health", "Whether the door answers.", _answer(_ANY), _BY_GET)},
        "/v1/openapi.json": {"get": _operation("openapi", "This description.", _answer(_ANY), _BY_GET)},
    }
    for address, name in sorted(catalogue.VIEW_AT.items()):
        paths[f"/v1/views/{address}"] = _view(address, name, schemas, held)
    for address, name in sorted(catalogue.COMMAND_AT.items()):
        paths[f"/v1/commands/{address}"] = {"post": _command(address, name, held)}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "flaggermail", "version": __version__, "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            "description": f"The desk over HTTP on a Unix socket, version {API_VERSION}. {_WHO}",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**held, **schemas.held},
            "responses": {
                "Problem": {
                    "description": "What was not done, and why.", "headers": _HEADERS,
                    "content": {PROBLEM_TYPE: {"schema": {"$ref": f"{_REF}Problem"}}},
                },
            },
        },
    }  # fmt: skip


def _view(address: str, name: str, schemas: Schemas, held: dict[str, Json]) -> dict[str, Json]:
    kind = catalogue.class_of(name)
    asked = _request(kind, held) if kind is not None else _inspection(name)
    answer = _octets() if catalogue.is_fetched(name) else _answer(_shown(kind, schemas))
    answer["304"] = {"description": "What If-None-Match names is still so."}
    words = _words(kind) if kind is not None else f"Answers `{name}`."
    if name in catalogue.HEAVY:
        answer["102"] = _INTERIM
    by_get = _operation(f"get-{address}", words, answer, _BY_GET)
    by_get["parameters"] = [*_parameters(asked), _LANGUAGE, _TAG]
    asked_for = {status: one for status, one in answer.items() if status != "304"}  # no entity tag in an answer to POST
    by_post = _operation(f"ask-{address}", words, asked_for, _BY_POST)
    by_post |= {"requestBody": _body(asked), "parameters": [_LANGUAGE]}
    return {"get": by_get, "post": by_post}


def _command(address: str, name: str, held: dict[str, Json]) -> dict[str, Json]:
    kind = command_of(name)
    asked = _request(kind, held)
    version: dict[str, Json] = {"type": "integer", "minimum": 0, "description": "of the view it was decided on"}
    properties = asked.get("properties")
    asked["properties"] = {**(properties if isinstance(properties, Mapping) else {}), "version": version}
    answer = _answer({"$ref": f"{_REF}Done"}) | ({"102": _INTERIM} if name in catalogue.HEAVY else {})
    found = _operation(f"do-{address}", _words(kind), answer, _BY_POST)
    return {**found, "requestBody": _body(asked), "parameters": [_LANGUAGE, _IF_MATCH, _KEY]}


def _header(name: str, words: str, schema: dict[str, Json]) -> dict[str, Json]:
    return {"name": name, "in": "header", "required": False, "description": words, "schema": schema}


_LANGUAGE = _header("Accept-Language", "The language of every sentence: nl or en.", {"type": "string"})
_TAG = _header("If-None-Match", "The ETag of an answer that the client has.", {"type": "string"})
_IF_MATCH = _header(
    "If-Match", "The version of the view that the command was decided on.",
    {"type": "string", "pattern": '^"?[0-9]{1,15}"?$'},
)  # fmt: skip
_KEY = _header(
    "Idempotency-Key", "A command with a key is done once within 24 hours, however often it is sent.",
    {"type": "string", "pattern": "^[A-Za-z0-9._:~-]{8,128}$"},
)  # fmt: skip

_INTERIM: dict[str, Json] = {
    "description": "Interim, for `Prefer: progress` (RFC 7240): the task goes on.",
    "headers": {"Progress": {"schema": {"type": "string"}, "description": "The share that is done, from 0 to 1."}},
}


def _operation(of: str, words: str, answer: Mapping[str, Json], problems: tuple[int, ...]) -> dict[str, Json]:
    refused: dict[str, Json] = {str(status): {"$ref": "#/components/responses/Problem"} for status in problems}
    return {"operationId": of, "summary": words, "responses": {**answer, **refused}}


def _answer(schema: Mapping[str, Json]) -> dict[str, Json]:
    return {"200": {"description": "Done.", "headers": _HEADERS, "content": {"application/json": {"schema": schema}}}}


def _octets() -> dict[str, Json]:
    content: dict[str, Json] = {str(kind).partition(";")[0]: {} for kind in MediaType}
    facts: dict[str, Json] = {"Facts": {"schema": {"type": "string"}, "description": "JSON: what is known beside it."}}
    return {"200": {"description": "The file.", "headers": {**_HEADERS, **facts}, "content": content}}


def _words(kind: type) -> str:
    """Returns the first sentence of a class's description."""
    return inspect.cleandoc(kind.__doc__ or kind.__name__).split("\n", 1)[0]


def _request(kind: type, held: dict[str, Json]) -> dict[str, Json]:
    """Returns the schema of a request; what it refers to is added to `held`."""
    found: dict[str, Any] = TypeAdapter(kind).json_schema(ref_template=_REF + "{model}")
    held |= found.pop("$defs", {})
    found.pop("title", None)
    found["additionalProperties"] = False
    hints = get_type_hints(kind)
    for name, schema in found.get("properties", {}).items():
        if isinstance(schema, dict):
            schema.pop("title", None)
            _without_format(schema, hints.get(name))
    return found


def _without_format(schema: dict[str, Any], hint: object) -> None:
    """Takes the format from an instant: one without an offset is allowed, and is of the desk's zone."""
    for one in (schema, *schema.get("anyOf", ())):
        if one.get("format") == "date-time":
            del one["format"]
            one["description"] = "An instant (ISO 8601); without an offset it is of the desk's zone."
    del hint


def _inspection(name: str) -> dict[str, Json]:
    names = catalogue.fields_of_inspection(name)
    lists: dict[str, Json] = {"type": "array", "items": {"type": "string"}}
    properties: dict[str, Json] = {one: lists if one in catalogue.LISTS else {"type": "string"} for one in names}
    return {"type": "object", "properties": properties, "required": list(names), "additionalProperties": False}


def _parameters(asked: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Yields each field of a request as a parameter of the query."""
    properties, required = asked.get("properties", {}), asked.get("required", [])
    if isinstance(properties, Mapping) and isinstance(required, list):
        for name, schema in properties.items():
            yield {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)}


def _without_null(schema: Json) -> Json:
    """Returns the schema of a parameter, which is left out where a body may say null."""
    if not isinstance(schema, Mapping):
        return schema
    kept = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    choices = schema.get("anyOf")
    if isinstance(choices, list):
        left = [one for one in choices if one != {"type": "null"}]
        if len(left) == 1 and isinstance(left[0], Mapping):
            return {**left[0], **kept}
        return {**kept, "anyOf": left}
    return kept


def _body(asked: Mapping[str, Json]) -> dict[str, Json]:
    return {"required": True, "content": {"application/json": {"schema": dict(asked)}}}


def _shown(kind: type | None, schemas: Schemas) -> dict[str, Json]:
    """Returns the schema of what a view answers; any object where the view has no typed answer."""
    known = {"ViewAnswer": ViewAnswer, "UnitOfWork": UnitOfWork, "datetime": datetime, "date": date}
    show = getattr(kind, "show", None)
    if show is None:
        return _ANY
    try:
        found = get_type_hints(show, localns=known).get("return")
    except NameError:
        return _ANY
    if not (isinstance(found, type) and is_dataclass(found) and fields(found)):
        return _ANY
    schema = schemas.of(found)
    version: dict[str, Json] = {
        "type": "object",
        "properties": {"version": {"type": "integer"}},
        "required": ["version"],
    }
    held = schemas.held[found.__name__]
    if isinstance(held, dict):
        properties = held.get("properties")
        if isinstance(properties, dict):  # the version of the record stands beside the fields of the answer
            properties["version"] = {"type": "integer"}
    return {"allOf": [schema, version]}
