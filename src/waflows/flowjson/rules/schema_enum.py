"""Values outside a fixed list, and formats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Finding, Replacement
from waflows.flowjson.document import Action
from waflows.flowjson.examples import INPUT, fails, page, passes
from waflows.flowjson.family import Family, OnAction, OnValue
from waflows.flowjson.near_misses import slip_of
from waflows.flowjson.rule import Rule
from waflows.flowjson.shape import Place

_LINK = '{{ "type": "EmbeddedLink", "text": "More", "on-click-action": {{ {action} }} }}'

ENUM = Rule(
    id="schema-enum",
    code="INVALID_ENUM_VALUE",
    title="Values come from their list",
    message="Value should be one of: [{allowedValues}].",
    why="The property knows a few values only. For an action, the component decides which it can "
    "start: complete, for one, belongs to a Footer.",
    help="Use one of: {allowedValues}.",
    failing=fails(
        page(_LINK.format(action='"name": «"complete"», "payload": {}'), version="5.1"),
        "Value should be one of: [data_exchange, navigate].",
        "screens[0].layout.children[0].on-click-action.name",
    )
    + fails(
        page(INPUT.replace(" }", ', "input-type": «"date"» }')),
        "Value should be one of: [text, number, email, password, passcode, phone].",
        "screens[0].layout.children[0].input-type",
    ),
    passing=passes(
        page(_LINK.format(action='"name": "open_url", "url": "https://example.com"')),
        page(INPUT.replace(" }", ', "input-type": "phone" }')),
    ),
)
FORMAT = Rule(
    id="schema-format",
    code="INVALID_PROPERTY_VALUE_FORMAT",
    title="The endpoint's address is a URI",
    message="Property '{propertyName}' should be in '{format}' format.",
    why="The only property documented with a format is data_channel_uri, which 3.0 removed.",
    help="Write an absolute address such as https://example.com/flow.",
    until="3.0",
    failing=fails(
        page(top='"data_channel_uri": «"my endpoint"»', version="2.1").replace('"2.1"', '"2.1"'),
        "Property 'data_channel_uri' should be in 'uri' format.",
        "data_channel_uri",
    ),
    passing=passes(page(top='"data_channel_uri": "https://example.com/flow"', version="2.1")),
)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


def check_property(place: Place) -> Iterator[Finding]:
    """A string, or an element of a list, that is not among the allowed ones."""
    slot, value = place.slot, place.value
    if slot is None or not isinstance(value, str):
        return
    allowed = slot.entry.allowed
    if allowed and value not in allowed:
        yield ENUM.finding(
            place.target(), fix=_meant(value, allowed), allowedValues=", ".join(allowed)
        )
    elif slot.entry.format == "uri" and not _URI.fullmatch(value):
        yield FORMAT.finding(place.target(), propertyName=place.name, format="uri")


def check_action(action: Action) -> Iterator[Finding]:
    """An action that its property does not start."""
    if not action.allowed and "name" in action.value:
        yield ENUM.finding(
            action.target("name"),
            fix=_meant(action.value["name"], action.takes),
            allowedValues=", ".join(action.takes),
        )


def _meant(value: Any, allowed: tuple[str, ...]) -> Replacement | None:
    """The value that was misspelt."""
    right = slip_of(value, allowed) if isinstance(value, str) else None
    return Replacement(f'"{right}"') if right is not None else None


FAMILY = Family(rules=(ENUM, FORMAT), checks=(OnValue(check_property), OnAction(check_action)))
