"""The walk over a screen's data model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waflows.flowjson.diagnostics import Path
from waflows.flowjson.document import Screen

EXAMPLE = "__example__"


def entries(screen: Screen) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every declaration in the data model with its steps from the screen, parents first.

    A key `__example__` among properties is a misplaced example and no declaration.
    """
    pending: list[tuple[Path, Any]] = [
        (("data", name), entry) for name, entry in reversed((screen.data or {}).items())
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
        pending.append(((*steps, "items"), entry.get("items")))
