"""What a reference refers to: the field it names, its type, or why there is none."""

from __future__ import annotations

from typing import Any

import msgspec

from waflows.flowjson.document import Component, Resolution, Screen
from waflows.flowjson.expressions import Reference
from waflows.flowjson.spec.objects import DATA_TYPES

_UNKNOWN = Resolution(outcome="found")
"""Its entry is malformed, which another rule reports."""


def resolve(reference: Reference, here: Screen) -> Resolution:
    """Follows a reference written on a screen."""
    screen: Screen | None = here
    if reference.screen is not None:
        screen = here.flow.by_id.get(reference.screen)
    if screen is None:
        return Resolution(outcome="no-screen")
    follow = _form if reference.source == "form" else _data
    found = follow(reference.path, screen)
    own = reference.screen is not None and screen is here
    return msgspec.structs.replace(found, own=True) if own else found


def _form(path: tuple[str, ...], screen: Screen) -> Resolution:
    field = screen.fields.get(path[0]) or screen.fields.get(".".join(path))
    if field is None:
        if path[0] in screen.forms:
            return Resolution(outcome="form-itself")
        return Resolution(outcome="missing", step=path[0])
    types = value_types(field) if len(path) == 1 or ".".join(path) in screen.fields else ()
    return Resolution(outcome="found", types=types, field=field)


def value_types(field: Component) -> tuple[str, ...]:
    """The types of a component's `${form.name}`; of a numeric text input, number first."""
    if field.shape is None or field.shape.component is None:
        return ()
    if field.type == "TextInput":
        kind = field.value.get("input-type", "text")
        if kind == "number":
            return ("number", "string")
        return ("string",) if isinstance(kind, str) and "${" not in kind else ()
    if field.type == "CalendarPicker":
        mode = field.value.get("mode", "single")
        return {"single": ("string",), "range": ("object",)}.get(str(mode), ())
    return field.shape.component.value


def _data(path: tuple[str, ...], screen: Screen) -> Resolution:
    if screen.data is None:
        absent = "data" not in screen.value
        return Resolution(outcome="missing", step=path[0]) if absent else _UNKNOWN
    whole = ".".join(path)
    if path[0] not in screen.data and whole in screen.data:
        path = (whole,)
    if path[0] not in screen.data:
        return Resolution(outcome="missing", step=path[0])
    node = screen.data[path[0]]
    for step in path[1:]:
        inner = _below(node, step)
        if isinstance(inner, Resolution):
            return inner
        node = inner
    if not isinstance(node, dict):
        return _UNKNOWN
    kind = node.get("type")
    return Resolution(outcome="found", types=(kind,) if kind in DATA_TYPES else (), node=node)


def _below(node: Any, step: str) -> Any:
    """The entry one step further into a data model, or why there is none."""
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(kind, str):
        return _UNKNOWN
    if kind == "array":
        return Resolution(outcome="in-array", step=step)
    if kind != "object":
        return Resolution(outcome="missing", step=step)
    if "properties" not in node:
        return Resolution(outcome="no-schema", step=step)
    fields = node["properties"]
    if not isinstance(fields, dict):
        return _UNKNOWN
    return fields[step] if step in fields else Resolution(outcome="missing", step=step)
