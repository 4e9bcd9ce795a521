"""What the OpenAPI document says about every operation."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from waflows.api import openapi
from waflows.app import ALL_ROUTES

_DOCUMENT: dict[str, Any] = msgspec.json.decode(openapi.document(ALL_ROUTES))
_OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for path in _DOCUMENT["paths"].values()
    for operation in path.values()
}


@pytest.mark.parametrize("name", _OPERATIONS)
def test_an_operation_has_a_summary_and_a_description(name: str) -> None:
    operation = _OPERATIONS[name]

    assert operation["summary"][0].isupper()
    assert not operation["summary"].endswith(".")
    assert operation["description"].endswith(".")
    # What a handler raises is for its readers; users of the API read the responses.
    assert "Raises " not in operation["description"]


@pytest.mark.parametrize("name", _OPERATIONS)
def test_an_operation_documents_what_is_too_long_and_what_comes_too_slowly(name: str) -> None:
    responses = _OPERATIONS[name]["responses"]

    assert "431" in responses
    if "requestBody" in _OPERATIONS[name]:
        assert {"400", "408", "413", "415"} <= set(responses)
