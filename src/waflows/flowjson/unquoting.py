"""Numbers and truth values that were written in quotes."""

from __future__ import annotations

import re

from waflows.flowjson.diagnostics import Replacement
from waflows.flowjson.shape import Place

_INTEGER = re.compile("-?(?:0|[1-9][0-9]{0,8})")


def unquoted(place: Place) -> Replacement | None:
    """The value without its quotes, where they are all that is wrong with it."""
    value, slot = place.value, place.slot
    if slot is None or not isinstance(value, str):
        return None
    kinds = slot.entry.type.split(" | ")
    if "boolean" in kinds and value in {"true", "false"}:
        return Replacement(value)
    if ("integer" in kinds or "number" in kinds) and _INTEGER.fullmatch(value):
        return Replacement(value)
    return None
