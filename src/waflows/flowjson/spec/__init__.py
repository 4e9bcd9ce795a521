"""The document model as data: components, properties, types and limits, version by version.

Read `versions`, then `components` and `objects`; `model` says what a line can hold. This module
only cuts the tables to one version: `for_version("6.3")`.
"""

from __future__ import annotations

from functools import cache

import msgspec

from waflows.flowjson.spec import components, objects, versions
from waflows.flowjson.spec.model import ComponentType, ObjectType, Property

__all__ = ["Shape", "Slot", "Spec", "for_version"]

_JSON_TYPES = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "object": "object",
    "dates": "object",
    "action": "object",
    "components": "array",
    "cases": "object",
    "expression": "string",
    "binding": "string",
    "layout": "object",
}

_UNLIMITED = 1_000_000_000
_PLAIN: dict[tuple[str, ...], type] = {("boolean",): bool, ("object",): dict, ("array",): list}
_NEVER_EMPTY = ("screens", "then")
_PICTURED = 100
"""A list whose items have images may take no more than these, so longer ones get a closer look."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A property as one version has it, with what the walk asks for worked out beforehand.

    `types` are the JSON types of a literal value, `bound` those a binding may bring; `item` names
    the table of an array's items or of an object's properties, and `element` is an array's
    element that has no such table. `free` marks a property whose plain strings need no look
    beyond length and blankness; `plain` is the one type whose values are looked into at once,
    lists when they have `least` to `most` items.
    """

    entry: Property
    types: tuple[str, ...]
    bound: tuple[str, ...]
    item: str | None
    dynamic: bool
    integral: bool
    free: bool
    longest: int
    plain: type | None
    least: int
    most: int
    element: Slot | None = None

    @property
    def name(self) -> str:
        """The property's name."""
        return self.entry.name


class Shape(msgspec.Struct, frozen=True):
    """The properties an object may and must have in one version; `component` when it is one."""

    name: str
    slots: dict[str, Slot]
    required: tuple[str, ...]
    component: ComponentType | None = None


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one Flow JSON version."""

    version: str
    reached: frozenset[str]
    """This version and all before it."""
    flow: Shape
    screen: Shape
    layout: Shape
    next_screen: Shape
    components: dict[str, Shape]
    items: dict[str, Shape]
    actions: dict[str, Shape]

    def since(self, version: str) -> bool:
        """Whether this version is `version` or later."""
        return version in self.reached


@cache
def for_version(version: str) -> Spec:
    """The tables of a known version. Raises KeyError for an unknown one."""
    name = versions.VERSIONS[version].name
    return Spec(
        version=name,
        reached=frozenset(known for known in versions.VERSIONS if versions.at_least(name, known)),
        flow=_shape(objects.FLOW, name),
        screen=_shape(objects.SCREEN, name),
        layout=_shape(objects.LAYOUT, name),
        next_screen=_shape(objects.NEXT_SCREEN, name),
        components={
            kind.name: _shape(kind, name)
            for kind in components.COMPONENTS.values()
            if kind.holds_in(name)
        },
        items={item.name: _shape(item, name) for item in objects.ITEMS.values()},
        actions={
            action.name: _shape(action, name)
            for action in objects.ACTIONS.values()
            if action.since is None or versions.at_least(name, action.since)
        },
    )


def _shape(kind: ObjectType | ComponentType, version: str) -> Shape:
    lines = [line for line in kind.properties if line.holds_in(version)]
    return Shape(
        kind.name,
        {line.name: _slot(line) for line in lines},
        tuple(line.name for line in lines if line.required),
        kind if isinstance(kind, ComponentType) else None,
    )


def _slot(line: Property) -> Slot:
    alternatives = line.type.split(" | ")
    item = None
    types: list[str] = []
    for alternative in alternatives:
        if alternative.startswith("array<"):
            item = alternative[len("array<") : -1]
            types.append("array")
        elif alternative in _JSON_TYPES:
            types.append(_JSON_TYPES[alternative])
        else:
            item = alternative
            types.append("object")
    element = None
    if "array" in types:
        kind = "string" if item == "string" else "object"
        dynamic = line.dynamic if kind == "string" else ()
        allowed = line.allowed if kind == "string" else ()
        element = _slot(Property(line.name, kind, dynamic=dynamic, allowed=allowed))
    plain = alternatives == ["string"]
    return Slot(
        entry=line,
        types=tuple(types),
        bound=("array", "object") if line.type == "object" else tuple(types),
        item=item,
        dynamic=bool(line.dynamic),
        integral="integer" in alternatives and "number" not in alternatives,
        free=plain and not line.allowed and line.format is None,
        longest=line.longest or _UNLIMITED,
        plain=None if line.type == "cases" else _PLAIN.get(tuple(types)),
        least=line.least_items or (1 if line.name in _NEVER_EMPTY else 0),
        most=min(line.most_items or _UNLIMITED, _PICTURED),
        element=element,
    )
