"""Whether data that a screen is opened with fits the data model the screen declares.

The rules are those a `navigate` action's payload is held to: its keys are the declared fields, no
more and no fewer, and its values have the declared types. Below a field, within objects and
lists, what is there must have its declared type; what is left out or undeclared is let through,
as in Meta's own examples.
"""

from __future__ import annotations

from typing import Any

from waflows.flowjson.json_types import json_type
from waflows.flowjson.spec.objects import DATA_TYPES

MOST_FAULTS = 20


def faults(model: dict[str, Any], data: dict[str, Any], at: str = "data") -> list[str]:
    """What is wrong with the data of a screen, each with its path; at most `MOST_FAULTS`.

    `model` is the screen's `data` as its Flow JSON declares it, `at` what the data is called.
    """
    found = [f"{at}.{name} is missing" for name in model if name not in data]
    for name, value in data.items():
        if name not in model:
            found.append(f"{at}.{name} is not declared by the screen")
        else:
            found += _mismatches(model[name], value, f"{at}.{name}", MOST_FAULTS)
    return found[:MOST_FAULTS]


def _mismatches(declaration: Any, value: Any, at: str, room: int) -> list[str]:
    """Values of another type than declared; the declaration's depth bounds the recursion."""
    if not isinstance(declaration, dict):
        return []
    expected, given = declaration.get("type"), json_type(value)
    if expected in DATA_TYPES and given != expected:
        return [f"{at} must be of type {expected}, not {given}"]
    found: list[str] = []
    properties = declaration.get("properties")
    if isinstance(value, dict) and isinstance(properties, dict):
        for name in properties:
            if name in value and len(found) < room:
                found += _mismatches(properties[name], value[name], f"{at}.{name}", room)
    if isinstance(value, list):
        for index, each in enumerate(value):
            if len(found) >= room:
                break
            found += _mismatches(declaration.get("items"), each, f"{at}[{index}]", room)
    return found
