"""The routing model names the flow's screens: all of them, and no others."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Target, listed, places
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.examples import a_screen, ask, endpoint_flow, fails, passes
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.routes import declared, is_well_formed
from waflows.flowjson.rule import Rule

_ONE = a_screen("ONE", ask())
_TWO = a_screen("TWO", ask(), head='"terminal": true')
_GOOD = endpoint_flow('{ "ONE": ["TWO"] }', _ONE, _TWO)
_END = a_screen("ONE", ask(), head='"terminal": true')

MISSING = Rule(
    id="rm-missing-screens",
    code="INVALID_ROUTING_MODEL",
    title="Every screen is in the routing model",
    message="Following screens are missing in the routing model: {screenIDs}.",
    why="A screen that is neither a source nor a destination could never be reached. A flow of one "
    "screen may have an empty model, as official examples do.",
    help="Add {screenIDs} to the routing model.",
    failing=fails(
        endpoint_flow('«{ "ONE": [] }»', _END, _TWO),
        "Following screens are missing in the routing model: TWO.",
        "routing_model",
    ),
    passing=passes(_GOOD),
)
SOURCE = Rule(
    id="rm-invalid-source",
    code="INVALID_ROUTING_MODEL",
    title="Routes start at screens that exist",
    message="Invalid screens found in the routing model: {screenIDs}.",
    why="A route from a screen that does not exist leads nowhere.",
    help="Remove it, or correct the id.",
    failing=fails(
        endpoint_flow('{ "ONE": ["TWO"], «"THREE"»: [] }', _ONE, _TWO),
        "Invalid screens found in the routing model: THREE.",
        "routing_model.THREE",
    ),
    passing=passes(endpoint_flow('{ "ONE": ["TWO"], "TWO": [] }', _ONE, _TWO)),
)
DESTINATION = Rule(
    id="rm-invalid-destination",
    code="INVALID_ROUTING_MODEL",
    title="Routes lead to screens that exist",
    message="Invalid screen found in the routing model: {screenId}.",
    why="The client refuses a route to a screen that does not exist.",
    help="Remove it, or correct the id.",
    failing=fails(
        endpoint_flow('{ "ONE": ["TWO", «"THREE"»] }', _ONE, _TWO),
        "Invalid screen found in the routing model: THREE.",
        "routing_model.ONE[1]",
    ),
    passing=passes(_GOOD),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Screens the model does not name, and names that are no screens."""
    routes = declared(flow)
    if routes is None:
        return
    named = set(routes).union(*routes.values())
    missing = [name for name in flow.by_id if name not in named]
    if missing and len(flow.by_id) > 1 and is_well_formed(flow):
        yield MISSING.finding(Target(("routing_model",)), screenIDs=listed(missing))
    model = flow.value["routing_model"]
    unknown = [name for name in model if name not in flow.by_id and name not in flow.renamed]
    if unknown:
        targets = (Target(("routing_model", name), key=True) for name in unknown)
        yield SOURCE.finding(*places(targets), screenIDs=listed(unknown))
    reported = {*unknown, *flow.renamed}
    for source, given in model.items():
        for index, name in enumerate(given if isinstance(given, list) else ()):
            if isinstance(name, str) and name not in flow.by_id and name not in reported:
                yield DESTINATION.finding(Target(("routing_model", source, index)), screenId=name)
    for name, screen in flow.renamed.items():
        written = places(_places_of(name, flow))
        advice = f"The screen is called {screen}: write that in every place, or rename it."
        if name in model:
            yield SOURCE.finding(*written, advice=advice, screenIDs=name)
        else:
            yield DESTINATION.finding(*written, advice=advice, screenId=name)


def _places_of(name: str, flow: FlowStructure) -> Iterator[Target]:
    """Where the routing model and the navigate actions name a screen."""
    model = flow.value["routing_model"]
    if name in model:
        yield Target(("routing_model", name), key=True)
    for source, given in model.items():
        for index, destination in enumerate(given):
            if destination == name:
                yield Target(("routing_model", source, index))
    for action in flow.actions:
        if action.destination == name:
            yield action.target("next", "name")


FAMILY = Family(rules=(MISSING, SOURCE, DESTINATION), checks=(OnFlow(check_flow),))
