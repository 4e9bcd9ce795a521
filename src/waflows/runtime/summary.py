"""What the response bubble shows when the user opens it: the submitted values, some of them masked.

Known from Flow JSON 5.1 on. The business receives every value as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from waflows.runtime import choices, dates, fields, validation
from waflows.runtime.budget import Budget, OverBudget
from waflows.runtime.flow import Component, Flow
from waflows.runtime.scope import Scope
from waflows.runtime.state import State
from waflows.runtime.values import weight


class Line(msgspec.Struct, frozen=True):
    """An input's label and its value as text."""

    label: str
    text: str


_LONGEST_TITLE = 1_000
_MORE = Line("…", "The rest is too long to show.")


def summary(flow: Flow, state: State) -> tuple[Line, ...]:
    """The values of the screens the user went through, in their order; empty ones left out.

    What is more than anybody could read is left out, and the last line says so.
    """
    if not flow.since("5.1"):
        return ()
    found: list[Line] = []
    room = choices.LARGEST_RESPONSE
    budget = Budget()
    try:
        for name in state.stack:
            budget.spend()
            for line in _lines(Scope(flow, state, name, budget)) if name in flow.screens else ():
                room -= weight(line, room)
                if room < 0:
                    raise OverBudget
                found.append(line)
    except OverBudget:
        found.append(_MORE)
    return tuple(found)


def _lines(scope: Scope) -> Iterator[Line]:
    listed = scope.screen.value.get("sensitive")
    sensitive = listed if isinstance(listed, list) else []
    for component in scope.shown():
        if component.type in fields.INPUTS and not fields.is_empty(scope.value(component)):
            text = _text(scope, component, component.name in sensitive)
            if text:
                label = scope.get(component, "label")
                yield Line(label if isinstance(label, str) else component.name, text)


def _text(scope: Scope, component: Component, sensitive: bool) -> str:
    """A value as the bubble has it; empty for one that is never shown."""
    value: Any = scope.value(component)
    if component.type == "OptIn":
        return "✓"
    if component.type in fields.MEDIA:
        return "" if sensitive else ", ".join(file.file_name for file in fields.files(value))
    if validation.input_type(scope, component) in {"password", "passcode"}:
        return ""
    if sensitive:
        return choices.MASK
    if component.type in fields.CHOICES:
        chosen = value if isinstance(value, list) else [value]
        titles = {option.id: option.value.get("title") for option in scope.options(component)}
        named = (scope.as_text(titles.get(each) or each) for each in chosen)
        return ", ".join(title[:_LONGEST_TITLE] for title in named)
    if component.type in fields.DATES:
        days = value.values() if isinstance(value, dict) else [dates.iso(value)]
        return " – ".join(filter(None, days))  # noqa: RUF001  the sign between two dates
    return str(value)
