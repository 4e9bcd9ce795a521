"""Properties an object does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, Replacement, Safety, Target, slashed
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnUnknown
from waflows.flowjson.json_types import json_type
from waflows.flowjson.near_misses import nearest, slip_of
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place
from waflows.flowjson.spec import components, objects

_NO_LONGER = (
    "Property `{propertyName}` is no longer supported in Flow JSON as of version '3.0'. "
    "Please configure your endpoint URI using Flows API or Builder. Refer Flows "
    "documentation at '/docs/whatsapp/flows' for more information."
)
UNKNOWN = Rule(
    id="schema-unknown-property",
    code="INVALID_PROPERTY_KEY",
    title="Objects have only the properties they know",
    wording={
        "at-object": "Property '{propertyName}' cannot be specified at {errorPath}.",
        "at-component": (
            "Property '{propertyName}' cannot be specified at {componentName} on {errorPath}."
        ),
    },
    why="No object of Flow JSON takes further properties, so a misspelt one is refused and not "
    "ignored. A property may also be newer than the document's version.",
    help="Remove it, or correct its name.",
    failing=fails(
        page('{ "type": "TextHeading", "text": "Hi", «"hue"»: "red" }'),
        "Property 'hue' cannot be specified at TextHeading on $root/screens/0/layout/children/0.",
        "screens[0].layout.children[0].hue",
    )
    + fails(
        page(head='«"name"»: "Start"'),
        "Property 'name' cannot be specified at $root/screens/0.",
        "screens[0].name",
    ),
    passing=passes(page('{ "type": "TextHeading", "text": "Hi", "visible": false }')),
)
REMOVED = Rule(
    id="data-api-version-removed",
    code="INVALID_PROPERTY_KEY",
    title="The endpoint's address is no longer in the document",
    message=_NO_LONGER,
    why="Since 3.0 the address belongs to the flow and not to its JSON. Meta's page prints this "
    "message for data_api_version, which every endpoint flow needs; only data_channel_uri fits.",
    help="Remove {propertyName} and set the flow's endpoint URI.",
    since="3.0",
    failing=fails(
        page(top='«"data_channel_uri"»: "https://example.com/flow"'),
        _NO_LONGER.replace("{propertyName}", "data_channel_uri"),
        "data_channel_uri",
    ),
    passing=passes(page(top='"data_channel_uri": "https://example.com/flow"', version="2.1")),
)
_WRAPPED = "The flow is inside '{propertyName}': give the object in it alone."
_QUOTED = (
    "The flow is inside '{propertyName}', as a quoted string: give what is in the quotes alone, "
    "without the escapes."
)
_SYNONYMS = {
    "placeholder": ("helper-text",),
    "hint": ("helper-text",),
    "options": ("data-source",),
    "items": ("data-source", "list-items", "images"),
    "max-chars": ("max-length",),
    "maxLength": ("max-chars", "max-length"),
    "max-length": ("max-chars",),
    "title": ("label", "text"),
    "label": ("text", "title"),
    "text": ("label", "title"),
    "value": ("init-value", "text"),
    "default": ("init-value",),
    "action": ("on-click-action", "on-select-action"),
    "required": ("min-uploaded-photos", "min-uploaded-documents"),
    "helper-text": ("description",),
    "description": ("helper-text",),
    "url": ("src",),
}
"""Properties of other components or toolkits, and what says the same here."""


def wrapper_findings(value: dict[str, Any]) -> Iterator[Finding]:
    """The one finding for a flow that stands, as an object or quoted, inside another object."""
    if "screens" in value or "version" in value:
        return
    for name, inner in value.items():
        quoted = isinstance(inner, str) and inner.lstrip()[:1] == "{" and '"screens"' in inner
        if quoted or (isinstance(inner, dict) and "screens" in inner):
            yield UNKNOWN.finding(
                Target((name,), key=True),
                advice=_QUOTED if quoted else _WRAPPED,
                propertyName=name,
                errorPath=slashed(()),
            )
            return


def check_unknown(place: Place) -> Iterator[Finding]:
    """The key of a property that the object does not have in this version."""
    name = str(place.key)
    if place.owner.name == "flow" and name == "data_channel_uri":
        yield REMOVED.finding(place.target(key=True), propertyName=name)
        return
    yield UNKNOWN.finding(
        place.target(key=True),
        say="at-component" if place.owner.component is not None else "at-object",
        advice=_advice(place, name),
        fix=_renamed(place, name),
        propertyName=name,
        componentName=place.owner.name,
        errorPath=slashed(place.object_path),
    )


_MOST_SIBLINGS = 100
"""No fix is looked for in an object with more properties, since each is compared with all."""


def _renamed(place: Place, name: str) -> Replacement | None:
    """The right key, if the object does not have it and no other key is a slip of it."""
    slots, siblings = place.owner.slots, place.siblings
    right = slip_of(name, slots)
    safety: Safety = "safe"
    if right is None:
        kind = json_type(place.value)
        synonyms = [
            other
            for other in _SYNONYMS.get(name, ())
            if other in slots and kind in slots[other].types
        ]
        right, safety = (synonyms[0] if len(synonyms) == 1 else None), "unsafe"
    if right is None or right in siblings or len(siblings) > _MOST_SIBLINGS:
        return None
    strange = (key for key in siblings if key not in slots and key != name)
    if any(slip_of(key, slots) == right or right in _SYNONYMS.get(key, ()) for key in strange):
        return None
    return Replacement(f'"{right}"', safety)


def _advice(place: Place, name: str) -> str | None:
    version = place.flow.spec.version
    kind = components.COMPONENTS.get(place.owner.name) or objects.ITEMS.get(place.owner.name)
    lines = kind.properties if kind is not None else objects.SCREEN.properties
    if kind is not None or place.owner.name == "screen":
        since = [line.since for line in lines if line.name == name and line.since is not None]
        if since:
            return f"'{name}' came with Flow JSON {since[0]}; the document says {version}."
    for other in _SYNONYMS.get(name, ()):
        if other in place.owner.slots:
            return f"Did you mean '{other}'?"
    near = nearest(name, tuple(place.owner.slots))
    if near is not None:
        return f"Did you mean '{near}'?"
    if len(place.owner.slots) <= 1:
        return None
    return f"Remove it. {place.owner.name} takes: {', '.join(place.owner.slots)}."


FAMILY = Family(rules=(UNKNOWN, REMOVED), checks=(OnUnknown(check_unknown),))
