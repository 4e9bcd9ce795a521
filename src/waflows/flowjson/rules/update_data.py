"""update_data changes only fields that the screen declares."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Fault
from waflows.flowjson.document import Action
from waflows.flowjson.examples import fails, page, passes
from waflows.flowjson.family import Family, OnAction
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


def check_action(action: Action) -> Iterator[Fault]:
    """The keys of an update_data payload."""
    if not action.allowed:
        return
    if action.screen.data is None and "data" in action.screen.value:
        return
    declared = action.screen.data or {}
    for key in action.payload or {}:
        if key not in declared:
            yield RULE.fault(action.target("payload", key, key=True), property=key)


FAMILY = Family(rules=(RULE,), checks=(OnAction(check_action, names=("update_data",)),))
