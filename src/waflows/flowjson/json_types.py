"""What JSON calls the types of decoded values."""

from __future__ import annotations

from typing import Any

_TYPES = {
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    dict: "object",
    list: "array",
}


def json_type(value: Any) -> str:
    """The JSON type of a decoded value."""
    return _TYPES.get(type(value), "null")
