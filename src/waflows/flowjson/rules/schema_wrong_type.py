"""Values of the wrong JSON type, and bindable values given as plain text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, Path, Target, printable, slashed
from waflows.flowjson.document import FlowStructure, Screen
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnFlow, OnScreen, OnValue
from waflows.flowjson.json_types import json_type
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place
from waflows.flowjson.unquoting import unquoted

RULE = Rule(
    id="schema-wrong-type",
    code="INVALID_PROPERTY_TYPE",
    title="Values have the type of their property",
    message="Expected property {errorPath} to be of type {expectedType}, but found {actualType}.",
    why="A value of another type cannot be shown or used.",
    help="Write a value of type {expectedType}.",
    failing=fails(
        page(INPUT.replace(" }", ', "required": «"yes"» }')),
        "Expected property $root/screens/0/layout/children/0/required to be of type boolean, "
        "but found string.",
        "screens[0].layout.children[0].required",
    )
    + fails(
        page('{ "type": "TextHeading", "text": «7» }'),
        "Expected property $root/screens/0/layout/children/0/text to be of type string, "
        "but found number.",
        "screens[0].layout.children[0].text",
    ),
    passing=passes(page(INPUT.replace(" }", ', "required": true }'))),
)


_LONGEST = 60


def check_property(place: Place) -> Iterator[Finding]:
    """A value whose type none of the property's alternatives has."""
    slot, found = place.slot, json_type(place.value)
    assert slot is not None
    if place.owner.name == "flow" and place.key == "version":
        return
    fraction = slot.integral and isinstance(place.value, float) and not place.value.is_integer()
    if found in slot.types and not fraction:
        return
    expected = " or ".join(slot.types) if not fraction else "integer"
    path = slashed(place.path)
    yield RULE.finding(
        place.target(),
        advice=_example(place),
        fix=unquoted(place),
        errorPath=path,
        expectedType=expected,
        actualType=found,
    )


def _example(place: Place) -> str | None:
    """What to write instead, where the value given says what was meant."""
    value, slot = place.value, place.slot
    if not isinstance(value, str) or slot is None or len(value) > _LONGEST:
        return None
    written = printable(json.dumps(value, ensure_ascii=False))
    if slot.entry.type == "NextScreen":
        return f'Write {{"type": "screen", "name": {written}}}.'
    if place.element and slot.types == ("object",) and place.owner.component is not None:
        return f'Write {{"id": {written}, "title": {written}}}.'
    return None


def check_screen(screen: Screen) -> Iterator[Finding]:
    """Fields of a data model that are no objects."""
    for name, field in (screen.data or {}).items():
        if not isinstance(field, dict):
            yield RULE.finding(
                screen.target("data", name),
                errorPath=slashed((*screen.path, "data", name)),
                expectedType="object",
                actualType=json_type(field),
            )


def check_routes(flow: FlowStructure) -> Iterator[Finding]:
    """Routes that are not lists of screen ids, with or without an endpoint."""
    model = flow.value.get("routing_model")
    for source, destinations in model.items() if isinstance(model, dict) else ():
        at: Path = ("routing_model", source)
        if not isinstance(destinations, list):
            yield _wrong(at, "array", destinations)
            continue
        for index, name in enumerate(destinations):
            if not isinstance(name, str):
                yield _wrong((*at, index), "string", name)


def _wrong(at: Path, expected: str, value: Any) -> Finding:
    found = json_type(value)
    return RULE.finding(Target(at), errorPath=slashed(at), expectedType=expected, actualType=found)


def not_an_object(value: Any) -> Iterator[Finding]:
    """A document that is a list, a string, a number."""
    found = json_type(value)
    advice = None
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        advice = "The flow is a quoted string: remove the quotes around it, and the escapes in it."
    yield RULE.finding(
        Target(()), advice=advice, errorPath="$root", expectedType="object", actualType=found
    )


FAMILY = Family(
    rules=(RULE,), checks=(OnValue(check_property), OnScreen(check_screen), OnFlow(check_routes))
)
