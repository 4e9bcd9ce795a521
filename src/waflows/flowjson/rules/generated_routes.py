"""Routes of a flow without an endpoint, which Meta makes from its navigate actions."""

from __future__ import annotations

from collections.abc import Iterator

from waflows.flowjson.diagnostics import Fault
from waflows.flowjson.document import Flow
from waflows.flowjson.examples import FOOTER, a_flow, a_screen, fails, go, passes
from waflows.flowjson.routes import certain, connected, taken
from waflows.flowjson.rule import Rule, messages
from waflows.flowjson.spec.objects import MAX_BRANCHES

_LAST = '"terminal": true'
_END = a_screen("END", FOOTER, head=_LAST)
_GOOD = a_flow(a_screen("ONE", go("END")), _END)


def _link(name: str) -> str:
    return (
        '{ "type": "EmbeddedLink", "text": "More", "on-click-action": { "name": "navigate",\n'
        f'  "next": {{ "type": "screen", "name": "{name}" }}, "payload": {{}} }} }}'
    )


def _list(names: str) -> str:
    items = ",\n".join(
        f'{{ "id": "{name}", "main-content": {{ "title": "Go" }}, "on-click-action": {{\n'
        f'  "name": "navigate", "payload": {{}},\n'
        f'  "next": {{ "type": "screen", "name": "N_{name}" }} }} }}'
        for name in names
    )
    return f'{{ "type": "NavigationList", "name": "list", "list-items": [{items}] }}'


def _fan(names: str) -> str:
    targets = [a_screen(f"N_{name}", FOOTER, head=_LAST) for name in names]
    return a_flow(a_screen("ONE", _list(names)).replace('"ONE"', '«"ONE"»'), *targets)


ALONE = Rule(
    id="rm-not-connected-any-navigate",
    code="INVALID_ROUTING_MODEL",
    title="Every screen takes part in a navigation",
    messages=messages(
        "Following screens are not connected to any of the screens: {screenIDs}. A connection is "
        "formed by the navigate screen action.",
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
    messages=messages(
        "Following screens are not connected with the rest of the screens via navigate screen "
        "action: {screenIDs}. All screens should be connected.",
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
NO_ENTRY = Rule(
    id="rm-no-entry-navigate",
    code="INVALID_ROUTING_MODEL",
    title="One screen is not navigated to",
    messages=messages(
        "No entry screen found in the routing model. Add a screen that is not used as the next "
        "screen in any of the navigate actions.",
    ),
    why="The flow opens at a screen that no action leads to.",
    help="Remove the actions that navigate to the first screen: BACK leads there anyway.",
    failing=fails(
        a_flow(
            a_screen("ONE", go("END")).replace('"ONE"', '«"ONE"»'),
            a_screen("END", _link("ONE"), FOOTER, head=_LAST).replace(
                '"id": "END"', '"id": «"END"»'
            ),
        ),
        "No entry screen found in the routing model. Add a screen that is not used as the next "
        "screen in any of the navigate actions.",
        "screens[0].id",
        "screens[1].id",
    ),
    passing=passes(_GOOD),
)
BRANCHES = Rule(
    id="rm-branches-navigate",
    code="INVALID_ROUTING_MODEL",
    title="A screen navigates to at most 10 screens",
    messages=messages(
        "Number of branches exceeds the max limit of 10 for screen: {screenId}. Reduce navigate "
        "actions for the screen.",
    ),
    why="Meta's limit.",
    help="Lead to fewer screens, or put a screen between.",
    failing=fails(
        _fan("ABCDEFGHIJK"),
        "Number of branches exceeds the max limit of 10 for screen: ONE. Reduce navigate actions "
        "for the screen.",
        "screens[0].id",
    ),
    passing=passes(_fan("ABCDEFGHIJ")),
)
RULES = (ALONE, APART, NO_ENTRY, BRANCHES)


def check_flow(flow: Flow) -> Iterator[Fault]:
    """The graph that the navigate actions make."""
    if flow.endpoint or not flow.by_id:
        return
    graph = taken(flow)
    inbound = {destination for destinations in graph.values() for destination in destinations}
    known = certain(flow)
    alone = [name for name in graph if known and not graph[name] and name not in inbound]
    ids = {name: flow.by_id[name].target("id") for name in graph}
    if len(graph) > 1 and alone:
        targets = (ids[name] for name in alone)
        yield ALONE.fault(*targets, screenIDs=", ".join(alone))
    parts = connected(graph, (name for name in graph if name not in alone))
    if len(parts) > 1 and known:
        apart = [name for name in graph if name not in parts[0] and name not in alone]
        targets = (ids[name] for name in apart)
        yield APART.fault(*targets, screenIDs=", ".join(apart))
    if all(name in inbound for name in graph):
        yield NO_ENTRY.fault(*ids.values())
    for name, destinations in graph.items():
        if len(destinations) > MAX_BRANCHES:
            yield BRANCHES.fault(ids[name], screenId=name)
