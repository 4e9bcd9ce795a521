"""What the response bubble shows when the user opens it: the submitted values, some of them masked.

Known from Flow JSON 5.1 on. The business receives every value as it is.
"""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.runtime import choices, dates, fields, validation
from waflows.runtime.flow import Component, Flow
from waflows.runtime.scope import Scope
from waflows.runtime.state import State


class Line(msgspec.Struct, frozen=True):
    """An input's label and its value as text."""

    label: str
    text: str


def summary(flow: Flow, state: State) -> tuple[Line, ...]:
    """The values of the screens the user went through, in their order; empty ones left out."""
    if not flow.since("5.1"):
        return ()
    return tuple(
        line
        for name in state.stack
        if name in flow.screens
        for line in _lines(Scope(flow, state, name))
    )


def _lines(scope: Scope) -> list[Line]:
    listed = scope.screen.value.get("sensitive")
    sensitive = listed if isinstance(listed, list) else []
    found = []
    for component in scope.shown():
        if component.type in fields.INPUTS and not fields.is_empty(scope.value(component)):
            text = _text(scope, component, component.name in sensitive)
            if text:
                label = scope.get(component, "label")
                found.append(Line(label if isinstance(label, str) else component.name, text))
    return found


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
        return ", ".join(str(titles.get(each) or each) for each in chosen)
    if component.type in fields.DATES:
        days = value.values() if isinstance(value, dict) else [dates.iso(value)]
        return " – ".join(filter(None, days))  # noqa: RUF001  the sign between two dates
    return str(value)
