"""Navigate actions that work, but not as documented."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Replacement, Target, listed
from waflows.flowjson.document import Action
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, footer, go, passes
from waflows.flowjson.family import Family, OnAction, OnMissing
from waflows.flowjson.near_misses import is_misspelt
from waflows.flowjson.rule import Gap, Rule
from waflows.flowjson.shape import Place

_END = a_screen("END", FOOTER, head='"terminal": true')
_DECLARING = a_screen(
    "END",
    FOOTER,
    head='"terminal": true,\n"data": { "city": { "type": "string", "__example__": "Porto" } }',
)
_BARE = '{ "name": "navigate", "next": { "type": "screen", "name": "END" } }'

PAYLOAD = Gap(
    id="navigate-without-payload",
    code="WAFLOWS_NAVIGATE_WITHOUT_PAYLOAD",
    evidence=("page", "names", "reading"),
    title="navigate and complete have a payload",
    message="Required property 'payload' is missing.",
    why="The documentation lists payload as required, and {} when there is nothing to hand over. "
    "Published flows leave it out, so that it is a warning.",
    help='Add "payload": {}.',
    failing=fails(
        a_flow(a_screen("ONE", footer(f"«{_BARE}»")), _END),
        "Required property 'payload' is missing.",
        "screens[0].layout.children[0].on-click-action",
    ),
    passing=passes(a_flow(a_screen("ONE", go("END")), _END)),
)
DATA = Rule(
    id="navigate-payload-missing",
    code="MISSING_NAVIGATION_ACTION_PAYLOAD",
    evidence=("names",),
    title="navigate hands over what the next screen declares",
    message="Following fields are expected in the data model of screen '{screenName}', but the "
    "action has no payload: [{fieldNames}].",
    why="Every declared field must arrive; there are no optional ones.",
    help='Add "payload" with a value for each of: {fieldNames}.',
    failing=fails(
        a_flow(a_screen("ONE", footer(f"«{_BARE}»")), _DECLARING),
        "Following fields are expected in the data model of screen 'END', but the action has no "
        "payload: [city].",
        "screens[0].layout.children[0].on-click-action",
    ),
    passing=passes(a_flow(a_screen("ONE", go("END", '{ "city": "Porto" }')), _DECLARING)),
)
TERMINAL = Rule(
    id="navigate-on-terminal",
    code="INVALID_PROPERTY_VALUE",
    evidence=("names", "reports"),
    title="A terminal screen's footer ends the flow",
    message="The Footer of a terminal screen should use complete or data_exchange.",
    why="A terminal screen is where the flow ends; a footer that navigates goes on.",
    help="Use complete or data_exchange, or remove terminal.",
    failing=fails(
        a_flow(
            a_screen(
                "ONE", go("END").replace('"navigate"', '«"navigate"»'), head='"terminal": true'
            ),
            _END,
        ),
        "The Footer of a terminal screen should use complete or data_exchange.",
        "screens[0].layout.children[0].on-click-action.name",
    ),
    passing=passes(a_flow(a_screen("ONE", go("END")), _END)),
)


def check_missing(place: Place) -> Iterator[Finding]:
    """A navigate action without a payload."""
    if place.key != "payload" or place.owner.name not in {"navigate", "complete"}:
        return
    following = None
    if place.owner.name == "navigate" and isinstance(place.node, Action):
        following = place.flow.by_id.get(place.node.destination or "")
    if following is not None and following.data:
        fields = listed(following.data)
        yield DATA.finding(place.object_target(), fieldNames=fields, screenName=following.name)
    else:
        fix = None
        known = following is not None and not is_misspelt(
            "payload", place.siblings, place.owner.slots
        )
        if known and "name" in place.siblings:
            fix = Replacement(', "payload": {}', after=Target((*place.object_path, "name")))
        yield PAYLOAD.finding(place.object_target(), fix=fix)


def check_action(action: Action) -> Iterator[Finding]:
    """A footer that navigates from a terminal screen."""
    if action.component.type == "Footer" and action.screen.terminal:
        yield TERMINAL.finding(action.target("name"))


FAMILY = Family(
    rules=(PAYLOAD, DATA, TERMINAL),
    checks=(OnMissing(check_missing), OnAction(check_action, names=("navigate",))),
)
