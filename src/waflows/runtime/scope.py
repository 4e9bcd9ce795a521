"""What the strings of one screen mean at one moment: bindings resolved against the state.

A scope is made for one render or one event and remembers what it has worked out, so that a value
used by fifty components is made once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from waflows.flowjson import expressions
from waflows.flowjson.expressions import Reference
from waflows.runtime import choices, dates, evaluation, fields
from waflows.runtime.budget import Budget
from waflows.runtime.fields import Option
from waflows.runtime.flow import Component, Flow, Screen
from waflows.runtime.state import ScreenState, State


class Scope:
    """The bindings of one screen. `screen` is the one shown unless another is named."""

    def __init__(
        self, flow: Flow, state: State, screen: str = "", budget: Budget | None = None
    ) -> None:
        self.flow = flow
        self.state = state
        self.budget = budget or Budget()
        self.screen: Screen = flow.screens[screen or state.screen]
        self.page = state.pages.get(self.screen.id, ScreenState())
        self._screens = flow.screens
        self._nested = flow.since("6.0")
        self._values: dict[str, Any] = {}
        self._options: dict[str, tuple[Option, ...]] = {}
        self._open: list[str] = []
        self._others: dict[str, Scope] = {}

    # --- values of the document

    def resolve(self, value: Any) -> Any:
        """A value of the document with the bindings and expressions in it replaced.

        None is the value of one that finds nothing.
        """
        self.budget.spend()
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, dict):
            return {key: self.resolve(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        return value

    def holds(self, condition: Any) -> bool:
        """Whether an If's condition holds; one that is not an expression does not."""
        if not isinstance(condition, str):
            return choices.true(condition)
        tree = expressions.parse(condition, "condition").tree
        return tree is not None and choices.true(evaluation.evaluate(tree, self.look_up))

    def _string(self, text: str) -> Any:
        kind = expressions.classify(text)
        if kind is None or kind == "text" or (kind == "nested" and not self._nested):
            return text
        tree = expressions.parse(text, kind).tree
        found = None if tree is None else evaluation.evaluate(tree, self.look_up)
        return self._paid(found) if kind == "nested" else found

    # --- bindings

    def look_up(self, reference: Reference) -> Any:
        """What a reference means here."""
        self.budget.spend()
        if reference.screen is not None and reference.screen != self.screen.id:
            return self._elsewhere(reference)
        first, *steps = reference.path
        typed = reference.source == "form"
        found = self.form(first, steps) if typed else self.page.data.get(first)
        for step in steps:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    def form(self, name: str, steps: list[str] | None = None) -> Any:
        """The value of an input, None when there is no such input.

        A name may hold dots; what the reference's first step does not find, the whole may.
        """
        component = self.screen.inputs.get(name)
        if component is None and steps:
            component = self.screen.inputs.get(".".join([name, *steps]))
            if component is not None:
                steps.clear()
        return None if component is None else self.value(component)

    def _elsewhere(self, reference: Reference) -> Any:
        name = reference.screen or ""
        if name not in self.flow.screens or name not in self.state.pages:
            return choices.UNVISITED
        if name not in self._others:
            self._others[name] = Scope(self.flow, self.state, name, self.budget)
            self._others[name]._open = self._open
        found = self._others[name].look_up(
            Reference(reference.source, reference.path, reference.text, reference.span)
        )
        return choices.UNVISITED if found is None else found

    def input_of(self, reference: Reference) -> Component | None:
        """The input whose value a reference is."""
        screen = self.screen if reference.screen is None else self._screens.get(reference.screen)
        if reference.source != "form" or screen is None:
            return None
        return screen.inputs.get(".".join(reference.path))

    # --- components

    def value(self, component: Component) -> Any:
        """The value of an input: what the user entered, else its initial value, else empty."""
        known = f"{self.screen.id}/{component.key}"
        if component.key not in self._values:
            if known in self._open or len(self._open) > choices.LONGEST_CHAIN:
                return fields.empty(component)
            self._open.append(known)
            self._values[component.key] = self._value(component)
            self._open.pop()
        return self._values[component.key]

    def options(self, component: Component) -> tuple[Option, ...]:
        """The items of a group, dropdown or chips."""
        if component.key not in self._options:
            self._options[component.key] = self._usable_options(component)
        return self._options[component.key]

    def list_items(self, component: Component) -> list[dict[str, Any]]:
        """The entries of a NavigationList; texts of a static one resolved, actions as written."""
        source = component.value.get("list-items")
        static = isinstance(source, list)
        items = source if static else self.resolve(source)
        if not isinstance(items, list):
            return []
        self.budget.spend(len(items))
        return [
            {
                key: self.resolve(value) if static and key != "on-click-action" else value
                for key, value in item.items()
            }
            for item in items
            if isinstance(item, dict)
        ]

    def is_range(self, component: Component) -> bool:
        """Whether a component picks a start and an end."""
        return component.type == "CalendarPicker" and self.get(component, "mode") == "range"

    def of_form(self, component: Component, form_property: str, own: str) -> Any:
        """A property an input has of its own or, inside a Form, under its name in the Form's."""
        if component.form is not None:
            named = component.form.get(form_property)
            found = named.get(component.name) if isinstance(named, dict) else None
            if isinstance(named, str):
                whole = self.resolve(named)
                found = whole.get(component.name) if isinstance(whole, dict) else None
                if found is not None:
                    return found
            elif found is not None:
                return self.resolve(found)
        return self.get(component, own)

    def _value(self, component: Component) -> Any:
        entered = self.page.form.get(component.name)
        given = entered
        if entered is None:
            given = self.of_form(component, "init-values", "init-value")
        if component.type in fields.CHOICES:
            return fields.chosen(component, given, self.options(component))
        if component.type == "OptIn":
            return given is True
        if component.type in fields.MEDIA:
            return msgspec.to_builtins(list(fields.files(entered)))
        if component.type in fields.DATES:
            return self._dates(component, given)
        return evaluation.text(given)

    def _usable_options(self, component: Component) -> tuple[Option, ...]:
        """The usable items of `data-source`, each id once."""
        source = component.value.get("data-source")
        items = self.resolve(source) if isinstance(source, str) else source
        found: dict[str, Option] = {}
        listed = items if isinstance(items, list) else []
        self.budget.spend(len(listed))
        for item in listed:
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                found.setdefault(item["id"], Option(item["id"], item))
        return tuple(found.values())

    def _dates(self, component: Component, given: Any) -> Any:
        if self.is_range(component):
            ends = given if isinstance(given, dict) else {}
            found = {end: evaluation.text(ends.get(end)) for end in (fields.START, fields.END)}
            return found if any(found.values()) else ""
        if isinstance(given, dict | list):
            return ""
        return dates.written(dates.iso(evaluation.text(given)), self.flow.version)

    def shown(self) -> Iterator[Component]:
        """The components on the screen, in order, without what is hidden or in another branch.

        In place of Form, If and Switch comes what is in them.
        """
        pending = list(reversed(self.screen.components))
        while pending:
            component = pending.pop()
            self.budget.spend()
            if component.type == "Form":
                pending += reversed(component.branches["children"])
            elif component.type == "If":
                taken = "then" if self.holds(component.value.get("condition")) else "else"
                pending += reversed(component.branches[taken])
            elif component.type == "Switch":
                pending += reversed(self._case(component))
            elif self.flag(component, "visible", default=True):
                yield component

    def _case(self, switch: Component) -> list[Component]:
        value = self.as_text(self.resolve(switch.value.get("value")))
        found = switch.branches.get(value)
        return switch.branches.get(choices.DEFAULT_CASE, []) if found is None else found

    # --- properties, each with a type it always has

    def get(self, component: Component, name: str) -> Any:
        """A property, resolved; None when it is absent or finds nothing."""
        return self.resolve(component.value.get(name))

    def text(self, component: Component, name: str) -> str:
        """A property as text."""
        return self.as_text(self.get(component, name))

    def as_text(self, value: Any) -> str:
        """A value as text, paid for by its length where it had to be written out."""
        return value if isinstance(value, str) else self._paid(evaluation.text(value))

    def _paid(self, made: Any) -> Any:
        self.budget.spend(len(made) // 1024 if isinstance(made, str) else 0)
        return made

    def flag(self, component: Component, name: str, *, default: bool) -> bool:
        """A property as a boolean; the default for anything else."""
        found = self.get(component, name)
        return found if isinstance(found, bool) else default

    def count(self, component: Component, name: str) -> int | None:
        """A property as a whole number, also from a text; None for anything else."""
        found = choices.as_number(self.get(component, name))
        return int(found) if found is not None and abs(found) < 2**53 else None

    def texts(self, component: Component, name: str) -> tuple[str, ...]:
        """A property as list of texts, of a single text too."""
        found = self.get(component, name)
        listed = found if isinstance(found, list) else [] if found is None else [found]
        self.budget.spend(len(listed))
        return tuple(map(self.as_text, listed))
