"""The types of what a navigate action hands over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.data_model import declared_type, mistyped_literals
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Action, Use
from waflows.flowjson.examples import FOOTER, INPUT, a_flow, a_screen, fails, go, passes
from waflows.flowjson.family import Family, OnAction, OnUse
from waflows.flowjson.rule import Rule

_LAST = '"terminal": true,\n"data": { "count": { "type": "number", "__example__": 3 } }'


def _flow(value: str) -> str:
    start = a_screen("ONE", INPUT, go("END", f'{{ "count": {value} }}'))
    return a_flow(start, a_screen("END", FOOTER, head=_LAST))


LITERAL = Rule(
    id="nav-static-type",
    code="INVALID_NAVIGATE_ACTION_PAYLOAD",
    title="Values in a payload have the declared type",
    message=(
        "Schema of payload data at '{payloadField}' on screen '{payloadScreen}' is not matching "
        "with schema of data model field on screen '{dataModelScreen}'. Property is expecting "
        "'{dataModelFieldType}' but got '{payloadFieldType}'."
    ),
    why="The next screen declares another type for the field.",
    help="Write a {dataModelFieldType}, or change the declaration.",
    failing=fails(
        _flow('«"three"»'),
        "Schema of payload data at 'count' on screen 'ONE' is not matching with schema of data "
        "model field on screen 'END'. Property is expecting 'number' but got 'string'.",
        "screens[0].layout.children[1].on-click-action.payload.count",
    ),
    passing=passes(_flow("3")),
)
BOUND = Rule(
    id="nav-dynamic-type",
    code="INVALID_NAVIGATE_ACTION_PAYLOAD",
    title="Bindings in a payload have the declared type",
    message=(
        "Schema of dynamic data '{payloadFieldValue}' is not matching schema of data model field "
        "'{payloadField}' on screen '{dataModelScreen}'. Property is expecting "
        "'{dataModelFieldType}' but got '{payloadFieldType}'."
    ),
    why="The next screen declares another type for the field.",
    help="Bind a {dataModelFieldType}, or change the declaration.",
    failing=fails(
        _flow('«"${form.city}"»'),
        "Schema of dynamic data '${form.city}' is not matching schema of data model field "
        "'count' on screen 'END'. Property is expecting 'number' but got 'string'.",
        "screens[0].layout.children[1].on-click-action.payload.count",
    ),
    passing=passes(
        _flow('"${form.city}"').replace('"name": "city"', '"name": "city", "input-type": "number"')
    ),
)


def check_action(action: Action) -> Iterator[Finding]:
    """Literal values."""
    for field, expected, found in mistyped_literals(action.payload, _model(action)):
        yield LITERAL.finding(
            action.target("payload", field),
            payloadField=field,
            payloadScreen=action.screen.name,
            dataModelScreen=action.destination,
            dataModelFieldType=expected,
            payloadFieldType=found,
        )


def check_use(use: Use) -> Iterator[Finding]:
    """Bindings and expressions that are a field's whole value."""
    action = use.action
    if action is None or not use.in_payload or len(use.steps) != 2:
        return
    field = str(use.steps[1])
    expected = declared_type(_model(action), field)
    types = use.types_given
    if expected is not None and types and expected not in types and not use.pickers:
        yield BOUND.finding(
            use.target(),
            payloadFieldValue=use.text,
            payloadField=field,
            dataModelScreen=action.destination,
            dataModelFieldType=expected,
            payloadFieldType=types[0],
        )


def _model(action: Action) -> dict[str, Any] | None:
    """The data model of the screen that the action leads to, if that is another one."""
    following = action.screen.flow.by_id.get(action.destination or "")
    return None if following is None or following is action.screen else following.data


FAMILY = Family(
    rules=(LITERAL, BOUND),
    checks=(
        OnAction(check_action, names=("navigate",)),
        OnUse(check_use, when=lambda use: use.payload),
    ),
)
