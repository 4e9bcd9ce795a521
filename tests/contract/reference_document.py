"""The structure of 8x8's own OpenAPI document, and that of its flow operations alone.

`tests/data` holds the structure, without the sentences and examples of the document. The flow
operations are cut out of it because it points from one operation into the answers of others, which
tools that follow pointers into `components` only cannot read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_DOCUMENT = Path(__file__).resolve().parents[1] / "data" / "8x8-openapi.json"
_FLOWS = "/api/v1/accounts/{accountId}/channels/{channelId}/flows"
# The names that a generated client has for the schemas of answers.
_NAMES = {
    "GetFlowsResponse": ("get", _FLOWS, "200"),
    "CreateFlowResponse": ("post", _FLOWS, "200"),
    "FlowDetailsResponse": ("get", f"{_FLOWS}/{{flowId}}", "200"),
    "PreviewFlowResponse": ("get", f"{_FLOWS}/{{flowId}}/preview", "200"),
    "ErrorResponse": ("post", _FLOWS, "400"),
}


def whole_document() -> Any:
    """The structure of every operation."""
    return json.loads(_DOCUMENT.read_text("utf-8"))


def flow_document(server: str) -> dict[str, Any]:
    """The eight flow operations as a document of their own, for a server at another address."""
    whole = whole_document()
    schemas: dict[str, Any] = {}
    paths = {path: item for path, item in whole["paths"].items() if "/flows" in path}
    return {
        "openapi": whole["openapi"],
        "info": {"title": "Flows", "version": whole["info"]["version"]},
        "servers": [{"url": server}],
        "paths": _settled(paths, whole, _named(whole), schemas),
        "components": {
            "schemas": schemas,
            "securitySchemes": whole["components"]["securitySchemes"],
        },
        "security": whole["security"],
    }


# What the document leaves out of its operations. 8x8 documents 400, 403, 404 and 429 elsewhere;
# 405, 413 and 415 are what HTTP asks for where 8x8 is silent.
_OTHER_STATUSES = (400, 403, 404, 405, 413, 415, 429)


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what it says elsewhere, and without where it contradicts itself.

    It does not say that the body of a create must be there, though two of its fields must. Its
    expiry of a preview, 2025-12-13T05:49:59+0000 by its own example, is not of the format
    `date-time` which it claims.
    """
    error = {
        "description": "An error.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}},
    }
    for item in document["paths"].values():
        for operation in item.values():
            for status in _OTHER_STATUSES:
                operation["responses"].setdefault(str(status), error)
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    schemas = document["components"]["schemas"]
    schemas["ErrorResponse"]["required"] = ["code", "message", "errorId", "timestamp"]
    del schemas["PreviewFlowResponse"]["properties"]["expires_at"]["format"]
    return document


def _named(whole: dict[str, Any]) -> dict[int, str]:
    """The names of schemas by the identity of the schema."""
    found: dict[int, str] = {}
    for name, (method, path, status) in _NAMES.items():
        response = _followed(whole["paths"][path][method]["responses"][status], whole)
        schema = _followed(response["content"]["application/json"]["schema"], whole)
        assert found.setdefault(id(schema), name) == name, f"{name} is the schema of another too"
    return found


def _settled(
    node: Any, whole: dict[str, Any], names: dict[int, str], schemas: dict[str, Any]
) -> Any:
    """A part of the document with every pointer followed and every named schema put aside."""
    if isinstance(node, list):
        return [_settled(item, whole, names, schemas) for item in node]
    if not isinstance(node, dict):
        return node
    node = _followed(node, whole)
    plain = {key: _settled(value, whole, names, schemas) for key, value in node.items()}
    if id(node) not in names:
        return plain
    name = names[id(node)]
    schemas[name] = plain
    return {"$ref": f"#/components/schemas/{name}"}


def _followed(node: dict[str, Any], whole: dict[str, Any]) -> Any:
    """What a pointer leads to, or the node itself."""
    while "$ref" in node:
        node = _target(node["$ref"], whole)
    return node


def _target(pointer: str, whole: dict[str, Any]) -> Any:
    found: Any = whole
    for step in unquote(pointer.removeprefix("#/")).split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found
