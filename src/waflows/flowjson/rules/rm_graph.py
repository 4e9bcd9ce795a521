"""The routing model as a graph: one piece, with an entry, without loops."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Target, listed
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.examples import a_screen, ask, endpoint_flow, fails, passes
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.routes import Graph, connected, declared, is_well_formed, loops
from waflows.flowjson.rule import Rule

_MODEL = Target(("routing_model",))
_ONE, _TWO = a_screen("ONE", ask()), a_screen("TWO", ask())
_END = a_screen("END", ask(), head='"terminal": true')
_ALL = (_ONE, _TWO, _END)
_GOOD = endpoint_flow('{ "ONE": ["TWO", "END"], "TWO": ["END"] }', *_ALL)

APART = Rule(
    id="rm-not-connected",
    code="INVALID_ROUTING_MODEL",
    title="The routing model is one piece",
    message=(
        "Following screens are not connected with the rest of the screens : {screenIDs}. All "
        "screens should be connected."
    ),
    why="A screen without a route to or from the others could never be reached.",
    help="Add a route to {screenIDs}.",
    failing=fails(
        endpoint_flow('«{ "ONE": ["TWO"], "END": [] }»', *_ALL),
        "Following screens are not connected with the rest of the screens : END. All screens "
        "should be connected.",
        "routing_model",
    ),
    passing=passes(_GOOD),
)
NO_ENTRY = Rule(
    id="rm-no-entry",
    code="INVALID_ROUTING_MODEL",
    title="The routing model has an entry screen",
    message=(
        "No entry screen found in the routing model. Expected a screen with no inbound edges as "
        "the entry screen."
    ),
    why="A flow opens at a screen that no route leads to.",
    help="Remove the routes that lead to the first screen.",
    failing=(),  # never alone: a model without an entry has a loop; its test shows both
    passing=passes(_GOOD),
)
LOOP = Rule(
    id="rm-loop",
    code="INVALID_ROUTING_MODEL",
    title="The routing model has no loop",
    message="Loop detected in the routing model for screens: {screenIds}.",
    why="Routes lead forward only; the way back is the BACK button's. An endpoint may still "
    "answer with the same screen.",
    help="Remove one of the routes between {screenIds}.",
    failing=fails(
        endpoint_flow(
            '«{ "ONE": ["TWO"], "TWO": ["THREE"], "THREE": ["END"], "END": ["TWO"] }»',
            *_ALL,
            a_screen("THREE", ask()),
        ),
        "Loop detected in the routing model for screens: TWO, THREE, END.",
        "routing_model",
    ),
    passing=passes(_GOOD),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """The shape of the graph, as far as it is made of screens that exist."""
    routes = declared(flow)
    if routes is None or not is_well_formed(flow):
        return
    graph = {name: [d for d in routes.get(name, ()) if d in flow.by_id] for name in routes}
    inbound = {destination for destinations in graph.values() for destination in destinations}
    present = [name for name in flow.by_id if name in graph or name in inbound]
    parts = connected(graph, present)
    if len(parts) > 1:
        apart = listed(name for name in present if name not in parts[0])
        yield APART.finding(_MODEL, screenIDs=apart)
    if present and all(name in inbound for name in present):
        yield NO_ENTRY.finding(_MODEL)
    for loop in loops(_without_there_and_back(graph)):
        yield LOOP.finding(_MODEL, screenIds=listed(loop))


def _without_there_and_back(graph: Graph) -> Graph:
    """The graph without routes back to where one came from: those have a rule of their own."""
    seen: set[tuple[str, str]] = set()
    kept: Graph = {}
    for source, destinations in graph.items():
        kept[source] = [d for d in destinations if (d, source) not in seen or d == source]
        seen.update((source, destination) for destination in destinations)
    return kept


FAMILY = Family(rules=(APART, NO_ENTRY, LOOP), checks=(OnFlow(check_flow),))
