"""8x8's own OpenAPI document, cut down to its flow operations.

The document lies beside the repository and is read from there; nothing of it is kept here. It is
cut because it points from one operation into the answers of others, which tools that follow
pointers into `components` only cannot read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
_DOCUMENT = SHARED / "8x8" / "openapi.json"

needs_the_document = pytest.mark.skipif(
    not _DOCUMENT.is_file(), reason="8x8's OpenAPI document is not beside the repository"
)


def flow_document(server: str) -> dict[str, Any]:
    """The eight flow operations as a document of their own, for a server at another address."""
    whole = json.loads(_DOCUMENT.read_text("utf-8"))
    schemas: dict[str, Any] = {}
    paths = {path: item for path, item in whole["paths"].items() if "/flows" in path}
    return {
        "openapi": whole["openapi"],
        "info": {"title": "Flows", "version": whole["info"]["version"]},
        "servers": [{"url": server}],
        "paths": _settled(paths, whole, schemas),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                name: {key: value for key, value in scheme.items() if key != "description"}
                for name, scheme in whole["components"]["securitySchemes"].items()
            },
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


def _settled(node: Any, whole: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A part of the document with every pointer followed and every titled schema put aside."""
    if isinstance(node, list):
        return [_settled(item, whole, schemas) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _settled(_target(node["$ref"], whole), whole, schemas)
    plain = {key: _settled(value, whole, schemas) for key, value in node.items()}
    title = node.get("title")
    if not isinstance(title, str):
        return plain
    name = "".join(word[0].upper() + word[1:] for word in title.split())
    assert schemas.setdefault(name, plain) == plain, f"two schemas are called {title!r}"
    return {"$ref": f"#/components/schemas/{name}"}


def _target(pointer: str, whole: dict[str, Any]) -> Any:
    found: Any = whole
    for step in unquote(pointer.removeprefix("#/")).split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found
