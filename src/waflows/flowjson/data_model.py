"""A screen's data model: the walk over its declarations, and what values it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson import expressions
from waflows.flowjson.diagnostics import Path
from waflows.flowjson.document import Screen
from waflows.flowjson.json_types import json_type
from waflows.flowjson.spec.objects import DATA_TYPES

EXAMPLE = "__example__"
Level = tuple[Path, Iterator[tuple[str, Any]]]


def entries(screen: Screen) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every declaration in the data model with its steps from the screen, parents first.

    A key `__example__` among properties is a misplaced example and no declaration.
    """
    # Of each level only what comes next is held: a path kept for every entry of a wide and deep
    # model would take many times the memory of its text.
    levels: list[Level] = [(("data",), iter((screen.data or {}).items()))]
    while levels:
        steps, fields = levels[-1]
        for name, entry in fields:
            if isinstance(entry, dict) and not (len(levels) > 1 and name == EXAMPLE):
                found = (*steps, name)
                yield found, entry
                levels += _below(found, entry)
                break
        else:
            levels.pop()


def declared_type(model: dict[str, Any] | None, field: str) -> str | None:
    """The declared type of a field; None if the field has no type, or one that does not exist."""
    entry = (model or {}).get(field)
    kind = entry.get("type") if isinstance(entry, dict) else None
    return kind if kind in DATA_TYPES else None


def mistyped_literals(
    payload: dict[str, Any] | None, model: dict[str, Any] | None
) -> Iterator[tuple[str, str, str]]:
    """The literal values of a payload with another type than declared.

    Each is the field, its declared type and the type of the value.
    """
    for field, value in (payload or {}).items():
        expected = declared_type(model, field)
        if expected is None or (isinstance(value, str) and expressions.classify(value)):
            continue
        found = json_type(value)
        if found != expected:
            yield field, expected, found


def _below(steps: Path, entry: dict[str, Any]) -> list[Level]:
    """The levels below a declaration, the one to be walked first at the end."""
    found: list[Level] = []
    fields = entry.get("properties")
    if isinstance(fields, dict):
        found.append(((*steps, "properties"), iter(fields.items())))
    if "items" in entry:
        found.append((steps, iter((("items", entry["items"]),))))
    return found
