"""Routes of a flow without an endpoint: one screen to begin at, and not too many ways on."""

from __future__ import annotations

import json
from collections.abc import Iterator

from waflows.flowjson.diagnostics import Finding, places
from waflows.flowjson.document import Action, FlowStructure
from waflows.flowjson.examples import FOOTER, INPUT, a_flow, a_screen, fails, go, passes
from waflows.flowjson.family import Family, OnFlow
from waflows.flowjson.routes import navigations, taken
from waflows.flowjson.rule import Gap, Rule
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


_BRANCHES = f"""{{
  "type": "If", "condition": "${{form.city}} == 'Porto'",
  "then": [{go("END")}], "else": [{go("END")}]
}}"""
NO_ENTRY = Rule(
    id="rm-no-entry-navigate",
    code="INVALID_ROUTING_MODEL",
    title="One screen is not navigated to",
    message=(
        "No entry screen found in the routing model. Add a screen that is not used as the next "
        "screen in any of the navigate actions."
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
    message=(
        "Number of branches exceeds the max limit of 10 for screen: {screenId}. Reduce navigate "
        "actions for the screen."
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


IN_BRANCHES = Gap(
    id="navigate-only-in-branch",
    code="WAFLOWS_NAVIGATE_ONLY_IN_BRANCH",
    evidence=("reports",),
    title="A way that is only in If or Switch needs a routing model",
    message="Screen '{source}' leads to '{destination}' only inside If or Switch, and the flow has "
    "no routing_model.",
    why="Without a routing model the phone finds the ways of a flow by its navigate actions, and "
    "reports say that it does not look into If and Switch: it refuses the move.",
    help='Add "routing_model": {model}.',
    since="4.0",
    failing=fails(
        a_flow(
            a_screen("ONE", INPUT, _BRANCHES.replace('"END"', '«"END"»', 1)),
            _END,
        ),
        "Screen 'ONE' leads to 'END' only inside If or Switch, and the flow has no routing_model.",
        "screens[0].layout.children[1].then[0].on-click-action.next.name",
    ),
    passing=passes(
        a_flow(a_screen("ONE", INPUT, _BRANCHES), _END, head='"routing_model": { "ONE": ["END"] }')
    ),
)


def check_branches(flow: FlowStructure) -> Iterator[Finding]:
    """Ways of a flow without a model that no action outside If and Switch takes."""
    if flow.endpoint or "routing_model" in flow.value:
        return
    inside: dict[tuple[str, str], Action] = {}
    outside: set[tuple[str, str]] = set()
    for source, destination, action in navigations(flow):
        if action.component.bare:
            outside.add((source, destination))
        else:
            inside.setdefault((source, destination), action)
    for (source, destination), action in inside.items():
        if (source, destination) not in outside:
            model = json.dumps({name: ways for name, ways in taken(flow).items() if ways})
            at = action.target("next", "name")
            yield IN_BRANCHES.finding(at, source=source, destination=destination, model=model)


def check_flow(flow: FlowStructure) -> Iterator[Finding]:
    """The graph that the navigate actions make."""
    if flow.endpoint or not flow.by_id:
        return
    graph = taken(flow)
    inbound = {destination for destinations in graph.values() for destination in destinations}
    if all(name in inbound for name in graph):
        yield NO_ENTRY.finding(*places(screen.target("id") for screen in flow.by_id.values()))
    for name, destinations in graph.items():
        if len(destinations) > MAX_BRANCHES:
            yield BRANCHES.finding(flow.by_id[name].target("id"), screenId=name)


FAMILY = Family(
    rules=(NO_ENTRY, BRANCHES, IN_BRANCHES), checks=(OnFlow(check_flow), OnFlow(check_branches))
)
