"""The walk over a screen's data model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Path
from waflows.flowjson.document import Screen

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


def _below(steps: Path, entry: dict[str, Any]) -> list[Level]:
    """The levels below a declaration, the one to be walked first at the end."""
    found: list[Level] = []
    fields = entry.get("properties")
    if isinstance(fields, dict):
        found.append(((*steps, "properties"), iter(fields.items())))
    if "items" in entry:
        found.append((steps, iter((("items", entry["items"]),))))
    return found
