"""What the expressions of a flow compare: values worth trying, to reach every branch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson import expressions
from waflows.flowjson.expressions import Binary, Concatenation, Literal, Node, Reference, Unary
from waflows.runtime import Flow
from waflows.runtime.flow import Component, Screen

Place = tuple[str, str, str]
"""A screen's id, `form` or `data`, and a name."""
_CONDITIONS = ("visible", "enabled", "required")


class Clues:
    """For each input and data field that decides something: the values it is compared with.

    What a `navigate` payload or an initial value hands on counts too, so that a choice on one
    screen that decides on another is seen.
    """

    def __init__(self, flow: Flow) -> None:
        self.values: dict[Place, set[Any]] = {}
        self._handed_on: dict[Place, set[Place]] = {}
        for screen in flow.screens.values():
            for component in screen.every():
                self._read(screen, component)
        for _ in flow.screens:
            if not self._hand_back():
                break

    def of(self, screen: str, source: str, name: str) -> list[Any]:
        """The values worth trying, in a fixed order."""
        return sorted(self.values.get((screen, source, name), ()), key=repr)

    def decides(self, screen: str, name: str) -> bool:
        """Whether something depends on an input."""
        return (screen, "form", name) in self.values

    def _read(self, screen: Screen, component: Component) -> None:
        value = component.value
        if component.type == "Switch":
            for reference in _references(value.get("value"), "binding"):
                self._note(screen, reference, set(component.branches))
        if component.type == "If":
            self._compare(screen, value.get("condition"), "condition")
        for name in _CONDITIONS:
            self._compare(screen, value.get(name), "nested")
        for holder in value.values():
            self._payload(screen, holder)

    def _compare(self, screen: Screen, text: Any, kind: Any) -> None:
        if not isinstance(text, str):
            return
        if kind == "nested":
            kind = expressions.classify(text)
        if kind not in {"binding", "nested", "condition"}:
            return
        parsed = expressions.parse(text, kind)
        for reference in parsed.references:
            self._note(screen, reference, {True, False} if parsed.tree is reference else set())
        for reference, compared in _comparisons(parsed.tree):
            self._note(screen, reference, _around(compared))

    def _note(self, screen: Screen, reference: Reference, values: set[Any]) -> None:
        place = _place(screen.id, reference)
        self.values.setdefault(place, set()).update(values)

    def _payload(self, screen: Screen, action: Any) -> None:
        following = action.get("next") if isinstance(action, dict) else None
        target = following.get("name") if isinstance(following, dict) else screen.id
        payload = action.get("payload") if isinstance(action, dict) else None
        for key, text in payload.items() if isinstance(payload, dict) else ():
            kind = expressions.classify(text) if isinstance(text, str) else None
            if kind is None:
                continue
            for reference in expressions.parse(text, kind).references:
                place = (str(target), "data", key)
                self._handed_on.setdefault(place, set()).add(_place(screen.id, reference))

    def _hand_back(self) -> bool:
        """Gives what is known of a field to what it was handed on from; whether that was news."""
        news = False
        for place, origins in self._handed_on.items():
            for origin in origins if place in self.values else ():
                known = self.values.setdefault(origin, set())
                news = news or not self.values[place] <= known or not known
                known |= self.values[place]
        return news


def _place(screen: str, reference: Reference) -> Place:
    return (reference.screen or screen, reference.source, reference.path[0])


def _references(text: Any, kind: Any) -> tuple[Reference, ...]:
    return expressions.parse(text, kind).references if isinstance(text, str) else ()


def _comparisons(tree: Node | None) -> Iterator[tuple[Reference, Any]]:
    pending: list[Node] = [] if tree is None else [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Binary):
            sides = (node.left, node.right)
            for one, other in (sides, sides[::-1]):
                if isinstance(one, Reference) and isinstance(other, Literal):
                    yield one, other.value
            if node.operator in {"&&", "||"}:
                yield from ((side, True) for side in sides if isinstance(side, Reference))
            pending += sides
        elif isinstance(node, Unary):
            if node.operator == "!" and isinstance(node.operand, Reference):
                yield node.operand, True
            pending.append(node.operand)
        elif isinstance(node, Concatenation):
            pending += node.parts


def _around(value: Any) -> set[Any]:
    if isinstance(value, bool):
        return {True, False}
    if isinstance(value, int | float):
        return {value - 1, value, value + 1}
    return {value}
