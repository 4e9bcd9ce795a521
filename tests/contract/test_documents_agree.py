"""The server's own document says of 8x8's eight operations what 8x8's document says."""

from __future__ import annotations

from typing import Any

import pytest
from contract.reference_document import flow_document
from harness.servers import Tenant

_FLOWS = "/api/v1/accounts/{accountId}/channels/{channelId}/flows"
_OPERATIONS = [
    ("get", _FLOWS),
    ("post", _FLOWS),
    ("get", f"{_FLOWS}/{{flowId}}"),
    ("put", f"{_FLOWS}/{{flowId}}"),
    ("delete", f"{_FLOWS}/{{flowId}}"),
    ("get", f"{_FLOWS}/{{flowId}}/preview"),
    ("post", f"{_FLOWS}/{{flowId}}/publish"),
    ("post", f"{_FLOWS}/{{flowId}}/deprecate"),
]
# What the server adds; none of it is in an answer unless a request asks for it.
_MORE_PARAMETERS = {"after", "status", "name", "fields", "flow_token", "flow_action_payload"}
_MORE_REQUEST_FIELDS = {"applicationId"}
_MORE_ANSWER_FIELDS = {
    "endPointUri",
    "applicationId",
    "revision",
    "createdAt",
    "updatedAt",
    "jsonVersion",
    "warnings",
}
_COMPARED = ("type", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "default")


@pytest.fixture
def documents(server: Tenant) -> tuple[dict[str, Any], dict[str, Any]]:
    return flow_document(server.url), server.http.get("/openapi.json").json()


def test_there_are_no_operations_of_8x8s_beyond_the_eight(
    documents: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    theirs, ours = documents

    assert {(m, p) for p, item in theirs["paths"].items() for m in item} == set(_OPERATIONS)
    assert {(m, p) for p in theirs["paths"] for m in ours["paths"][p]} == set(_OPERATIONS)


@pytest.mark.parametrize(("method", "path"), _OPERATIONS)
def test_an_operation_has_the_same_parameters(
    documents: tuple[dict[str, Any], dict[str, Any]], method: str, path: str
) -> None:
    theirs, ours = (
        {
            (p["in"], p["name"], p["required"]): _essence(p["schema"], document)
            for p in document["paths"][path][method]["parameters"]
            if p["name"] not in _MORE_PARAMETERS
        }
        for document in documents
    )

    assert ours == theirs


@pytest.mark.parametrize(("method", "path"), [_OPERATIONS[1], _OPERATIONS[3]])
def test_a_request_body_has_the_same_fields(
    documents: tuple[dict[str, Any], dict[str, Any]], method: str, path: str
) -> None:
    theirs, ours = (
        _resolved(
            document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"],
            document,
        )
        for document in documents
    )

    assert set(ours["properties"]) - _MORE_REQUEST_FIELDS == (
        set(theirs["properties"]) - _MORE_REQUEST_FIELDS
    )
    assert ours.get("required", []) == theirs.get("required", [])
    for name, schema in theirs["properties"].items():
        assert _kind(ours["properties"][name], documents[1]) == _kind(schema, documents[0]), name


@pytest.mark.parametrize(("method", "path"), _OPERATIONS)
def test_a_success_is_answered_alike(
    documents: tuple[dict[str, Any], dict[str, Any]], method: str, path: str
) -> None:
    theirs, ours = (
        document["paths"][path][method]["responses"]["200"].get("content") for document in documents
    )

    if theirs is None:
        assert ours is None
        return
    assert list(ours) == list(theirs) == ["application/json"]
    _assert_alike(
        ours["application/json"]["schema"], theirs["application/json"]["schema"], documents
    )


@pytest.mark.parametrize(("method", "path"), _OPERATIONS)
def test_every_documented_status_is_documented(
    documents: tuple[dict[str, Any], dict[str, Any]], method: str, path: str
) -> None:
    theirs, ours = (set(document["paths"][path][method]["responses"]) for document in documents)

    assert theirs <= ours


def _assert_alike(ours: Any, theirs: Any, documents: tuple[Any, Any]) -> None:
    """Both schemas have the same fields of the same kinds, down to the last."""
    ours, theirs = _resolved(ours, documents[1]), _resolved(theirs, documents[0])
    if theirs["type"] == "object":
        mine = {k: v for k, v in ours["properties"].items() if k not in _MORE_ANSWER_FIELDS}
        assert list(mine) == list(theirs["properties"])
        for name, schema in theirs["properties"].items():
            _assert_alike(mine[name], schema, documents)
    elif theirs["type"] == "array":
        _assert_alike(ours["items"], theirs["items"], documents)
    else:
        assert ours.get("type", "string") == theirs["type"]
        if "enum" in theirs:
            assert set(ours["enum"]) == set(theirs["enum"])


def _kind(schema: Any, document: dict[str, Any]) -> Any:
    """What sort of value a field of a body takes."""
    schema = _resolved(schema, document)
    options = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]
    schema = _resolved(options[0], document)
    if schema.get("type") == "array":
        return ["array", _kind(schema["items"], document)]
    return [schema.get("type", "string"), schema.get("format"), sorted(schema.get("enum", []))]


def _essence(schema: Any, document: dict[str, Any]) -> dict[str, Any]:
    resolved = _resolved(schema, document)
    return {key: resolved[key] for key in _COMPARED if key in resolved}


def _resolved(schema: Any, document: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema
