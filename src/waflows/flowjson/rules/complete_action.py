"""complete ends the flow, so it belongs to a terminal screen."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding
from waflows.flowjson.document import Action
from waflows.flowjson.examples import a_screen, ask, endpoint_flow, fails, finish, page, passes
from waflows.flowjson.family import Family, OnAction
from waflows.flowjson.rule import Rule

_END = a_screen("END", ask(), head='"terminal": true')

RULE = Rule(
    id="complete-nonterminal",
    code="INVALID_COMPLETE_ACTION",
    title="complete stands on a terminal screen",
    message="On-click-action 'complete' can only be configured on a terminal screen.",
    why="Only a terminal screen can end the flow.",
    help='Add "terminal": true to the screen, or navigate to a terminal one.',
    failing=fails(
        endpoint_flow(
            '{ "ONE": ["END"] }',
            a_screen("ONE", finish().replace('"complete"', '«"complete"»')),
            _END,
        ),
        "On-click-action 'complete' can only be configured on a terminal screen.",
        "screens[0].layout.children[0].on-click-action.name",
    ),
    passing=passes(page(last=finish())),
)


def check_action(action: Action) -> Iterator[Finding]:
    """A complete action where the flow does not end."""
    ends = action.screen.value.get("terminal", False)
    if action.allowed and ends is False:
        yield RULE.finding(action.target("name"))


FAMILY = Family(rules=(RULE,), checks=(OnAction(check_action, names=("complete",)),))
