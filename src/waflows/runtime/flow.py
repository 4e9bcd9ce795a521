"""A Flow JSON document prepared for playing: screens, components in order, routes, entry screens.

Knows the document's shape and nothing of what happens in it. Faulty parts are left out, not
reported: that is the linter's work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from waflows.flowjson import source
from waflows.flowjson.scanner import MAX_DEPTH
from waflows.flowjson.spec import versions
from waflows.runtime.values import clean

SUCCESS = "SUCCESS"
MOST_CONTAINERS = 100_000
MOST_COMMAS = 400_000
"""Objects and lists, and commas, in a document. The largest known flow has a few thousand."""
_CONTAINERS = {"Form", "If", "Switch"}
_CLICK = "on-click-action"


class Unplayable(ValueError):
    """The document has no screen that could be shown."""


class Component(msgspec.Struct, frozen=True, eq=False):
    """A component. `key` is its place among all components of its screen, in document order.

    `form` is the Form around it. `branches` holds the components in a Form, an If or a Switch, by
    the name of the branch: `children`, `then`, `else` or the case.
    """

    key: str
    type: str
    value: dict[str, Any]
    form: Component | None = None
    branches: dict[str, tuple[Component, ...]] = {}

    @property
    def name(self) -> str:
        """The name of an input; empty when it has none."""
        name = self.value.get("name")
        return name if isinstance(name, str) else ""


class Screen(msgspec.Struct, frozen=True, eq=False):
    """A screen. `model` declares its data; `inputs` finds each input by name."""

    id: str
    value: dict[str, Any]
    terminal: bool
    refresh_on_back: bool
    model: dict[str, Any]
    components: tuple[Component, ...]
    inputs: dict[str, Component]

    @property
    def examples(self) -> dict[str, Any]:
        """The `__example__` values of the data it declares."""
        return {
            name: declaration["__example__"]
            for name, declaration in self.model.items()
            if isinstance(declaration, dict) and declaration.get("__example__") is not None
        }

    def every(self) -> Iterator[Component]:
        """All components, in document order, of whichever branch."""
        pending = list(reversed(self.components))
        while pending:
            component = pending.pop()
            yield component
            for branch in reversed(component.branches.values()):
                pending.extend(reversed(branch))


class Flow(msgspec.Struct, frozen=True, eq=False):
    """The document. `routes` are its routing model, or the `navigate` targets where it has none.

    `declared` says whether `routes` were written by the author and bind the phone. `remaining`
    is, for each screen, the most screens that can follow it.
    """

    version: str
    endpoint: bool
    data_api_version: str
    screens: dict[str, Screen]
    routes: dict[str, tuple[str, ...]]
    declared: bool
    entries: tuple[str, ...]
    remaining: dict[str, int]

    def since(self, version: str) -> bool:
        """Whether the document is of this Flow JSON version or a later one."""
        return versions.at_least(self.version, version)

    def allows(self, current: str, following: str) -> bool:
        """Whether the phone moves from one screen to another; the same screen is a refresh."""
        if current == following or not self.declared:
            return True
        return following in self.routes.get(current, ()) or current in self.routes.get(
            following, ()
        )


def load(document: str | bytes | dict[str, Any]) -> Flow:
    """Prepares a document, as text or as the value it says. Raises Unplayable."""
    value: Any = document
    if not isinstance(document, dict):
        _check_structure(document)
        read = source.read(document)
        if not read.readable:
            raise Unplayable("The document is not JSON.")
        value = read.value
    if source.too_deep(value):
        raise Unplayable(f"The document is nested deeper than {MAX_DEPTH} levels.")
    return _flow(clean(value))


def _check_structure(text: str | bytes) -> None:
    """Raises Unplayable for a text of so many values that they would fill the memory.

    Counted in the text, commas in its sentences included, which is done in a millisecond.
    """
    if containers_in(text) > MOST_CONTAINERS:
        raise Unplayable(f"The document has more than {MOST_CONTAINERS:,} objects and lists.")
    if _count(text, ",") > MOST_COMMAS:
        raise Unplayable(f"The document has more than {MOST_COMMAS:,} values.")


def containers_in(text: str | bytes) -> int:
    """How many objects and lists a document has, as far as its text tells."""
    return _count(text, "{") + _count(text, "[")


def _count(text: str | bytes, sign: str) -> int:
    return text.count(sign) if isinstance(text, str) else text.count(sign.encode())


def _flow(value: Any) -> Flow:
    listed = value.get("screens") if isinstance(value, dict) else None
    screens: dict[str, Screen] = {}
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            screens.setdefault(each["id"], _screen(each))
    if not screens:
        raise Unplayable("The document has no screen with an id.")
    model = value.get("routing_model")
    declared = isinstance(model, dict)
    routes = _declared_routes(model, screens) if declared else _navigations(screens)
    api = value.get("data_api_version")
    return Flow(
        versions.nearest(value.get("version")),
        "data_api_version" in value,
        api if isinstance(api, str) else versions.DATA_API_VERSIONS[0],
        screens,
        routes,
        declared,
        _entries(screens, routes),
        _remaining(screens, routes),
    )


def _screen(value: dict[str, Any]) -> Screen:
    layout = value.get("layout")
    data = value.get("data")
    builder = _Builder()
    components = builder.all(layout.get("children") if isinstance(layout, dict) else None, None)
    return Screen(
        value["id"],
        value,
        value.get("terminal") is True,
        value.get("refresh_on_back") is True,
        data if isinstance(data, dict) else {},
        components,
        builder.inputs,
    )


class _Builder:
    """Makes the components of one screen; the depth of the document bounds its recursion."""

    def __init__(self) -> None:
        self.count = 0
        self.inputs: dict[str, Component] = {}

    def all(self, values: Any, form: Component | None) -> tuple[Component, ...]:
        given = values if isinstance(values, list) else ()
        return tuple(self.one(value, form) for value in given if isinstance(value, dict))

    def one(self, value: dict[str, Any], form: Component | None) -> Component:
        kind = value.get("type")
        kind = kind if isinstance(kind, str) else ""
        key = str(self.count)
        self.count += 1
        around = Component(key, kind, value) if kind == "Form" else form
        component = Component(key, kind, value, form, self.branches(kind, value, around))
        if component.name and kind not in _CONTAINERS and kind != "NavigationList":
            self.inputs.setdefault(component.name, component)
        return component

    def branches(
        self, kind: str, value: dict[str, Any], form: Component | None
    ) -> dict[str, tuple[Component, ...]]:
        if kind == "Form":
            return {"children": self.all(value.get("children"), form)}
        if kind == "If":
            return {name: self.all(value.get(name), form) for name in ("then", "else")}
        cases = value.get("cases") if kind == "Switch" else None
        if isinstance(cases, dict):
            return {name: self.all(children, form) for name, children in cases.items()}
        return {}


def _declared_routes(
    model: dict[str, Any], screens: dict[str, Screen]
) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(each for each in model.get(name) or () if _known(each, screens))
        if isinstance(model.get(name), list)
        else ()
        for name in screens
    }


def _known(name: Any, screens: dict[str, Screen]) -> bool:
    return isinstance(name, str) and name in screens


def _navigations(screens: dict[str, Screen]) -> dict[str, tuple[str, ...]]:
    """Where the actions of each screen lead, which is how a routing model is generated."""
    return {
        name: tuple(
            dict.fromkeys(
                target
                for target in map(destination, _clicks(screen))
                if target is not None and target in screens and target != name
            )
        )
        for name, screen in screens.items()
    }


def _clicks(screen: Screen) -> Iterator[Any]:
    for component in screen.every():
        yield component.value.get(_CLICK)
        items = component.value.get("list-items")
        yield from _item_clicks(items)
    for declaration in screen.model.values():
        if isinstance(declaration, dict):
            yield from _item_clicks(declaration.get("__example__"))


def _item_clicks(items: Any) -> Iterator[Any]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield item.get(_CLICK)


def destination(action: Any) -> str | None:
    """The screen a `navigate` action leads to."""
    if not isinstance(action, dict) or action.get("name") != "navigate":
        return None
    following = action.get("next")
    name = following.get("name") if isinstance(following, dict) else None
    return name if isinstance(name, str) else None


def _entries(screens: dict[str, Screen], routes: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The screens nothing leads to; the first one where every screen has an inbound edge."""
    reached = {target for targets in routes.values() for target in targets}
    found = tuple(name for name in screens if name not in reached)
    return found or (next(iter(screens)),)


def _remaining(screens: dict[str, Screen], routes: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """The longest way on from each screen, counted without going round a loop."""
    longest: dict[str, int] = {}
    for start in screens:
        pending: list[tuple[str, bool]] = [(start, False)]
        open_: set[str] = set()
        while pending:
            name, ready = pending.pop()
            if ready:
                onward = (longest[n] + 1 for n in routes.get(name, ()) if n in longest)
                longest[name] = max(onward, default=0)
                open_.discard(name)
            elif name not in longest and name not in open_:
                open_.add(name)
                pending.append((name, True))
                pending += [(each, False) for each in routes.get(name, ())]
    return longest
