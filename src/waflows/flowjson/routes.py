"""The routes of a flow as a graph: those it declares, and those its actions take."""

from __future__ import annotations

from collections.abc import Iterable

from waflows.flowjson.document import Action, Component, FlowStructure

Graph = dict[str, list[str]]
"""Screen id → the ids it leads to, in the order of the document."""


def declared(flow: FlowStructure) -> Graph | None:
    """The routing model of an endpoint flow; None for others.

    A malformed route is there without destinations: see `is_well_formed`. A name that stands for a
    screen of another id is that screen: `rm_names` reports it, and no other rule needs to.
    """
    model = flow.value.get("routing_model")
    if not flow.endpoint or not isinstance(model, dict):
        return None
    routes: Graph = {}
    for source, destinations in model.items():
        given = destinations if isinstance(destinations, list) else []
        routes[_now(flow, source)] = [_now(flow, name) for name in given if isinstance(name, str)]
    return routes


def _now(flow: FlowStructure, name: str) -> str:
    return flow.renamed.get(name, name)


def is_well_formed(flow: FlowStructure) -> bool:
    """Whether all routes of the model are lists of names, so that none is missing from it."""
    return all(
        isinstance(destinations, list) and all(isinstance(name, str) for name in destinations)
        for destinations in flow.value["routing_model"].values()
    )


def navigations(flow: FlowStructure) -> list[tuple[str, str, Action]]:
    """Every step that a navigate action takes from one existing screen to another."""
    found = []
    for action in flow.actions:
        source, destination = action.screen.id, _now(flow, action.destination or "")
        if source is not None and destination in flow.by_id and destination != source:
            found.append((source, destination, action))
    return found


def taken(flow: FlowStructure) -> Graph:
    """The graph of all navigate actions; every screen is a key."""
    graph: dict[str, dict[str, None]] = {name: {} for name in flow.by_id}
    for source, destination, _ in navigations(flow):
        graph[source][destination] = None
    return {source: list(destinations) for source, destinations in graph.items()}


def certain(flow: FlowStructure) -> bool:
    """Whether the navigate actions say all about where the flow goes.

    They do not while an action is missing, unknown or out of place: what comes of that is no
    fault of its own.
    """
    for screen in flow.screens:
        for component in screen.components:
            if component.shape is None:
                return False
            if component.type == "Footer" and "on-click-action" not in component.value:
                return False
            if component.type == "NavigationList" and _lacks_actions(component):
                return False
    return all(_sound(action, flow) for action in flow.actions)


def _lacks_actions(component: Component) -> bool:
    """Whether a list has neither an action of its own nor one on every item."""
    items = component.value.get("list-items")
    if "on-click-action" in component.value or not isinstance(items, list):
        return False
    return any(isinstance(item, dict) and "on-click-action" not in item for item in items)


def _sound(action: Action, flow: FlowStructure) -> bool:
    if action.name == "navigate":
        return action.destination in flow.by_id
    if action.name == "complete":
        return action.allowed and action.screen.terminal
    return action.allowed


def connected(graph: Graph, names: Iterable[str]) -> list[set[str]]:
    """The parts that hang together when directions are forgotten, in the order of `names`."""
    neighbours: dict[str, set[str]] = {name: set() for name in names}
    for source, destinations in graph.items():
        for destination in destinations:
            if source in neighbours and destination in neighbours:
                neighbours[source].add(destination)
                neighbours[destination].add(source)
    parts: list[set[str]] = []
    seen: set[str] = set()
    for name in neighbours:
        if name not in seen:
            part = _reach(neighbours, name)
            parts.append(part)
            seen |= part
    return parts


def loops(graph: Graph) -> list[list[str]]:
    """One way around for each set of screens that lead back to each other, and self-routes."""
    order = {name: index for index, name in enumerate(graph)}
    found = []
    for part in _strong_parts(graph):
        start = min(part, key=lambda name: order.get(name, len(order)))
        around = _way_back({name: graph.get(name, []) for name in part}, start)
        if around:
            found.append(around)
    return sorted(found, key=lambda around: order.get(around[0], len(order)))


def _strong_parts(graph: Graph) -> list[set[str]]:
    """The sets of screens each of which leads to all others of its set (Kosaraju's way)."""
    finished: list[str] = []
    seen: set[str] = set()
    for root in graph:
        stack = [(root, iter(graph[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            name, following = stack[-1]
            step = next((each for each in following if each not in seen), None)
            if step is None:
                finished.append(name)
                stack.pop()
            else:
                seen.add(step)
                stack.append((step, iter(graph.get(step, ()))))
    backward: dict[str, set[str]] = {name: set() for name in finished}
    for source, destinations in graph.items():
        for destination in destinations:
            backward[destination].add(source)
    parts: list[set[str]] = []
    for name in reversed(finished):
        if name in backward:
            part = _reach(backward, name)
            parts.append(part)
            for member in part:
                del backward[member]
    return parts


def _way_back(graph: Graph, start: str) -> list[str]:
    """The shortest way from a screen back to it, without the return; empty when there is none."""
    before: dict[str, str] = {}
    pending = [start]
    for name in pending:
        for following in graph.get(name, ()):
            if following == start:
                way = [name]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if following not in before:
                before[following] = name
                pending.append(following)
    return []


def _reach(graph: dict[str, set[str]], start: str) -> set[str]:
    """What can be reached among the keys of a graph."""
    found = {start}
    pending = [start]
    while pending:
        for following in graph[pending.pop()]:
            if following not in found and following in graph:
                found.add(following)
                pending.append(following)
    return found
