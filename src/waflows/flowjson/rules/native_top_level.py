"""Photos and documents stand at the top level of what is sent."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Use
from waflows.flowjson.examples import fails, finish, page, passes
from waflows.flowjson.family import Family, OnUse
from waflows.flowjson.rule import Rule

_PHOTO = '{ "type": "PhotoPicker", "name": "photo", "label": "Photo", "max-uploaded-photos": 1 }'
_AT = "screens[0].layout.children[1].on-click-action.payload"

RULE = Rule(
    id="native-top-level",
    code="INVALID_ON_CLICK_ACTION_PAYLOAD",
    title="Files stand at the top level of a payload",
    message=(
        "The value of following components must be a top-level string in complete and "
        "data_exchange on-click-action payload: : [{componentTypes}]."
    ),
    why="The client replaces the binding with the uploaded files only there.",
    help='Write it as a value of the payload itself: "files": "${form.…}".',
    since="4.0",
    failing=fails(
        page(_PHOTO, last=finish('{ "files": { "first": [«"${form.photo}"»] } }')),
        "The value of following components must be a top-level string in complete and "
        "data_exchange on-click-action payload: : [PhotoPicker].",
        f"{_AT}.files.first[0]",
    ),
    passing=passes(page(_PHOTO, last=finish('{ "photo": "${form.photo}" }'))),
)


def check_use(use: Use) -> Iterator[Finding]:
    """A picker deeper in the payload of a complete or data_exchange action."""
    action = use.action
    if action is None or not use.in_payload or action.name not in {"complete", "data_exchange"}:
        return
    if len(use.steps) != 2 or use.expression.kind != "binding":
        types = ", ".join(dict.fromkeys(picker.type for picker in use.pickers))
        yield RULE.finding(use.target(), componentTypes=types)


FAMILY = Family(rules=(RULE,), checks=(OnUse(check_use, when=lambda use: use.picker),))
