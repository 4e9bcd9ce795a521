"""What a screen can show at once: of If and Switch only one branch is ever drawn."""

from __future__ import annotations

from collections import defaultdict

from waflows.flowjson.document import Component, Screen


def most_at_once(screen: Screen, kind: str) -> int:
    """The largest number of components of a kind on any path through the branches."""
    branches: dict[int, dict[object, int]] = defaultdict(lambda: defaultdict(int))
    total = 0
    for component in reversed(screen.components):  # children come before their parents
        count = int(component.type == kind)
        inner = branches.pop(id(component), None)
        if inner:
            chosen = component.type in {"If", "Switch"}
            count += max(inner.values()) if chosen else sum(inner.values())
        if component.parent is None:
            total += count
        else:
            branches[id(component.parent)][branch(component)] += count
    return total


def branch(component: Component) -> tuple[str | int, ...]:
    """The branch of its parent that a component stands in: `then`, or a case."""
    return component.steps[:-1]
