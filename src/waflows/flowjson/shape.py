"""The one walk over a document's properties, held against the tables of its version.

Plain values that fit are passed over at once. Whatever does not, or needs a closer look, is a
`Place`, which the property rules are asked about one after the other until one objects. On the
way the walk notes every action and every string with a binding for the rules that come later.

The walk ends with the finding that is one too many, and the strings it reads as expressions have a
limit for all of the document together: neither many findings nor many expressions make it long.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVarTuple

import msgspec

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import MOST_FAULTS, Finding, Path, Target
from waflows.flowjson.document import Action, Component, FlowStructure, Screen, Use
from waflows.flowjson.spec import Shape, Slot

Node = FlowStructure | Screen | Component | Action
A = TypeVarTuple("A")
MOST_EXPRESSION_TEXT = 512 * 1024
"""Characters of all strings of a document together that are read as more than one binding."""


class Place(msgspec.Struct, eq=False, kw_only=True):
    """A property of an object in the document, or an element of an array.

    `steps` lead from the node to the object; `slot` is None for a property the object has not,
    and `value` is of no meaning for a property that is missing.
    """

    flow: FlowStructure
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
    def siblings(self) -> dict[str, Any]:
        """The object, with all its properties."""
        found: Any = self.node.value
        for step in self.steps:
            found = found[step]
        return found if isinstance(found, dict) else {}

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

Check = Callable[[Place], Iterable[Finding]]


class Checks(msgspec.Struct, frozen=True):
    """The property rules: for values in their order, for unknown and for missing properties."""

    values: tuple[Check, ...]
    unknown: tuple[Check, ...]
    missing: tuple[Check, ...]


def _fits(text: str, slot: Slot) -> bool:
    """Whether a string is beyond doubt a value its property takes."""
    if not slot.free:
        return text in slot.entry.allowed
    plain = "{" not in text and text[:1] not in _SIGNS and len(text) <= slot.longest
    return plain and not text.isspace()


_SIGNS = ("", "`", "$")
"""What a string begins with that is looked at more closely: nothing, an expression, a binding."""


class _Enough(Exception):
    """More findings were found than a report holds."""


class Walker:
    """Walks over one document: over its own properties first, then screen by screen."""

    def __init__(self, flow: FlowStructure, checks: Checks) -> None:
        self.flow = flow
        self.spec = flow.spec
        self.checks = checks
        self.findings: list[Finding] = []
        self.nested = flow.spec.since("6.0")
        self.expressions = 0

    def flow_findings(self) -> list[Finding]:
        """What is wrong with the properties of the document itself."""
        return self._found(self._flow)

    def screen_findings(self, screen: Screen) -> list[Finding]:
        """What is wrong with the properties of a screen and of all that stands on it.

        Fills the screen's `uses` and `actions`.
        """
        return self._found(self._screen, screen)

    def _found(self, walk: Callable[[*A], None], *arguments: *A) -> list[Finding]:
        self.findings = []
        with contextlib.suppress(_Enough):
            walk(*arguments)
        return self.findings

    def _flow(self) -> None:
        self._object(self.spec.flow, self.flow.value, self.flow, ())

    def _screen(self, screen: Screen) -> None:
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
            kind = type(found)
            if slot is None:
                self._ask(self.checks.unknown, self._place(node, steps, shape, key, found))
            elif kind is dict and slot.plain is dict:
                self._inner(node, steps, key, slot, found)
            elif kind is list and slot.plain is list and slot.least <= len(found) <= slot.most:
                self._elements(node, steps, key, shape, slot, found)
            elif not (_fits(found, slot) if kind is str else kind is bool and slot.plain is bool):
                self._look(self._place(node, steps, shape, key, found, slot))
        for name in shape.required:
            if name not in value:
                self._missing(shape, name, node, steps)

    def _missing(self, shape: Shape, name: str, node: Node, steps: Path) -> None:
        self._ask(self.checks.missing, self._place(node, steps, shape, name, None))

    def _place(
        self,
        node: Node,
        steps: Path,
        owner: Shape,
        key: str | int,
        value: Any,
        slot: Slot | None = None,
    ) -> Place:
        return Place(
            flow=self.flow, node=node, steps=steps, owner=owner, key=key, value=value, slot=slot
        )

    def _ask(self, checks: tuple[Check, ...], place: Place) -> bool:
        """Whether any of the rules objects; the first that does is the last asked."""
        for check in checks:
            found = list(islice(check(place), MOST_FAULTS + 1))
            if found:
                self.findings += found
                if len(self.findings) > MOST_FAULTS:
                    raise _Enough
                return any(finding.severity == "error" for finding in found)
        return False

    def _look(self, place: Place) -> None:
        """Looks closer at a value that does not plainly fit."""
        slot, value = place.slot, place.value
        assert slot is not None
        if isinstance(value, str) and self._is_use(slot, value, place):
            return
        refused = self._ask(self.checks.values, place)
        if refused and slot.dynamic and isinstance(value, dict | list):
            # Of the wrong form, but what it refers to can still be wrong by itself.
            self._strings(place.node, (*place.steps, place.key), value)
        elif isinstance(value, list) and not refused:
            self._elements(place.node, place.steps, place.key, place.owner, slot, value)
        elif isinstance(value, dict) and not refused:
            self._inner(place.node, place.steps, place.key, slot, value)

    def _is_use(self, slot: Slot, value: str, place: Place) -> bool:
        """Whether the string is an expression of the kind its property takes; if so, notes it."""
        kind = slot.entry.type
        form: expressions.Kind | None
        if kind == "expression":
            form = "condition" if value.strip() else None
        elif kind == "binding" or slot.dynamic:
            form = expressions.classify(value)
        else:
            return False
        if form is None or (form == "nested" and not self.nested):
            return False
        if kind == "binding" and form != "binding":
            return False
        if form == "text" and ("string" not in slot.types or slot.integral):
            return False
        types = ("boolean",) if form == "condition" else () if kind == "binding" else slot.bound
        steps = (*place.steps, place.key)
        self._use(place.node, steps, slot.name, self._parsed(value, form), types, slot.item)
        return True

    def _parsed(self, text: str, form: expressions.Kind) -> expressions.Expression:
        if form != "binding":
            self.expressions += len(text)
            if self.expressions > MOST_EXPRESSION_TEXT:
                problem = expressions.Problem(
                    "too-much", (0, len(text)), {"limit": MOST_EXPRESSION_TEXT}
                )
                return expressions.Expression(
                    kind=form, text=text, tree=None, references=(), problem=problem
                )
        return expressions.parse(text, form)

    def _use(
        self,
        node: Node,
        steps: Path,
        name: str,
        expression: expressions.Expression,
        types: tuple[str, ...],
        item: str | None = None,
    ) -> None:
        if isinstance(node, FlowStructure):
            return
        component, action, screen = None, None, node
        if isinstance(node, Action):
            component, action, screen = node.component, node, node.screen
            name = action.property_name
        elif isinstance(node, Component):
            component, screen = node, node.screen
        assert isinstance(screen, Screen)
        screen.uses.append(
            Use(
                screen=screen,
                component=component,
                action=action,
                property_name=name,
                steps=steps,
                text=expression.text,
                expression=expression,
                types=types,
                item=item,
            )
        )

    def _elements(
        self,
        node: Node,
        steps: Path,
        key: str | int,
        owner: Shape,
        slot: Slot,
        values: list[Any],
    ) -> None:
        shape, element = self.spec.items.get(slot.item or ""), slot.element
        if element is None:
            return
        steps = (*steps, key)
        wanted = dict if element.types == ("object",) else str
        closely = wanted is str and not element.free
        for index, value in enumerate(values):
            if type(value) is dict and shape is not None:
                self._object(shape, value, node, (*steps, index))
            elif (
                type(value) is not wanted
                or closely
                or (wanted is str and ("${" in value or value[:1] == "`"))
            ):
                self._look(self._place(node, steps, owner, index, value, element))

    def _inner(
        self, node: Node, steps: Path, key: str | int, slot: Slot, value: dict[str, Any]
    ) -> None:
        kind = slot.entry.type
        steps = (*steps, key)
        if kind == "action" and isinstance(node, Component):
            self._action(node, steps, slot, value)
        elif kind == "layout":
            self._object(self.spec.layout, value, node, steps)
        elif kind == "NextScreen":
            self._object(self.spec.next_screen, value, node, steps)
        elif slot.item in self.spec.items:
            self._object(self.spec.items[slot.item], value, node, steps)
        elif kind == "object" and isinstance(node, Action | Component):
            self._strings(node, steps, value)

    def _action(self, component: Component, steps: Path, slot: Slot, value: dict[str, Any]) -> None:
        name = value.get("name")
        shape = self.spec.actions.get(name) if isinstance(name, str) else None
        takes = slot.entry.actions
        known = shape is not None and name in takes
        action = Action(
            screen=component.screen,
            component=component,
            steps=steps,
            value=value,
            name=str(name),
            allowed=known,
            takes=takes,
        )
        component.screen.actions.append(action)
        if shape is not None and known:
            self._object(shape, value, action, ())
            return
        if "name" not in value:
            self._missing(UNNAMED, "name", action, ())
        self._strings(action, ("payload",), value.get("payload"))

    def _strings(self, node: Node, steps: Path, value: Any) -> None:
        """Notes the bindings anywhere in a free-form value: a payload, initial values."""
        # Of each level only what comes next is held, and a path is made where it is needed.
        levels: list[tuple[Path, Iterator[tuple[str | int, Any]]]]
        levels = [(steps[:-1], iter(((steps[-1], value),)))]
        while levels:
            above, found = levels[-1]
            for key, inner in found:
                kind = type(inner)
                if kind is str:
                    form = expressions.classify(inner)
                    if form is not None and (form != "nested" or self.nested):
                        at = (*above, key)
                        self._use(node, at, str(at[0]), self._parsed(inner, form), ())
                elif inner and (kind is dict or kind is list):
                    below = inner.items() if kind is dict else enumerate(inner)
                    levels.append(((*above, key), iter(below)))
                    break
            else:
                levels.pop()
