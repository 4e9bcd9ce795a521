"""The one walk over a document's properties, held against the tables of its version.

Plain values that fit are passed over at once. Whatever does not, or needs a closer look, is a
`Place`, which the property rules are asked about one after the other until one objects. On the
way the walk notes every action and every string with a binding for the rules that come later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Fault, Path, Target
from waflows.flowjson.document import Action, Component, Flow, Screen, Use
from waflows.flowjson.spec import Shape, Slot

Node = Flow | Screen | Component | Action


class Place(msgspec.Struct):
    """A property of an object in the document, or an element of an array.

    `steps` lead from the node to the object; `slot` is None for a property the object has not,
    and `value` is of no meaning for a property that is missing.
    """

    flow: Flow
    node: Node
    steps: Path
    owner: Shape
    key: str | int
    value: Any
    slot: Slot | None

    @property
    def object_path(self) -> Path:
        """The object's path."""
        return self.node.path + self.steps

    @property
    def path(self) -> Path:
        """The value's path."""
        return (*self.object_path, self.key)

    @property
    def name(self) -> str:
        """The property's name, also of an array's element."""
        return self.slot.name if self.slot is not None else str(self.key)

    @property
    def element(self) -> bool:
        """Whether this is one element of the property's array."""
        return isinstance(self.key, int)

    def target(self, *, key: bool = False) -> Target:
        """The value, or its key."""
        return Target(self.path, key)

    def below(self, *steps: str | int) -> Target:
        """A place in the value."""
        return Target((*self.path, *steps))

    def object_target(self) -> Target:
        """The object."""
        return Target(self.object_path)


UNTYPED = Shape("component", {}, ("type",))
UNNAMED = Shape("action", {}, ("name",))

Check = Callable[[Place], Iterable[Fault]]


class Checks(msgspec.Struct, frozen=True):
    """The property rules: for values in their order, for unknown and for missing properties."""

    values: tuple[Check, ...]
    unknown: tuple[Check, ...]
    missing: tuple[Check, ...]


def walk(flow: Flow, checks: Checks) -> list[Fault]:
    """Checks every property of the flow and fills `flow.uses` and each screen's `actions`."""
    walker = _Walker(flow, checks)
    walker.flow_and_screens()
    return walker.faults


class _Walker:
    def __init__(self, flow: Flow, checks: Checks) -> None:
        self.flow = flow
        self.spec = flow.spec
        self.checks = checks
        self.faults: list[Fault] = []
        self.nested = flow.spec.since("6.0")

    def flow_and_screens(self) -> None:
        self._object(self.spec.flow, self.flow.value, self.flow, ())
        for screen in self.flow.screens:
            self._object(self.spec.screen, screen.value, screen, ())
            for component in screen.components:
                if component.shape is not None:
                    self._object(component.shape, component.value, component, ())
                elif "type" not in component.value:
                    self._missing(UNTYPED, "type", component, ())

    def _object(self, shape: Shape, value: dict[str, Any], node: Node, steps: Path) -> None:
        slots = shape.slots
        for key, found in value.items():
            slot = slots.get(key)
            if slot is not None:
                kind = type(found)
                if kind is str:
                    if (
                        slot.free
                        and len(found) <= slot.longest
                        and "${" not in found
                        and found[:1] != "`"
                        and found
                        and not found.isspace()
                    ):
                        continue
                elif kind is bool and slot.types == ("boolean",):
                    continue
            self._look(Place(self.flow, node, steps, shape, key, found, slot))
        for name in shape.required:
            if name not in value:
                self._missing(shape, name, node, steps)

    def _missing(self, shape: Shape, name: str, node: Node, steps: Path) -> None:
        self._ask(self.checks.missing, Place(self.flow, node, steps, shape, name, None, None))

    def _ask(self, checks: tuple[Check, ...], place: Place) -> bool:
        """Whether any of the rules objects; the first that does is the last asked."""
        for check in checks:
            found = list(check(place))
            if found:
                self.faults += found
                return any(fault.severity == "error" for fault in found)
        return False

    def _look(self, place: Place) -> None:
        slot = place.slot
        if slot is None:
            self._ask(self.checks.unknown, place)
            return
        value = place.value
        if isinstance(value, str) and self._is_use(slot, value, place):
            return
        if self._ask(self.checks.values, place):
            return
        if isinstance(value, list):
            self._elements(place, slot, value)
        elif isinstance(value, dict):
            self._inner(place, slot, value)

    def _is_use(self, slot: Slot, value: str, place: Place) -> bool:
        kind = slot.entry.type
        if kind == "expression":
            if value.strip():
                self._use(place, value, expressions.parse(value, "condition"), ("boolean",))
                return True
            return False
        if kind == "binding":
            if expressions.classify(value) == "binding":
                self._use(place, value, expressions.parse(value, "binding"), ())
                return True
            return False
        if not slot.dynamic:
            return False
        form = expressions.classify(value)
        if form is None or (form == "nested" and not self.nested):
            return False
        if form == "text" and ("string" not in slot.types or slot.integral):
            return False
        self._use(place, value, expressions.parse(value, form), slot.bound, slot.item)
        return True

    def _use(
        self,
        place: Place,
        text: str,
        expression: expressions.Expression,
        types: tuple[str, ...],
        item: str | None = None,
    ) -> None:
        node = place.node
        if isinstance(node, Flow):
            return
        action = node if isinstance(node, Action) else None
        component = node if isinstance(node, Component) else None
        if action is not None:
            component = action.component
        self.flow.uses.append(
            Use(
                node if isinstance(node, Screen) else node.screen,
                component,
                action,
                action.property_name if action is not None else place.name,
                (*place.steps, place.key),
                text,
                expression,
                types,
                item,
            )
        )

    def _elements(self, place: Place, slot: Slot, values: list[Any]) -> None:
        shape, element = self.spec.items.get(slot.item or ""), slot.element
        steps = (*place.steps, place.key)
        if element is None:
            return
        wanted = dict if element.types == ("object",) else str
        closely = wanted is str and not element.free
        for index, value in enumerate(values):
            if type(value) is dict and shape is not None:
                self._object(shape, value, place.node, (*steps, index))
            elif (
                type(value) is not wanted
                or closely
                or (wanted is str and ("${" in value or value[:1] == "`"))
            ):
                owner = place.owner
                self._look(Place(self.flow, place.node, steps, owner, index, value, element))

    def _inner(self, place: Place, slot: Slot, value: dict[str, Any]) -> None:
        kind = slot.entry.type
        steps = (*place.steps, place.key)
        if kind == "action" and isinstance(place.node, Component):
            self._action(place.node, steps, slot, value)
        elif kind == "layout":
            self._object(self.spec.layout, value, place.node, steps)
        elif kind == "NextScreen":
            self._object(self.spec.next_screen, value, place.node, steps)
        elif slot.item in self.spec.items:
            self._object(self.spec.items[slot.item], value, place.node, steps)
        elif kind == "object" and isinstance(place.node, Action | Component):
            self._strings(place, value)

    def _action(self, component: Component, steps: Path, slot: Slot, value: dict[str, Any]) -> None:
        name = value.get("name")
        shape = self.spec.actions.get(name) if isinstance(name, str) else None
        takes = slot.entry.actions
        known = shape is not None and name in takes
        action = Action(component.screen, component, steps, value, str(name), known, takes)
        component.screen.actions.append(action)
        if shape is not None and known:
            self._object(shape, value, action, ())
        elif "name" not in value:
            self._missing(UNNAMED, "name", action, ())

    def _strings(self, place: Place, value: dict[str, Any]) -> None:
        """Notes the bindings anywhere in a free-form object: a payload, initial values."""
        pending: list[tuple[Path, Any]] = [((*place.steps, place.key), value)]
        while pending:
            steps, found = pending.pop()
            kind = type(found)
            if kind is str:
                form = expressions.classify(found)
                if form is not None and (form != "nested" or self.nested):
                    at = Place(
                        self.flow, place.node, steps[:-1], place.owner, steps[-1], found, place.slot
                    )
                    self._use(at, found, expressions.parse(found, form), ())
            elif kind is dict:
                pending += [((*steps, key), inner) for key, inner in found.items()][::-1]
            elif kind is list:
                pending += [((*steps, index), inner) for index, inner in enumerate(found)][::-1]
