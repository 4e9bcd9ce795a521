"""Cuts the fact tables of the tests from the documents they come from: `make facts`.

What is kept is structure and numbers: names of fields, types, codes, versions, limits, patterns,
and the texts of errors that are part of the wire format. Prose is not: only the keys listed here
are copied, so descriptions, titles, summaries and examples cannot get in. The documents themselves
stay outside the repository, in a folder beside it: `make facts ARGS=FOLDER` names another.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BESIDE = HERE.parents[2] / "shared"

_METHODS = ("get", "post", "put", "patch", "delete")
_SCHEMA_FACTS = {
    "$ref", "additionalProperties", "default", "deprecated", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "maxItems", "maxLength", "maxProperties", "maximum", "minItems",
    "minLength", "minProperties", "minimum", "multipleOf", "nullable", "pattern", "required",
    "type", "uniqueItems",
}  # fmt: skip
_SCHEMA_PARTS = {"items", "additionalProperties", "not"}
_SCHEMA_LISTS = {"allOf", "anyOf", "oneOf"}
_PROPERTY_FACTS = {
    "allowed", "allowed_actions", "dynamic", "introduced", "max", "max_length", "min", "name",
    "required", "required_from",
}  # fmt: skip
_LIMIT_FACTS = {"kind", "property", "value"}
_ERROR_FACTS = {"code", "id", "message_templates", "minimal_trigger", "minimal_trigger_text"}


def cut_openapi(whole: dict[str, Any]) -> dict[str, Any]:
    """The structure of 8x8's OpenAPI document."""
    return {
        "openapi": whole["openapi"],
        "info": {"title": "8x8's API, its structure only", "version": whole["info"]["version"]},
        "paths": {path: _path(item) for path, item in whole["paths"].items()},
        "components": {
            "schemas": _each(_schema, whole["components"]["schemas"]),
            "securitySchemes": {
                name: _kept(scheme, {"type", "scheme"})
                for name, scheme in whole["components"]["securitySchemes"].items()
            },
        },
        "security": whole["security"],
    }


def cut_components(whole: dict[str, Any]) -> dict[str, Any]:
    """The components of Flow JSON: their properties, since when, and their limits."""
    return {
        name: {
            "introduced": component["introduced"],
            "properties": [_kept(line, _PROPERTY_FACTS) for line in component["properties"]],
            "limits": [
                _kept(limit, _LIMIT_FACTS)
                for limit in component["limits"]
                if isinstance(limit["value"], int) and " " not in limit["property"]
            ],
        }
        for name, component in whole["components"].items()
    }


def cut_errors(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The validation errors: codes, templates of their messages, and what raises them."""
    return [_error(error) for error in whole["errors"]]


TABLES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "8x8-openapi.json": ("8x8/openapi.json", cut_openapi),
    "flow-json-components.json": ("reference/components.json", cut_components),
    "flow-json-errors.json": ("reference/validation-errors.json", cut_errors),
}
"""By the name of the table: the document it is cut from, and how."""


def table_text(name: str, sources: Path) -> str:
    """A table as the text of its file."""
    document, cut = TABLES[name]
    table = cut(json.loads((sources / document).read_text("utf-8")))
    return json.dumps(table, indent=1, ensure_ascii=False) + "\n"


def _error(error: dict[str, Any]) -> dict[str, Any]:
    facts = _kept(error, _ERROR_FACTS)
    trigger = facts.get("minimal_trigger")
    if trigger is None or "$note" in trigger:  # described, not shown
        facts.pop("minimal_trigger", None)
    return facts


def _kept(value: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if key in keys}


def _each(cut: Callable[[Any], Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: cut(value) for name, value in values.items()}


def _path(item: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for key, value in item.items():
        if key == "parameters":
            parts[key] = [_parameter(each) for each in value]
        elif key in _METHODS:
            parts[key] = _operation(value)
    return parts


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    parts = _kept(operation, {"operationId", "deprecated", "security"})
    if "parameters" in operation:
        parts["parameters"] = [_parameter(each) for each in operation["parameters"]]
    if "requestBody" in operation:
        parts["requestBody"] = _body(operation["requestBody"])
    return parts | {"responses": _each(_response, operation["responses"])}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    parts = _kept(parameter, {"$ref", "in", "name", "required"})
    return parts | ({"schema": _schema(parameter["schema"])} if "schema" in parameter else {})


def _response(response: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in response:
        return _kept(response, {"$ref"})
    parts: dict[str, Any] = {"description": ""}  # OpenAPI wants one.
    if "headers" in response:
        parts |= {"headers": _each(_parameter, response["headers"])}
    return parts | _body(response)


def _body(body: dict[str, Any]) -> dict[str, Any]:
    parts = _kept(body, {"required"})
    if "content" in body:
        parts["content"] = _each(_media, body["content"])
    return parts


def _media(media: dict[str, Any]) -> dict[str, Any]:
    return {"schema": _schema(media["schema"])} if "schema" in media else {}


def _schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema  # `additionalProperties: false`
    parts = _kept(schema, _SCHEMA_FACTS)
    if "properties" in schema:
        parts["properties"] = _each(_schema, schema["properties"])
    for key in _SCHEMA_PARTS & schema.keys():
        parts[key] = _schema(schema[key])
    for key in _SCHEMA_LISTS & schema.keys():
        parts[key] = [_schema(each) for each in schema[key]]
    return {key: parts[key] for key in schema if key in parts}


def main() -> None:
    """Writes every table."""
    sources = Path(sys.argv[1]) if len(sys.argv) > 1 else BESIDE
    for name in TABLES:
        (HERE / name).write_text(table_text(name, sources), "utf-8")


if __name__ == "__main__":
    main()
