"""Messages and templates are taken and answered as 8x8's own document says."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from contract.examples import MESSAGES, SOURCES, TEMPLATES, examples
from contract.reference_document import whole_document
from harness.flow_json import VALID
from harness.messages import flow_button, flow_message, hear, template, text_message
from harness.servers import Tenant

_OPERATIONS = [
    ("post", MESSAGES),
    ("get", f"{MESSAGES}/{{umid}}"),
    ("get", TEMPLATES),
    ("post", TEMPLATES),
    ("delete", f"{TEMPLATES}/{{templateName}}"),
]
# What 8x8's document leaves out, and the README of the facts beside it tells from elsewhere.
_UNDOCUMENTED_PARAMETERS = {"flowToken", "mode", "flowMessageVersion", "flowActionData"}


@pytest.fixture(scope="module")
def theirs() -> Any:
    return whole_document()


@pytest.fixture
def ours(server: Tenant) -> Any:
    return server.http.get("/openapi.json").json()


def _pointer(*steps: str) -> str:
    return "#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)


def _answer_schema(path: str, method: str) -> str:
    return _pointer(
        "paths", path, method, "responses", "200", "content", "application/json", "schema"
    )


def _body_schema(path: str, *steps: str) -> str:
    where = ("paths", path, "post", "requestBody", "content", "application/json", "schema")
    return _pointer(*where, *steps)


def _validate(document: Any, pointer: str, value: Any) -> None:
    """Holds a value against a schema of a document, whose pointers lead all over it."""
    schema = {**document, "$ref": pointer}
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=formats).validate(value)


def _at(document: Any, pointer: str) -> Any:
    found = document
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def _deref(document: Any, schema: Any) -> Any:
    while "$ref" in schema:
        schema = _at(document, schema["$ref"])
    options = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    return _deref(document, options[0]) if options else schema


# --- documents


@pytest.mark.parametrize(("method", "path"), _OPERATIONS)
def test_an_operation_is_documented_with_8x8s_parameters_and_statuses(
    theirs: Any, ours: Any, method: str, path: str
) -> None:
    own = ours["paths"][path][method]

    named = {p["name"] for p in own["parameters"] if p["in"] == "path"}
    assert named == {step[1:-1] for step in path.split("/") if step.startswith("{")}
    assert set(theirs["paths"][path][method]["responses"]) <= set(own["responses"])


@pytest.mark.parametrize("path", [MESSAGES, TEMPLATES])
def test_a_body_has_8x8s_fields_and_asks_for_the_same_ones(
    theirs: Any, ours: Any, path: str
) -> None:
    their_body = _deref(theirs, _at(theirs, _body_schema(path)))
    own_body = _deref(ours, _at(ours, _body_schema(path)))

    assert set(own_body["properties"]) == set(their_body["properties"])
    assert set(own_body["required"]) == set(their_body["required"])
    for name, schema in their_body["properties"].items():
        own = _deref(ours, own_body["properties"][name])
        their = _deref(theirs, schema)
        assert own.get("type", "string") == their["type"], name
        assert own.get("enum") == their.get("enum"), name
        assert own.get("format") == their.get("format"), name


def test_the_flow_parameters_of_a_message_are_8x8s(theirs: Any, ours: Any) -> None:
    steps = ["content", "interactive", "action", "parameters"]
    found = []
    for document in (theirs, ours):
        schema = _deref(document, _at(document, _body_schema(MESSAGES)))
        for step in steps:
            schema = _deref(document, schema["properties"][step])
        found.append({name: _deref(document, s) for name, s in schema["properties"].items()})
    their, own = found

    flow_parameters = {name for name in their if name.startswith("flow")}
    assert set(own) - _UNDOCUMENTED_PARAMETERS == flow_parameters
    for name in flow_parameters:
        assert own[name].get("enum") == their[name].get("enum"), name
        assert own[name].get("maxLength") == their[name].get("maxLength"), name
        assert own[name].get("type", "string") == their[name]["type"], name


# --- answers


def test_what_is_answered_fits_8x8s_schemas(theirs: Any, server: Tenant) -> None:
    hear(server)
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    body = flow_message(flow) | {"clientMessageId": "abc-123"}

    sent = server.http.post(server.messages, json=body).json()
    details = server.http.get(f"{server.messages}/{sent['umid']}").json()
    registered = server.http.post(server.templates, json=template("visit", flow_button(flow)))
    listed = server.http.get(server.templates).json()
    removed = server.http.delete(f"{server.templates}/visit")

    _validate(theirs, _answer_schema(MESSAGES, "post"), sent)
    _validate(theirs, _answer_schema(f"{MESSAGES}/{{umid}}", "get"), details)
    _validate(theirs, _answer_schema(TEMPLATES, "get"), listed)
    assert registered.json() == removed.json() == {}
    shown = _at(theirs, _answer_schema(TEMPLATES, "get"))["properties"]["templates"]["items"]
    assert set(listed["templates"][0]) == set(shown["properties"])


def test_what_is_answered_fits_our_own_schemas(ours: Any, server: Tenant) -> None:
    hear(server)
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    server.http.post(server.templates, json=template("visit", flow_button(flow)))

    sent = server.http.post(server.messages, json=text_message()).json()
    details = server.http.get(f"{server.messages}/{sent['umid']}").json()
    listed = server.http.get(server.templates).json()

    _validate(ours, _answer_schema(MESSAGES, "post"), sent)
    _validate(ours, _answer_schema(f"{MESSAGES}/{{umid}}", "get"), details)
    _validate(ours, _answer_schema(TEMPLATES, "get"), listed)


# --- examples, 8x8's own and ours


def _kinds(document: Any) -> dict[str, set[str]]:
    """The kinds of messages, and of interactive ones, that the schemas list."""
    properties = _at(document, _body_schema(MESSAGES))["properties"]
    interactive = properties["content"]["properties"]["interactive"]["properties"]["type"]
    return {
        "type": {kind.lower() for kind in properties["type"]["enum"]},
        "interactive": set(interactive["enum"]),
    }


@pytest.mark.parametrize("source", SOURCES)
def test_examples_of_what_waflows_sends_are_sent(server: Tenant, source: str) -> None:
    bodies = examples(source, MESSAGES)
    flow = server.create("Feedback", flowJson=VALID, publish=True)
    text, flow_button_message = (
        bodies[name] for name in ("whatsAppText", "whatsAppInteractiveMessageFlowButton")
    )
    by_template = bodies["whatsAppFlowTemplate"]
    flow_button_message["content"]["interactive"]["action"]["parameters"]["flowId"] = flow
    by_template["content"]["template"]["name"] = "visit"
    server.http.post(server.templates, json=template("visit", flow_button(flow), language="en_US"))

    for message in (by_template, text, flow_button_message):
        hear(server, msisdn=message["user"]["msisdn"])
        response = server.http.post(server.messages, json=message)
        assert response.status_code == 200, (message, response.text)


@pytest.mark.parametrize("source", SOURCES)
def test_examples_of_other_kinds_are_answered_as_not_implemented(
    theirs: Any, server: Tenant, source: str
) -> None:
    other = {
        name: example
        for name, example in examples(source, MESSAGES).items()
        if not (example["type"].lower() in {"text", "template"} or "Flow" in name)
    }
    assert len(other) > 15, "there are many"

    for name, example in other.items():
        response = server.http.post(server.messages, json=example)
        body = response.json()
        # A few are of kinds that the document's own schemas do not list.
        kinds = {"type": example["type"].lower()}
        if kinds["type"] == "interactive":
            kinds["interactive"] = example["content"]["interactive"].get("type", "")
        listed = all(kind in _kinds(theirs)[name] for name, kind in kinds.items())
        told = (501, 2001) if listed else (400, 3010)
        assert (response.status_code, body["code"]) == told, (name, body)


@pytest.mark.parametrize("source", SOURCES)
def test_an_example_of_a_template_with_a_flow_is_registered(
    theirs: Any, server: Tenant, source: str
) -> None:
    example = examples(source, TEMPLATES)["whatsAppFlowTemplate"]
    [_, buttons] = example["components"]
    [button] = buttons["buttons"]
    flow_json = VALID.replace("ONLY", button["navigateScreen"])
    button["flowId"] = server.create("Recommend", flowJson=flow_json, publish=True)

    response = server.http.post(server.templates, json=example)

    assert response.status_code == 200, response.text
    _validate(
        theirs,
        _answer_schema(TEMPLATES, "get"),
        server.http.get(server.templates).json(),
    )
