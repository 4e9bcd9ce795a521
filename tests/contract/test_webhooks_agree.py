"""Webhooks are configured and shown as 8x8's own document says."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from contract.examples import SOURCES, WEBHOOKS, examples
from contract.reference_document import whole_document
from harness.servers import Tenant


@pytest.fixture(scope="module")
def theirs() -> Any:
    return whole_document()


@pytest.fixture
def ours(server: Tenant) -> Any:
    return server.http.get("/openapi.json").json()


def _at_home(example: Any) -> Any:
    """An example with its addresses on this machine: nobody else is to be asked for."""
    text = re.sub(r"https?://[a-z.]+", "http://127.0.0.1:9", json.dumps(example))
    return json.loads(text)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ["no authorization", "basic authorization", "oauth"])
def test_an_example_is_taken_and_shown_as_8x8_says(
    server: Tenant, theirs: Any, name: str, source: str
) -> None:
    operations = theirs["paths"][WEBHOOKS]
    example = _at_home(examples(source, WEBHOOKS)[name])
    path = WEBHOOKS.format(accountId=server.account_id)
    taken = server.http.post(path, json=example)
    assert (taken.status_code, taken.content) == (200, b"")

    shown = server.http.get(path)
    schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator(schema).validate(shown.json())
    assert "s3cret" not in shown.text
    for item in example:
        [same] = [one for one in shown.json() if _is_of(one, item)][:1]
        assert same["url"] == item["url"]
        if "httpAuthorization" in item:
            assert same["httpAuthorization"] == "***"
        if "oauth" in item:
            assert same["oauth"] == {**item["oauth"], "clientSecret": "***"}

    for item in example:
        scope = {key: item[key] for key in ("subAccountId", "type") if key in item}
        gone = server.http.request("DELETE", path, json=[scope])
        assert (gone.status_code, gone.content) == (200, b"")
    assert server.http.get(path).json() == []


def _is_of(shown: dict[str, Any], item: dict[str, Any]) -> bool:
    types = [item["type"]] if "type" in item else ["CADR", "MSG"]
    return shown["subAccountId"] == item["subAccountId"] and shown["type"] in types


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_every_documented_status_is_documented(ours: Any, theirs: Any, method: str) -> None:
    documented, own = (each["paths"][WEBHOOKS][method]["responses"] for each in (theirs, ours))
    assert set(documented) <= set(own)


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_body_has_the_documented_fields(ours: Any, theirs: Any, method: str) -> None:
    def fields(document: Any) -> Any:
        operation = document["paths"][WEBHOOKS][method]
        items = operation["requestBody"]["content"]["application/json"]["schema"]["items"]
        if "$ref" in items:
            items = document["components"]["schemas"][items["$ref"].rsplit("/", 1)[1]]
        return set(items["properties"]), set(items["required"])

    assert fields(ours) == fields(theirs)
