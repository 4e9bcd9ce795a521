"""A parsed Flow JSON document: the plain values, and a view of screens, components and actions.

The view is tolerant: whatever is not of the right form is left out of it, since other rules say
so. Nodes know their parents, so that a path is put together only when somebody asks for it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain
from typing import Any, Literal

import msgspec

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Path, Target
from waflows.flowjson.expressions import Expression, Reference, typing
from waflows.flowjson.near_misses import nearest
from waflows.flowjson.spec import Shape, Spec

_MOST_RENAMED = 20
PICKERS = ("PhotoPicker", "DocumentPicker")
Outcome = Literal["found", "missing", "no-screen", "form-itself", "in-array", "no-schema"]


class FlowStructure(msgspec.Struct, eq=False, kw_only=True):
    """The whole document. `endpoint` says whether it is endpoint powered."""

    value: dict[str, Any]
    spec: Spec
    screens: list[Screen]
    by_id: dict[str, Screen]
    renamed: dict[str, str] = {}
    """Names in the routing model of an endpoint flow that are not screens, and the screen of
    another id that each stands for."""

    path: Path = ()

    @property
    def endpoint(self) -> bool:
        """Whether `data_api_version` is set, which is what makes a flow endpoint powered."""
        return "data_api_version" in self.value

    @property
    def actions(self) -> Iterator[Action]:
        """Every action of every screen, in document order."""
        for screen in self.screens:
            yield from screen.actions


class Screen(msgspec.Struct, eq=False, kw_only=True):
    """A screen; `id` is None when it has no usable one, `data` when it declares no data model."""

    flow: FlowStructure
    index: int
    value: dict[str, Any]
    id: str | None
    data: dict[str, Any] | None
    terminal: bool
    components: list[Component]
    actions: list[Action]
    uses: list[Use]
    fields: dict[str, Component]
    """The first component of each name that has a `${form.name}`."""
    forms: dict[str, Component]

    @property
    def path(self) -> Path:
        """`screens[i]`."""
        return ("screens", self.index)

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.id if self.id is not None else str(self.index)

    @property
    def drawn(self) -> bool:
        """Whether it has a layout whose children can be looked at."""
        layout = self.value.get("layout")
        return isinstance(layout, dict) and isinstance(layout.get("children"), list)

    def target(self, *steps: str | int, key: bool = False) -> Target:
        """A place below the screen."""
        return Target(self.path + steps, key)

    @property
    def id_target(self) -> Target:
        """The id where it has one, else the screen."""
        return self.target("id") if "id" in self.value else self.target()


class Component(msgspec.Struct, eq=False, kw_only=True):
    """A component; `shape` is None when its type is unknown to the version.

    `steps` lead to it from its parent, or from the screen when it stands in the layout. What the
    rules ask of the components around it is known from the beginning, since looking up from each of
    many components in a deep place would take long: `ifs` counts the Ifs around it, `in_form` says
    whether a Form is, and `bare` whether nothing but Forms are.
    """

    screen: Screen
    parent: Component | None
    steps: Path
    value: dict[str, Any]
    type: str
    shape: Shape | None
    ifs: int
    in_form: bool
    bare: bool

    @property
    def path(self) -> Path:
        """From the document's root."""
        parts: list[Path] = []
        node: Component | None = self
        while node is not None:
            parts.append(node.steps)
            node = node.parent
        return (*self.screen.path, *chain.from_iterable(reversed(parts)))

    @property
    def ancestors(self) -> Iterator[Component]:
        """The components around it, the nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def target(self, *steps: str | int, key: bool = False) -> Target:
        """A place in the component."""
        return Target(self.path + steps, key)

    @property
    def has_value(self) -> bool:
        """Whether it has a `${form.name}`."""
        return self.shape is not None and bool(self.shape.component and self.shape.component.value)


class Action(msgspec.Struct, eq=False, kw_only=True):
    """An action under a component's property, or under a list item's.

    `takes` are the actions its property takes in this version, `allowed` says it is one of them.
    """

    screen: Screen
    component: Component
    steps: Path
    value: dict[str, Any]
    name: str
    allowed: bool
    takes: tuple[str, ...]

    @property
    def path(self) -> Path:
        """From the document's root."""
        return self.component.path + self.steps

    @property
    def property_name(self) -> str:
        """The property it stands under."""
        return str(self.steps[-1])

    @property
    def payload(self) -> dict[str, Any] | None:
        """The payload when it is an object."""
        found = self.value.get("payload")
        return found if isinstance(found, dict) else None

    @property
    def destination(self) -> str | None:
        """The screen a `navigate` names."""
        following = self.value.get("next")
        name = following.get("name") if isinstance(following, dict) else None
        return name if self.name == "navigate" and isinstance(name, str) else None

    def target(self, *steps: str | int, key: bool = False) -> Target:
        """A place in the action."""
        return Target(self.path + steps, key)


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reference leads.

    `types` are the types the value may have, empty when unknown; `node` is the data
    model's entry for it, `field` the component; `step` is where the way ended. `own` marks a
    global reference to the screen it is written on.
    """

    outcome: Outcome
    types: tuple[str, ...] = ()
    node: dict[str, Any] | None = None
    field: Component | None = None
    step: str = ""
    own: bool = False

    @property
    def type(self) -> str | None:
        """The type, None when it is unknown or one of several."""
        return self.types[0] if len(self.types) == 1 else None


class Use(msgspec.Struct, eq=False, kw_only=True):
    """A string that is a binding or an expression, and what its place expects of it.

    `types` are the data-model types the property takes, empty when anything goes. `action` is set
    for a payload value and an action's own property.
    """

    screen: Screen
    component: Component | None
    action: Action | None
    property_name: str
    steps: Path
    text: str
    expression: Expression
    types: tuple[str, ...]
    item: str | None = None
    found: tuple[tuple[Reference, Resolution], ...] = ()
    """Every reference in it and where that leads, filled in once the document is known."""
    problem: expressions.Problem | None = None
    """Why it is not an expression, or does not fit what it refers to."""

    @property
    def path(self) -> Path:
        """From the document's root."""
        node = self.action or self.component or self.screen
        return node.path + self.steps

    @property
    def in_payload(self) -> bool:
        """Whether it is part of an action's payload."""
        return self.action is not None and self.steps[0] == "payload"

    @property
    def owner(self) -> str:
        """The type of component it stands in, for messages."""
        return self.component.type if self.component is not None else "Screen"

    @property
    def types_given(self) -> tuple[str, ...]:
        """The types its value may have, empty when they are unknown."""
        tree = self.expression.tree
        if isinstance(tree, Reference):
            found = self.found[0][1]
            return found.types if found.outcome == "found" else ()
        kind = typing.type_of(tree, self.type_of) if tree is not None else None
        return (kind,) if kind is not None else ()

    def type_of(self, reference: Reference) -> str | None:
        """The type of a reference in it, None when it is unknown."""
        # Those of the tree and those of the text stand at the same places, in the same order.
        at = bisect_left(self.found, reference.span[0], key=lambda pair: pair[0].span[0])
        if at == len(self.found) or self.found[at][0].span != reference.span:
            return None
        resolution = self.found[at][1]
        return resolution.type if resolution.outcome == "found" else None

    @property
    def pickers(self) -> list[Component]:
        """The photo and document pickers it refers to."""
        fields = (resolution.field for _, resolution in self.found)
        return [field for field in fields if field is not None and field.type in PICKERS]

    def span_of(self, reference: Reference) -> tuple[int, int] | None:
        """Where a reference stands in the string; None when it is all of it."""
        return None if self.expression.kind == "binding" else reference.span

    def target(self, span: tuple[int, int] | None = None) -> Target:
        """The whole value, or characters of it."""
        return Target(self.path, within=span)


def build(value: dict[str, Any], spec: Spec) -> FlowStructure:
    """The view of a document that is a JSON object."""
    flow = FlowStructure(value=value, spec=spec, screens=[], by_id={})
    screens = value.get("screens")
    for index, screen in enumerate(screens if isinstance(screens, list) else ()):
        if isinstance(screen, dict):
            flow.screens.append(_screen(flow, index, screen))
    for found in flow.screens:
        if found.id is not None:
            flow.by_id.setdefault(found.id, found)
    if flow.endpoint:
        flow.renamed = _renamed(value.get("routing_model"), flow.by_id)
    return flow


def _renamed(model: Any, screens: dict[str, Screen]) -> dict[str, str]:
    """The one screen that the model lacks, by the one name in it that is not a screen.

    With several of either, those that look alike.
    """
    if not isinstance(model, dict):
        return {}
    named = dict.fromkeys(model)
    for destinations in model.values():
        if not isinstance(destinations, list):
            return {}
        named.update((name, None) for name in destinations if isinstance(name, str))
    unknown = [name for name in named if name not in screens]
    missing = [name for name in screens if name not in named]
    if len(unknown) == len(missing) == 1:
        return {unknown[0]: missing[0]}
    if len(missing) > _MOST_RENAMED:
        return {}
    found: dict[str, str] = {}
    for name in unknown[:_MOST_RENAMED]:
        near = nearest(name, tuple(missing))
        if near is not None:
            found[name] = near
            missing.remove(near)
    return found


def _screen(flow: FlowStructure, index: int, value: dict[str, Any]) -> Screen:
    name, data = value.get("id"), value.get("data")
    screen = Screen(
        flow=flow,
        index=index,
        value=value,
        id=name if isinstance(name, str) else None,
        data=data if isinstance(data, dict) else None,
        terminal=value.get("terminal") is True,
        components=[],
        actions=[],
        uses=[],
        fields={},
        forms={},
    )
    layout = value.get("layout")
    children = layout.get("children") if isinstance(layout, dict) else None
    pending = _components(screen, None, ("layout", "children"), children)[::-1]
    while pending:
        component = pending.pop()
        screen.components.append(component)
        name = component.value.get("name")
        if component.shape is None:
            for name in _names(component.value):
                screen.fields.setdefault(name, component)
        elif isinstance(name, str):
            if component.has_value:
                screen.fields.setdefault(name, component)
            elif component.type == "Form":
                screen.forms.setdefault(name, component)
        pending += _children(component)[::-1]
    return screen


def _children(component: Component) -> list[Component]:
    if component.shape is None:
        return []
    value, screen = component.value, component.screen
    if component.type == "Form":
        return _components(screen, component, ("children",), value.get("children"))
    if component.type == "If":
        return [
            child
            for branch in value
            if branch in {"then", "else"}
            for child in _components(screen, component, (branch,), value[branch])
        ]
    if component.type == "Switch" and isinstance(value.get("cases"), dict):
        return [
            child
            for case, children in value["cases"].items()
            for child in _components(screen, component, ("cases", case), children)
        ]
    return []


def _components(
    screen: Screen, parent: Component | None, steps: Path, children: Any
) -> list[Component]:
    if not isinstance(children, list):
        return []
    known = screen.flow.spec.components
    ifs, in_form, bare = 0, False, True
    if parent is not None:
        ifs = parent.ifs + (parent.type == "If")
        in_form = parent.in_form or parent.type == "Form"
        bare = parent.bare and parent.type == "Form"
    found = []
    for index, child in enumerate(children):
        if isinstance(child, dict):
            kind = child.get("type")
            name = kind if isinstance(kind, str) else ""
            found.append(
                Component(
                    screen=screen,
                    parent=parent,
                    steps=(*steps, index),
                    value=child,
                    type=name,
                    shape=known.get(name),
                    ifs=ifs,
                    in_form=in_form,
                    bare=bare,
                )
            )
    return found


def _names(unknown: dict[str, Any]) -> Iterator[str]:
    """Every name in a component of unknown type: references to them are not wrong."""
    pending: list[Any] = [unknown]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("name"), str):
                yield value["name"]
            pending += value.values()
        elif isinstance(value, list):
            pending += value
