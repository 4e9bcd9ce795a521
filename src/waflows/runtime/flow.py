"""A Flow JSON document prepared for playing: screens, components in order, routes, entry screens.

Built on the validator's view of the document. Faulty parts are left out, not reported: that is the
validator's work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from waflows.flowjson import document, source
from waflows.flowjson.scanner import MAX_DEPTH
from waflows.flowjson.spec import for_version, versions
from waflows.runtime.values import clean

SUCCESS = "SUCCESS"
_TOO_DEEP = f"The document is nested deeper than {MAX_DEPTH} levels."
MOST_CONTAINERS = 100_000
MOST_COMMAS = 400_000
"""Objects and lists, and commas, in a document. The largest known flow has a few thousand."""
_CLICK = "on-click-action"


class Unplayable(ValueError):
    """The document has no screen that could be shown."""


class Component(msgspec.Struct, frozen=True, eq=False):
    """A component. `key` is its place among all components of its screen, in document order.

    `form` is the value of the Form around it. `branches` holds the components in a Form, an If or a
    Switch, by the name of the branch: `children`, `then`, `else` or the case.
    """

    key: str
    type: str
    value: dict[str, Any]
    form: dict[str, Any] | None = None
    branches: dict[str, list[Component]] = {}

    @property
    def name(self) -> str:
        """The name of an input; empty when it has none."""
        name = self.value.get("name")
        return name if isinstance(name, str) else ""


class Screen(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A screen. `model` declares its data; `inputs` finds each input by name."""

    id: str
    value: dict[str, Any]
    terminal: bool
    refresh_on_back: bool
    model: dict[str, Any]
    components: list[Component]
    inputs: dict[str, Component]

    @property
    def examples(self) -> dict[str, Any]:
        """The `__example__` values of the data it declares."""
        return {
            name: declaration["__example__"]
            for name, declaration in self.model.items()
            if isinstance(declaration, dict) and declaration.get("__example__") is not None
        }

    def every(self, *, conditional: bool = True) -> Iterator[Component]:
        """All components, in document order, of whichever branch.

        Without the `conditional` ones, those that stand in no If and no Switch.
        """
        pending = list(reversed(self.components))
        while pending:
            component = pending.pop()
            yield component
            if conditional or component.type == "Form":
                for branch in reversed(component.branches.values()):
                    pending.extend(reversed(branch))


class Flow(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The document. `routes` are its routing model, or the `navigate` targets where it has none.

    `declared` says whether `routes` were written by the author and bind the phone. `unknown` are
    the moves that a phone refuses where they were not: those of `navigate` actions that stand in an
    If or a Switch and nowhere else. `remaining` is, for each screen, the most screens that can
    follow it. `relayed` is, for a data field that `navigate` fills from a number input, the input.
    """

    version: str
    endpoint: bool
    data_api_version: str
    screens: dict[str, Screen]
    routes: dict[str, tuple[str, ...]]
    declared: bool
    entries: tuple[str, ...]
    remaining: dict[str, int]
    unknown: frozenset[tuple[str, str]]
    relayed: dict[tuple[str, str], str]

    def since(self, version: str) -> bool:
        """Whether the document is of this Flow JSON version or a later one."""
        return versions.at_least(self.version, version)

    def allows(self, current: str, following: str) -> bool:
        """Whether the phone moves from one screen to another; the same screen is a refresh."""
        if current == following:
            return True
        if not self.declared:
            return (current, following) not in self.unknown
        return following in self.routes.get(current, ()) or current in self.routes.get(
            following, ()
        )


def load(given: str | bytes | dict[str, Any]) -> Flow:
    """Prepares a document, as text or as the value it says. Raises Unplayable."""
    value: Any = given if isinstance(given, dict) else _read(given)
    if isinstance(given, dict) and source.too_deep(value):
        raise Unplayable(_TOO_DEEP)
    return _flow(clean(value))


def _read(text: str | bytes) -> Any:
    _check_structure(text)
    found = source.read(text)
    if not found.readable:
        raise Unplayable("The document is not JSON.")
    # Of a text without faults the depth is known to be within the limit.
    if found.faults and source.too_deep(found.value):
        raise Unplayable(_TOO_DEEP)
    return found.value


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
    if not isinstance(value, dict):
        raise Unplayable("The document has no screen with an id.")
    spec = for_version(versions.nearest(value.get("version")))
    parsed = document.build(value, spec)
    screens = {name: _screen(found, name) for name, found in parsed.by_id.items()}
    if not screens:
        raise Unplayable("The document has no screen with an id.")
    model = value.get("routing_model")
    declared = isinstance(model, dict)
    routes = _declared_routes(model, screens) if isinstance(model, dict) else _navigations(screens)
    api = value.get("data_api_version")
    return Flow(
        version=spec.version,
        endpoint=parsed.endpoint,
        data_api_version=api if isinstance(api, str) else versions.DATA_API_VERSIONS[0],
        screens=screens,
        routes=routes,
        declared=declared,
        entries=_entries(screens, routes),
        remaining=_remaining(screens, routes),
        unknown=frozenset() if declared or parsed.endpoint else _unknown(screens, routes),
        relayed=_relayed(screens),
    )


def _screen(found: document.Screen, name: str) -> Screen:
    roots: list[Component] = []
    made: dict[int, Component] = {}
    for place, node in enumerate(found.components):
        around = made.get(id(node.parent))
        form = None
        if around is not None:
            form = around.value if around.type == "Form" else around.form
        branches: dict[str, list[Component]] = {branch: [] for branch in _branches(node)}
        component = Component(str(place), node.type, node.value, form, branches)
        made[id(node)] = component
        beside = roots if around is None else around.branches[str(node.steps[-2])]
        beside.append(component)
    return Screen(
        id=name,
        value=found.value,
        terminal=found.terminal,
        refresh_on_back=found.value.get("refresh_on_back") is True,
        model=found.data or {},
        components=roots,
        inputs={
            name: made[id(node)]
            for name, node in found.fields.items()
            if node.value.get("name") == name
        },
    )


def _branches(node: document.Component) -> Iterable[str]:
    """The branches a component has, also those that hold nothing."""
    if node.type == "Form":
        return ("children",)
    if node.type == "If":
        return ("then", "else")
    cases = node.value.get("cases") if node.type == "Switch" else None
    return cases if isinstance(cases, dict) else ()


def _declared_routes(
    model: dict[str, Any], screens: dict[str, Screen]
) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(each for each in targets if isinstance(each, str) and each in screens)
        for name in screens
        for targets in [model.get(name)]
        if isinstance(targets, list)
    }


def _navigations(
    screens: dict[str, Screen], *, conditional: bool = True
) -> dict[str, tuple[str, ...]]:
    """Where the actions of each screen lead, which is how a routing model is generated."""
    return {
        name: tuple(
            dict.fromkeys(
                target
                for target in map(destination, _clicks(screen, conditional))
                if target is not None and target in screens and target != name
            )
        )
        for name, screen in screens.items()
    }


def _unknown(
    screens: dict[str, Screen], routes: dict[str, tuple[str, ...]]
) -> frozenset[tuple[str, str]]:
    """The moves, in either direction, that no unconditional `navigate` makes."""
    known = _navigations(screens, conditional=False)
    return frozenset(
        (name, target)
        for name, targets in routes.items()
        for target in targets
        if target not in known[name] and name not in known[target]
    )


def _relayed(screens: dict[str, Screen]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for screen in screens.values():
        numbers = {
            f"${{form.{name}}}": f"${{screen.{screen.id}.form.{name}}}"
            for name, component in screen.inputs.items()
            if component.value.get("input-type") == "number"
        }
        for action in _clicks(screen) if numbers else ():
            target = destination(action)
            payload = action.get("payload") if target is not None else None
            for key, value in payload.items() if isinstance(payload, dict) else ():
                if isinstance(value, str) and value in numbers:
                    found[str(target), key] = numbers[value]
    return found


def _clicks(screen: Screen, conditional: bool = True) -> Iterator[Any]:
    for component in screen.every(conditional=conditional):
        yield component.value.get(_CLICK)
        yield from _item_clicks(component.value.get("list-items"))
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
