"""Where a flow ends: there is a terminal screen, it has a footer, and one ends in success."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Target, listed, places
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.examples import FOOTER, HEADING, a_flow, a_screen, ask, fails, page, passes
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.rule import Rule

_ROUTES = '"data_api_version": "3.0",\n"routing_model": { "MAIN": [] }'

NONE = Rule(
    id="no-terminal",
    code="MISSING_TERMINAL_SCREEN",
    title="A flow has a terminal screen",
    message="Terminal screen is required but not provided.",
    why="Without a terminal screen nobody can ever finish the flow.",
    help='Add "terminal": true to the last screen.',
    failing=fails(
        a_flow(a_screen("MAIN", ask()), head=_ROUTES).replace('"screens"', '«"screens"»'),
        "Terminal screen is required but not provided.",
        "screens",
    ),
    passing=passes(a_flow(a_screen("MAIN", ask(), head='"terminal": true'), head=_ROUTES)),
)
FOOTERLESS = Rule(
    id="terminal-footer",
    code="MISSING_FOOTER_ON_TERMINAL_SCREEN",
    title="A terminal screen has a footer",
    message="Footer component is missing on terminal screens: {screenIDs}.",
    why="The button that ends the flow is the footer's.",
    help="Add a Footer with a complete or data_exchange action.",
    failing=fails(
        page(HEADING, last="").replace('"MAIN"', '«"MAIN"»'),
        "Footer component is missing on terminal screens: MAIN.",
        "screens[0].id",
    ),
    passing=passes(page(HEADING)),
)
UNSUCCESSFUL = Rule(
    id="success-none",
    code="INVALID_PROPERTY_VALUE",
    title="The flow can end in success",
    message="At least one terminal screen must have property 'success' set as true.",
    why="When every ending counts as a failure, the metrics of the flow say nothing.",
    help="Leave success out, or set it to true, on the screen that ends the flow well.",
    since="3.1",
    failing=fails(
        page(head='"success": «false»'),
        "At least one terminal screen must have property 'success' set as true.",
        "screens[0].success",
    ),
    passing=passes(page(head='"success": true'), page(FOOTER, last="")),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """What is missing at the end of the flow."""
    if not flow.screens:
        return
    ends = [screen for screen in flow.screens if screen.terminal]
    if not any(screen.value.get("terminal", False) is not False for screen in flow.screens):
        yield NONE.finding(Target(("screens",), key=True))
    bare = [
        end for end in ends if end.drawn and all(one.type != "Footer" for one in end.components)
    ]
    if bare:
        names = listed(screen.name for screen in bare)
        yield FOOTERLESS.finding(*places(screen.id_target for screen in bare), screenIDs=names)
    failed = [screen for screen in ends if screen.value.get("success", True) is False]
    if ends and failed == ends and flow.spec.since("3.1"):
        yield UNSUCCESSFUL.finding(*places(screen.target("success") for screen in ends))


FAMILY = Family(rules=(NONE, FOOTERLESS, UNSUCCESSFUL), checks=(OnFlow(check_flow),))
