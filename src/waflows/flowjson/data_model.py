"""The walk over a screen's data model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Path
from waflows.flowjson.document import Screen

EXAMPLE = "__example__"


def entries(screen: Screen) -> list[tuple[Path, dict[str, Any]]]:
    """Every declaration in the data model with its steps from the screen, parents first.

    A key `__example__` among properties is a misplaced example and no declaration.
    """
    if screen.declarations is None:
        screen.declarations = list(_entries(screen.data or {}))
    return screen.declarations


def _entries(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    pending: list[tuple[Path, Any]] = [
        (("data", name), entry) for name, entry in reversed(data.items())
    ]
    while pending:
        steps, entry = pending.pop()
        if not isinstance(entry, dict):
            continue
        yield steps, entry
        fields = entry.get("properties")
        if isinstance(fields, dict):
            pending += [
                ((*steps, "properties", name), field)
                for name, field in reversed(fields.items())
                if name != EXAMPLE
            ]
        if "items" in entry:
            pending.append(((*steps, "items"), entry["items"]))
