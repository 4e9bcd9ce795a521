"""Required properties that are absent."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnMissing
from waflows.flowjson.near_misses import is_misspelt
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place

RULE = Rule(
    id="schema-required",
    code="MISSING_REQUIRED_TYPE_PROPERTY",
    title="Required properties are there",
    message="Required property '{propertyName}' is missing.",
    why="An object that lacks a required property cannot be shown.",
    help="Add '{propertyName}' to {ownerName}.",
    failing=fails(
        page('«{ "text": "Description" }»'),
        "Required property 'type' is missing.",
        "screens[0].layout.children[0]",
    )
    + fails(
        page(
            '«{ "type": "CheckboxGroup", "name": "c", "data-source": "${data.l}" }»',
            data='{ "l": { "type": "array", "items": { "type": "object", "properties": {\n'
            '  "id": { "type": "string" }, "title": { "type": "string" } } },\n'
            '  "__example__": [] } }',
        ),
        "Required property 'label' is missing.",
        "screens[0].layout.children[0]",
    ),
    passing=passes(page('{ "type": "TextBody", "text": "Description" }')),
)


def check_missing(place: Place) -> Iterator[Finding]:
    """The object that lacks the property. The flow's version has a rule of its own."""
    if place.owner.name == "flow" and place.key == "version":
        return
    value = place.node.value
    if not place.steps and is_misspelt(str(place.key), value, place.owner.slots):
        return
    owner = f"this {place.owner.name}"
    yield RULE.finding(place.object_target(), propertyName=place.key, ownerName=owner)


FAMILY = Family(rules=(RULE,), checks=(OnMissing(check_missing),))
