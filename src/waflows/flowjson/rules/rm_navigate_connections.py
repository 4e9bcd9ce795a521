"""Connections of a flow without an endpoint, made by its navigate actions."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, listed, places
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, go, passes
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.routes import certain, connected, taken
from waflows.flowjson.rule import Rule

_LAST = '"terminal": true'
_END = a_screen("END", FOOTER, head=_LAST)
_GOOD = a_flow(a_screen("ONE", go("END")), _END)
ALONE = Rule(
    id="rm-not-connected-any-navigate",
    code="INVALID_ROUTING_MODEL",
    title="Every screen takes part in a navigation",
    message=(
        "Following screens are not connected to any of the screens: {screenIDs}. A connection is "
        "formed by the navigate screen action."
    ),
    why="Without an endpoint only a navigate action leads to a screen.",
    help="Navigate to {screenIDs} from another screen, or remove it.",
    failing=fails(
        a_flow(
            a_screen("ONE", go("END")),
            _END,
            a_screen("LOST", FOOTER, head=_LAST).replace('"LOST"', '«"LOST"»'),
        ),
        "Following screens are not connected to any of the screens: LOST. A connection is formed "
        "by the navigate screen action.",
        "screens[2].id",
    ),
    passing=passes(_GOOD, a_flow(_END)),
)
APART = Rule(
    id="rm-not-connected-navigate",
    code="INVALID_ROUTING_MODEL",
    title="All screens are connected",
    message=(
        "Following screens are not connected with the rest of the screens via navigate screen "
        "action: {screenIDs}. All screens should be connected."
    ),
    why="Nobody could come from one part of the flow to the other.",
    help="Navigate from one part to the other.",
    failing=fails(
        a_flow(
            a_screen("ONE", go("END")),
            _END,
            a_screen("TWO", go("FIN")).replace('"TWO"', '«"TWO"»'),
            a_screen("FIN", FOOTER, head=_LAST).replace('"FIN"', '«"FIN"»'),
        ),
        "Following screens are not connected with the rest of the screens via navigate screen "
        "action: TWO, FIN. All screens should be connected.",
        "screens[2].id",
        "screens[3].id",
    ),
    passing=passes(_GOOD),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Screens that no navigation connects with the others."""
    if flow.endpoint or not certain(flow):
        return
    graph = taken(flow)
    inbound = {destination for destinations in graph.values() for destination in destinations}
    alone = [name for name in graph if not graph[name] and name not in inbound]
    if len(graph) > 1 and alone:
        targets = (flow.by_id[name].target("id") for name in alone)
        yield ALONE.finding(*places(targets), screenIDs=listed(alone))
    lone = set(alone)
    parts = connected(graph, (name for name in graph if name not in lone))
    if len(parts) > 1:
        apart = [name for name in graph if name not in parts[0] and name not in lone]
        targets = (flow.by_id[name].target("id") for name in apart)
        yield APART.finding(*places(targets), screenIDs=listed(apart))


FAMILY = Family(rules=(ALONE, APART), checks=(OnFlow(check_flow),))
