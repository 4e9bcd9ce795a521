"""Single routes of the routing model: forward only, not too many, and all that are taken."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, Target
from waflows.flowjson.document import FlowStructure
from waflows.flowjson.examples import a_screen, ask, endpoint_flow, fails, go, passes
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.routes import declared, is_well_formed, navigations
from waflows.flowjson.rule import Rule
from waflows.flowjson.spec.objects import MAX_BRANCHES

_ONE, _TWO = a_screen("ONE", ask()), a_screen("TWO", ask())
_END = a_screen("END", ask(), head='"terminal": true')
_MANY = [a_screen(f"N_{letter}", ask(), head='"terminal": true') for letter in "ABCDEFGHIJK"]


def _fan(names: str) -> str:
    return '{ "ONE": «[' + ", ".join(f'"N_{letter}"' for letter in names) + "]» }"


BACKWARD = Rule(
    id="rm-backward",
    code="INVALID_ROUTING_MODEL",
    title="Only forward routes are written",
    message=(
        "Backward route [{destination}->{source}] corresponding to forward route "
        "[{source}->{destination}] is not allowed in the routing model. Only forward routes can "
        "be specified."
    ),
    why="A route A → B already lets the user go back from B to A.",
    help="Remove {source} from the routes of {destination}.",
    failing=fails(
        endpoint_flow('{ "ONE": ["TWO"], "TWO": ["END"], "END": [«"TWO"»] }', _ONE, _TWO, _END),
        "Backward route [END->TWO] corresponding to forward route [TWO->END] is not allowed in "
        "the routing model. Only forward routes can be specified.",
        "routing_model.END[0]",
    ),
    passing=passes(endpoint_flow('{ "ONE": ["TWO"], "TWO": ["END"] }', _ONE, _TWO, _END)),
)
BRANCHES = Rule(
    id="rm-branches",
    code="INVALID_ROUTING_MODEL",
    title="A screen has at most 10 routes",
    message="Number of branches exceeds the max limit of 10 for screen: {screenId}.",
    why="Meta's limit.",
    help="Lead to fewer screens, or put a screen between.",
    failing=fails(
        endpoint_flow(_fan("ABCDEFGHIJK"), _ONE, *_MANY),
        "Number of branches exceeds the max limit of 10 for screen: ONE.",
        "routing_model.ONE",
    ),
    passing=passes(endpoint_flow(_fan("ABCDEFGHIJ"), _ONE, *_MANY[:10])),
)
UNDECLARED = Rule(
    id="rm-missing-route",
    code="INVALID_ROUTING_MODEL",
    title="Every navigation is in the routing model",
    message=(
        "Missing direct route from screen '{source}' to screen '{destination}' in the routing "
        "model, while it exists in the navigate screen action of screen '{source}'."
    ),
    why="The client refuses to move where the model has no route.",
    help="Add {destination} to the routes of {source}.",
    failing=fails(
        endpoint_flow(
            '{ "ONE": ["TWO"], "TWO": ["END"] }',
            a_screen("ONE", go("END").replace('"END"', '«"END"»')),
            _TWO,
            _END,
        ),
        "Missing direct route from screen 'ONE' to screen 'END' in the routing model, while it "
        "exists in the navigate screen action of screen 'ONE'.",
        "screens[0].layout.children[0].on-click-action.next.name",
    ),
    passing=passes(
        endpoint_flow(
            '{ "ONE": ["TWO"], "TWO": [] }',
            a_screen("ONE", go("TWO")),
            a_screen("TWO", ask(), head='"terminal": true'),
        )
    ),
)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """Routes that should not be there, and one that should."""
    routes = declared(flow)
    if routes is None:
        return
    for key in flow.value["routing_model"]:
        source = flow.renamed.get(key, key)
        if len(routes[source]) > MAX_BRANCHES:
            yield BRANCHES.finding(Target(("routing_model", key)), screenId=source)
    seen: set[tuple[str, str]] = set()
    for source, destination, at in _written(flow):
        backward = (destination, source) in seen and destination != source
        if backward and (source, destination) not in seen:
            yield BACKWARD.finding(at, source=destination, destination=source)
        seen.add((source, destination))
    if not is_well_formed(flow):
        return
    for source, destination, action in navigations(flow):
        if (source, destination) not in seen:
            at = action.target("next", "name")
            yield UNDECLARED.finding(at, source=source, destination=destination)


def _written(flow: FlowStructure) -> Iterator[tuple[str, str, Target]]:
    """Every route of the model and where it is written."""
    now = flow.renamed
    for key, given in flow.value["routing_model"].items():
        for index, name in enumerate(given if isinstance(given, list) else ()):
            if isinstance(name, str):
                at = Target(("routing_model", key, index))
                yield now.get(key, key), now.get(name, name), at


FAMILY = Family(rules=(BACKWARD, BRANCHES, UNDECLARED), checks=(OnFlow(check_flow),))
