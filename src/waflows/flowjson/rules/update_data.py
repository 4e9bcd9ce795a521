"""update_data changes only fields that the screen declares, and keeps their types."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.data_model import declared_type, mistyped_literals
from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Action, Use
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnAction, OnUse
from waflows.flowjson.rule import Rule

_OPT_IN = """{
  "type": "OptIn", "name": "agree", "label": "I agree",
  "on-select-action": { "name": "update_data", "payload": { KEY: true } }
}"""
_DATA = '{ "open": { "type": "boolean", "__example__": false } }'

RULE = Rule(
    id="update-data-key",
    code="INVALID_ACTION_PAYLOAD_PROPERTY",
    title="update_data changes declared fields",
    message="The following property {property} does not exist in the screen data model",
    why="A field the screen does not declare cannot be changed.",
    help="Declare {property} in the screen's data, or correct the name.",
    since="6.0",
    failing=fails(
        page(_OPT_IN.replace("KEY", '«"shut"»'), data=_DATA),
        "The following property shut does not exist in the screen data model",
        "screens[0].layout.children[0].on-select-action.payload.shut",
    ),
    passing=passes(page(_OPT_IN.replace("KEY", '"open"'), data=_DATA)),
)

TYPE = Rule(
    id="update-data-type",
    code="INVALID_UPDATE_DATA_ACTION_PAYLOAD",
    evidence=("names",),
    title="update_data keeps the type of a field",
    message="Field '{field}' is declared as {expected}, but update_data sets it to {found}.",
    why="The screen declares one type for the field, and everything bound to it relies on that.",
    help="Write a value of type {expected}, or change the declaration.",
    since="6.0",
    failing=fails(
        page(_OPT_IN.replace("KEY: true", '"open": «"yes"»'), data=_DATA),
        "Field 'open' is declared as boolean, but update_data sets it to string.",
        "screens[0].layout.children[0].on-select-action.payload.open",
    ),
    passing=passes(page(_OPT_IN.replace("KEY", '"open"'), data=_DATA)),
)


def check_action(action: Action) -> Iterator[Finding]:
    """The keys of an update_data payload."""
    if not action.allowed:
        return
    if action.screen.data is None and "data" in action.screen.value:
        return
    declared = action.screen.data or {}
    for key in action.payload or {}:
        if key not in declared:
            yield RULE.finding(action.target("payload", key, key=True), property=key)


def check_literals(action: Action) -> Iterator[Finding]:
    """Values of another type than the field they change."""
    for field, expected, found in mistyped_literals(action.payload, action.screen.data):
        at = action.target("payload", field)
        yield TYPE.finding(at, field=field, expected=expected, found=found)


def check_use(use: Use) -> Iterator[Finding]:
    """Bindings and expressions that are a field's whole value."""
    action = use.action
    if action is None or action.name != "update_data" or len(use.steps) != 2:
        return
    expected = declared_type(action.screen.data, str(use.steps[1]))
    types = use.types_given
    if expected is not None and types and expected not in types:
        yield TYPE.finding(use.target(), field=use.steps[1], expected=expected, found=types[0])


FAMILY = Family(
    rules=(RULE, TYPE),
    checks=(
        OnAction(check_action, names=("update_data",)),
        OnAction(check_literals, names=("update_data",)),
        OnUse(check_use, when=lambda use: use.payload),
    ),
)
