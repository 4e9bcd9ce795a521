"""Where a navigate action leads: to a screen that exists, and not to its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Action
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, go, page, passes
from waflows.flowjson.family import Family, OnAction
from waflows.flowjson.near_misses import nearest
from waflows.flowjson.rule import Rule
from waflows.flowjson.spec.objects import MAX_SCREENS

_LINK = """{
  "type": "EmbeddedLink", "text": "More",
  "on-click-action": {
    "name": "navigate", "next": { "type": "screen", "name": NAME }, "payload": {}
  }
}"""
_GOOD = a_flow(a_screen("MAIN", go("END")), a_screen("END", FOOTER, head='"terminal": true'))

SAME = Rule(
    id="nav-same-screen",
    code="INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME",
    title="A screen does not navigate to itself",
    message="Same screen navigation is not allowed. Loop detected at [{screenNames}].",
    why="The user is there already.",
    help="Navigate to another screen.",
    failing=fails(
        page(_LINK.replace("NAME", '«"MAIN"»')),
        "Same screen navigation is not allowed. Loop detected at [MAIN].",
        "screens[0].layout.children[0].on-click-action.next.name",
    ),
    passing=passes(_GOOD),
)
UNKNOWN = Rule(
    id="nav-unknown-screen",
    code="INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME",
    title="Navigation leads to a screen that exists",
    message="Unknown screen ids found: [{screenNames}].",
    why="There is nothing to show.",
    help="Use the id of a screen of this flow, such as {known}.",
    failing=fails(
        page(_LINK.replace("NAME", '«"NOWHERE"»')),
        "Unknown screen ids found: [NOWHERE].",
        "screens[0].layout.children[0].on-click-action.next.name",
    ),
    passing=passes(_GOOD),
)


def check_action(action: Action) -> Iterator[Finding]:
    """The next screen of a navigate action."""
    name = action.destination
    if name is None or not action.allowed:
        return
    screens = action.screen.flow.by_id
    if name == action.screen.id:
        yield SAME.finding(action.target("next", "name"), screenNames=name)
    elif name not in screens and name not in action.screen.flow.renamed:
        known = ", ".join(islice(screens, 10))
        near = nearest(name, tuple(islice(screens, MAX_SCREENS)))
        advice = f"Did you mean '{near}'?" if near is not None else None
        at = action.target("next", "name")
        yield UNKNOWN.finding(at, advice=advice, screenNames=name, known=known)


FAMILY = Family(rules=(SAME, UNKNOWN), checks=(OnAction(check_action, names=("navigate",)),))
