"""The OpenAPI description, made of the list of addresses and of the routes that there are."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask

from embeddings import __version__
from evaluation.figures.table_json import TYPES
from webapp.by_address.listed import ADDRESSES, Address, Parameter
from webapp.twins import FORMS

_ABOUT = """\
Every table that Sounding Board shows, as JSON and as CSV. Both are made of one table: an empty cell
of the CSV is null in the JSON, and numbers are as they are, not as they are rounded. Ids are text.
What is made from simulated vectors or judgements says so. All of it reads and nothing writes."""
_REFUSED = {
    "400": "Something that the address asks for cannot be: which, and what can be.",
    "401": "There is no token, or it is wrong, expired or revoked.",
    "403": "The token opens other things.",
    "404": "There is nothing of this name.",
    "429": "Too many wrong tokens came from here; Retry-After says when to come again.",
}


class Route(NamedTuple):
    """An address as it is served: its path with {names}, its media type, and what opens it."""

    path: str
    kind: str
    scopes: tuple[str, ...]
    is_table: bool


def routes(app: Flask, address: Address) -> Iterator[Route]:
    """Yield the one or two addresses that an entry of the list has."""
    for form, endpoint in _endpoints(address).items():
        (rule,) = app.url_map.iter_rules(endpoint)
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        view = app.view_functions[endpoint]
        kind = address.kind or FORMS[form]
        yield Route(path, kind, view.scopes, not address.kind)  # type: ignore[attr-defined]


def description(app: Flask, root: str = "") -> dict[str, Any]:
    """Return the description as OpenAPI 3.1 has it; `root` is the app's path on its server."""
    paths: dict[str, Any] = {}
    for address in ADDRESSES:
        for route in routes(app, address):
            paths[route.path] = {"get": _operation(address, route)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sounding Board",
            "version": __version__,
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": root or "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Table": _TABLE, "Error": _ERROR},
            "responses": {code: _refusal(about) for code, about in _REFUSED.items()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `flask tokens make`, or on the page of your account.",
                }
            },
        },
    }


def _endpoints(address: Address) -> dict[str, str]:
    if address.kind:
        return {"": address.view}
    return {"csv": address.view, "json": f"{address.view.removesuffix('_csv')}_json"}


def _operation(address: Address, route: Route) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", re.sub(r"\{(\w+)\}", r"\1", route.path)).strip("_")
    columns = "".join(f"\n- `{name}`: {about}" for name, about in address.columns.items())
    schema = {"$ref": "#/components/schemas/Table"} if route.is_table else {"type": "object"}
    is_json = route.kind == "application/json"
    return {
        "operationId": name,
        "summary": address.about,
        "description": f"Opened by: {' or '.join(route.scopes)}."
        + (f"\n\nColumns:\n{columns}" if columns else ""),
        "security": [{"token": list(route.scopes)}] if len(route.scopes) == 1 else [{"token": []}],
        "parameters": [_parameter(one, "path") for one in address.path]
        + [_parameter(one, "query") for one in address.query],
        "responses": {
            "200": {
                "description": "It.",
                "content": {route.kind: {"schema": schema if is_json else {"type": "string"}}},
            }
        }
        | {code: {"$ref": f"#/components/responses/{code}"} for code in _REFUSED},
    }


def _parameter(one: Parameter, where: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer", "minimum": 1} if one.whole else {"type": "string"}
    if one.values:
        schema["enum"] = list(one.values)
    example: Any = int(one.example) if one.whole else one.example
    if one.many:
        schema, example = {"type": "array", "items": schema}, [example]
    found = {
        "name": one.name,
        "in": where,
        "required": where == "path" or one.needed,
        "description": one.about,
        "schema": schema,
    }
    return found | ({"example": example} if one.example else {})


def _refusal(about: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": about, "content": {"application/json": {"schema": schema}}}


_TABLE = {
    "type": "object",
    "required": ["about", "columns", "rows"],
    "additionalProperties": False,
    "properties": {
        "about": {
            "type": "object",
            "description": "what the table is and what it is made of",
            "required": ["table", "simulated", "version"],
            "properties": {
                "table": {"type": "string", "description": "its name"},
                "simulated": {
                    "type": "boolean",
                    "description": "whether any of it comes from simulated vectors or judgements",
                },
                "version": {"type": "string", "description": "of Sounding Board"},
            },
        },
        "columns": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "type"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "type": {
                        "enum": list(TYPES),
                        "description": "; ".join(f"{one}: {told}" for one, told in TYPES.items()),
                    },
                },
            },
        },
        "rows": {
            "type": "array",
            "description": "in the order of the page; each has every column",
            "items": {
                "type": "object",
                "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
            },
        },
    },
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "what is wrong, in a sentence"}},
}
